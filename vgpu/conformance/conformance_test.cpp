// Every opcode of the tables on the virtual GPU, against its reference.
#include <gtest/gtest.h>

#include <cctype>

#include "vgpu/conformance/atomic_line.h"
#include "vgpu/conformance/flow_line.h"
#include "vgpu/conformance/matrix_line.h"
#include "vgpu/conformance/memory_line.h"
#include "vgpu/conformance/runner.h"
#include "vgpu/conformance/texture_line.h"
#include "vgpu/conformance/warp_line.h"
#include "vgpu/machine/machine.h"

namespace vgpu::conformance {
namespace {

class Conformance : public testing::TestWithParam<Line> {
 protected:
  Conformance() : before_(settings()) { settings().cache_folder.clear(); }
  ~Conformance() override { settings() = before_; }

 private:
  Settings before_;
};

TEST_P(Conformance, ComputesWhatTheReferenceSays) { EXPECT_EQ(mismatches(GetParam()), ""); }

std::string name_of(std::string name, std::size_t index) {
  for (char& c : name)
    if (!std::isalnum(static_cast<unsigned char>(c))) c = '_';
  return name + "_" + std::to_string(index);
}

std::string line_name(const testing::TestParamInfo<Line>& info) {
  return name_of(info.param.opcode, info.index);
}

INSTANTIATE_TEST_SUITE_P(Integer, Conformance, testing::ValuesIn(integer_lines().all()), line_name);
INSTANTIATE_TEST_SUITE_P(Bits, Conformance, testing::ValuesIn(bit_lines().all()), line_name);
INSTANTIATE_TEST_SUITE_P(Compare, Conformance, testing::ValuesIn(compare_lines().all()), line_name);
INSTANTIATE_TEST_SUITE_P(Float, Conformance, testing::ValuesIn(float_lines().all()), line_name);
INSTANTIATE_TEST_SUITE_P(Half, Conformance, testing::ValuesIn(half_lines().all()), line_name);
INSTANTIATE_TEST_SUITE_P(Convert, Conformance, testing::ValuesIn(convert_lines().all()), line_name);
INSTANTIATE_TEST_SUITE_P(Move, Conformance, testing::ValuesIn(move_lines().all()), line_name);
INSTANTIATE_TEST_SUITE_P(Mixed, Conformance, testing::ValuesIn(mixed_lines().all()), line_name);
INSTANTIATE_TEST_SUITE_P(Video, Conformance, testing::ValuesIn(video_lines().all()), line_name);

class WarpConformance : public testing::TestWithParam<WarpLine> {
 protected:
  WarpConformance() : before_(settings()) { settings().cache_folder.clear(); }
  ~WarpConformance() override { settings() = before_; }

 private:
  Settings before_;
};

TEST_P(WarpConformance, LanesLearnWhatTheReferenceSays) {
  EXPECT_EQ(warp_mismatches(GetParam()), "");
}

INSTANTIATE_TEST_SUITE_P(Warp, WarpConformance, testing::ValuesIn(warp_lines()),
                         [](const auto& given) {
                           return name_of(given.param.opcode, given.index);
                         });

class AtomicConformance : public testing::TestWithParam<AtomicLine> {
 protected:
  AtomicConformance() : before_(settings()) { settings().cache_folder.clear(); }
  ~AtomicConformance() override { settings() = before_; }

 private:
  Settings before_;
};

TEST_P(AtomicConformance, MemoryAndResultsAreThoseOfLaneOrder) {
  EXPECT_EQ(atomic_mismatches(GetParam()), "");
}

INSTANTIATE_TEST_SUITE_P(Atomic, AtomicConformance, testing::ValuesIn(atomic_lines()),
                         [](const auto& given) {
                           return name_of(given.param.operation, given.index);
                         });

class MemoryConformance : public testing::TestWithParam<MemoryLine> {
 protected:
  MemoryConformance() : before_(settings()) { settings().cache_folder.clear(); }
  ~MemoryConformance() override { settings() = before_; }

