// nvcc's own PTX (parser_sample.cu at four architectures): read whole, and never a crash when it is
// damaged.
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <fstream>
#include <random>
#include <set>
#include <sstream>
#include <string>

#include "vgpu/ptx/module.h"

namespace vgpu::ptx {
namespace {

/// PTX_SAMPLES: the files, with a '|' between them.
std::vector<std::string> sample_files() {
  std::vector<std::string> out;
  std::istringstream list(PTX_SAMPLES);
  for (std::string file; std::getline(list, file, '|');) out.push_back(file);
  return out;
}

std::string read(const std::string& file) {
  std::ifstream in(file, std::ios::binary);
  std::ostringstream out;
  out << in.rdbuf();
  return out.str();
}

bool uses(const Module& m, const std::string& opcode_prefix) {
  for (const Function& f : m.functions)
    for (const Instruction& i : f.body)
      if (i.typed_opcode().rfind(opcode_prefix, 0) == 0) return true;
  return false;
}

const Function* entry(const Module& m, const std::string& part_of_name) {
  for (const Function& f : m.functions)
    if (f.is_entry && f.name.find(part_of_name) != std::string::npos) return &f;
  return nullptr;
}

/// True when it is refused with a line, false when it is read; anything else fails the test.
bool refuses(const std::string& text) {
  try {
    parse(text, "damaged");
    return false;
  } catch (const Error& error) {
    EXPECT_GE(error.line, 1);
    EXPECT_LE(error.line, 1 + std::count(text.begin(), text.end(), '\n'));
    return true;
  }
}

class PtxSample : public testing::TestWithParam<std::string> {};

TEST_P(PtxSample, IsReadWhole) {
  const Module m = parse(read(GetParam()), "sample");

  for (const char* name :
       {"shared_kernelIf", "shared_kernelId", "calls_kernel", "cub_kernel", "grid_kernel",
        "matrix_kernel", "inline_kernel", "switch_kernel", "wide_kernel"})
    EXPECT_NE(entry(m, name), nullptr) << name;
  EXPECT_EQ(entry(m, "cluster_kernel") != nullptr, m.architecture >= 90);
  for (const char* opcode :
       {"wmma.mma.sync", "bar.sync", "shfl.sync", "fma.rn.f16", "trap", "call", "atom."})
    EXPECT_TRUE(uses(m, opcode)) << opcode;
}

TEST_P(PtxSample, KernelsHaveTheirLimitsParametersAndSharedMemory) {
  const Module m = parse(read(GetParam()), "sample");

  const Function& shared = *entry(m, "shared_kernelIf");
  EXPECT_EQ(shared.max_threads[0], 256u);
  EXPECT_EQ(shared.min_blocks_per_sm, 2u);
  const Function& calls = *entry(m, "calls_kernel");
  ASSERT_EQ(calls.parameters.size(), 3u);
  EXPECT_EQ(calls.parameters[1].bytes(), 24u);
  EXPECT_FALSE(calls.call_prototypes.empty());
  EXPECT_TRUE(m.find_variable("raw")->external);
  EXPECT_EQ(m.find_variable("pointers")->relocations.size(), 2u);
  EXPECT_EQ(m.find_variable("functions")->relocations.size(), 2u);
}

TEST_P(PtxSample, InstructionsKnowTheirSource) {
  const Module m = parse(read(GetParam()), "sample");

  const Instruction& i = entry(m, "wide_kernel")->body.back();
  ASSERT_TRUE(m.files.contains(i.source.file));
  EXPECT_NE(m.files.at(i.source.file).find("parser_sample.cu"), std::string::npos);
  EXPECT_GT(i.source.line, 0);
}

TEST_P(PtxSample, NamesAreUniqueInAFunction) {
  const Module m = parse(read(GetParam()), "sample");

  for (const Function& f : m.functions) {
    std::set<std::string> names;
    for (const Register& r : f.registers)
      EXPECT_TRUE(names.insert(r.name).second) << f.name << " " << r.name;
    for (const Variable& v : f.variables)
      EXPECT_TRUE(names.insert(v.name).second) << f.name << " " << v.name;
  }
}

TEST_P(PtxSample, CutAnywhereIsRefusedOrReadButNeverCrashes) {
  const std::string text = read(GetParam());
  // A cut costs a parse of all before it: every byte of the first part, then steps through the
  // rest.
  int refused = 0, cuts = 0;
  for (std::size_t at = 0; at < text.size(); at += at < 12000 ? 1 : 1 + text.size() / 300, ++cuts)
    refused += refuses(text.substr(0, at));
  EXPECT_GT(refused, cuts / 2);
}

TEST_P(PtxSample, ChangedBytesAreRefusedOrReadButNeverCrash) {
  const std::string text = read(GetParam());
  std::mt19937 random(20260101);
  int refused = 0;
  for (int round = 0; round < 300; ++round) {
    std::string damaged = text;
    for (int k = 0; k < 1 + round % 5; ++k)
      damaged[random() % damaged.size()] =
          static_cast<char>(random() % 3 ? "{}()[],;:.%@\"0"[random() % 14] : random() % 256);
    refused += refuses(damaged);
  }
  EXPECT_GT(refused, 30);
}

std::string name_of_sample(const testing::TestParamInfo<std::string>& info) {
  const std::size_t at = info.param.find("ptx_sample_");
  return "compute_" + info.param.substr(at + 11, info.param.find('.', at) - at - 11);
}

INSTANTIATE_TEST_SUITE_P(Nvcc, PtxSample, testing::ValuesIn(sample_files()), name_of_sample);

TEST(PtxSpeed, LongTextTakesTimeInProportion) {
  std::string text = ".version 9.2\n.target sm_80\n.entry k() { .reg .b32 %r<1000>;\n";
  for (int i = 0; i < 100000; ++i)
    text += "{ .reg .b32 t; .param .b32 p0; add.s32 t, %r" + std::to_string(i % 1000) + ", 1; }\n";
  const auto start = std::chrono::steady_clock::now();

  const Module m = parse(text + "}", "long");

  EXPECT_EQ(m.functions[0].body.size(), 100000u);
  EXPECT_LT(std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count(), 10.0);
}

}  // namespace
}  // namespace vgpu::ptx
