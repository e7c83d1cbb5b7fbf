// Every opcode of the tables on the virtual GPU, against its reference.
#include <gtest/gtest.h>

#include <cctype>

#include "vgpu/conformance/runner.h"
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

std::string name_of(const testing::TestParamInfo<Line>& info) {
  std::string name = info.param.opcode;
  for (char& c : name)
    if (!std::isalnum(static_cast<unsigned char>(c))) c = '_';
  return name + "_" + std::to_string(info.index);
}

INSTANTIATE_TEST_SUITE_P(Integer, Conformance, testing::ValuesIn(integer_lines().all()), name_of);
INSTANTIATE_TEST_SUITE_P(Bits, Conformance, testing::ValuesIn(bit_lines().all()), name_of);
INSTANTIATE_TEST_SUITE_P(Compare, Conformance, testing::ValuesIn(compare_lines().all()), name_of);
INSTANTIATE_TEST_SUITE_P(Float, Conformance, testing::ValuesIn(float_lines().all()), name_of);
INSTANTIATE_TEST_SUITE_P(Half, Conformance, testing::ValuesIn(half_lines().all()), name_of);
INSTANTIATE_TEST_SUITE_P(Convert, Conformance, testing::ValuesIn(convert_lines().all()), name_of);
INSTANTIATE_TEST_SUITE_P(Move, Conformance, testing::ValuesIn(move_lines().all()), name_of);

}  // namespace

void PrintTo(const Line& line, std::ostream* out) { *out << line.text; }

}  // namespace vgpu::conformance