 private:
  Settings before_;
};

TEST_P(MemoryConformance, LoadsAndStoresReachTheirBytes) {
  EXPECT_EQ(memory_mismatches(GetParam()), "");
}

INSTANTIATE_TEST_SUITE_P(Memory, MemoryConformance, testing::ValuesIn(memory_lines()),
                         [](const auto& given) {
                           return name_of(given.param.type + "_into_" +
                                              std::to_string(given.param.register_bits),
                                          given.index);
                         });

class MatrixConformance : public testing::TestWithParam<MatrixLine> {
 protected:
  MatrixConformance() : before_(settings()) { settings().cache_folder.clear(); }
  ~MatrixConformance() override { settings() = before_; }

 private:
  Settings before_;
};

TEST_P(MatrixConformance, TheWarpLeavesWhatTheReferenceSays) {
  EXPECT_EQ(matrix_mismatches(GetParam()), "");
}

std::string matrix_line_name(const testing::TestParamInfo<MatrixLine>& info) {
  return name_of(info.param.opcodes.back(), info.index);
}

INSTANTIATE_TEST_SUITE_P(Mma, MatrixConformance, testing::ValuesIn(mma_lines()), matrix_line_name);
INSTANTIATE_TEST_SUITE_P(Wmma, MatrixConformance, testing::ValuesIn(wmma_lines()),
                         matrix_line_name);
INSTANTIATE_TEST_SUITE_P(MatrixMemory, MatrixConformance, testing::ValuesIn(matrix_memory_lines()),
                         matrix_line_name);

class FlowConformance : public testing::TestWithParam<FlowLine> {
 protected:
  FlowConformance() : before_(settings()) { settings().cache_folder.clear(); }
  ~FlowConformance() override { settings() = before_; }

 private:
  Settings before_;
};

TEST_P(FlowConformance, EveryThreadFindsWhatTheReferenceSays) {
  EXPECT_EQ(flow_mismatches(GetParam()), "");
}

INSTANTIATE_TEST_SUITE_P(Flow, FlowConformance, testing::ValuesIn(flow_lines()),
                         [](const auto& given) {
                           return name_of(given.param.opcodes.front(), given.index);
                         });
INSTANTIATE_TEST_SUITE_P(Sync, FlowConformance, testing::ValuesIn(sync_lines()),
                         [](const auto& given) {
                           return name_of(given.param.opcodes.front(), given.index);
                         });

class TextureConformance : public testing::TestWithParam<TextureLine> {
 protected:
  TextureConformance() : before_(settings()) { settings().cache_folder.clear(); }
  ~TextureConformance() override { settings() = before_; }

 private:
  Settings before_;
};

TEST_P(TextureConformance, TexelsAreThoseOfTheReference) {
  EXPECT_EQ(texture_mismatches(GetParam()), "");
}

std::string texture_name(const testing::TestParamInfo<TextureLine>& given) {
  return name_of(given.param.name, given.index);
}

INSTANTIATE_TEST_SUITE_P(Texture, TextureConformance, testing::ValuesIn(texture_lines()),
                         texture_name);
INSTANTIATE_TEST_SUITE_P(Surface, TextureConformance, testing::ValuesIn(surface_lines()),
                         texture_name);
INSTANTIATE_TEST_SUITE_P(Query, TextureConformance, testing::ValuesIn(query_lines()), texture_name);

INSTANTIATE_TEST_SUITE_P(Async, FlowConformance, testing::ValuesIn(async_lines()),
                         [](const auto& given) {
                           return name_of(given.param.opcodes.front(), given.index);
                         });

}  // namespace

void PrintTo(const TextureLine& line, std::ostream* out) { *out << line.name; }
void PrintTo(const FlowLine& line, std::ostream* out) { *out << line.name; }
void PrintTo(const MatrixLine& line, std::ostream* out) { *out << line.name; }
void PrintTo(const MemoryLine& line, std::ostream* out) {
  *out << line.vector() << "." << line.type;
}
void PrintTo(const AtomicLine& line, std::ostream* out) { *out << line.operation; }
void PrintTo(const WarpLine& line, std::ostream* out) { *out << line.text; }
void PrintTo(const Line& line, std::ostream* out) { *out << line.text; }

}  // namespace vgpu::conformance
