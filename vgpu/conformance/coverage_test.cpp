// That the census is covered, and that what is said to run does stand in a kernel.
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "vgpu/conformance/check.h"

namespace vgpu::conformance {
namespace {

const std::vector<Check>& all_checks() {
  static const std::vector<Check> all = checks();
  return all;
}

TEST(Opcodes, NoneOfTheCensusIsMissing) {
  std::string missing;
  for (const Coverage& one : coverage(all_checks()))
    if (one.state == Coverage::State::missing) missing += one.opcode + "\n";
  EXPECT_EQ(missing, "");
}

TEST(Opcodes, TheCensusIsWhole) {
  const auto all = coverage(all_checks());
  EXPECT_EQ(std::count_if(all.begin(), all.end(), [](const auto& c) { return c.programs > 0; }),
            645);
}

TEST(Opcodes, EachThatACheckNamesStandsInItsKernels) {
  for (const Check& check : all_checks()) {
    std::set<std::string> there;
    for (const std::string& kernel : check.kernels())
      for (const std::string& opcode : opcodes_of(kernel)) there.insert(opcode);
    for (const std::string& opcode : check.opcodes)
      EXPECT_TRUE(there.contains(opcode)) << check.name << " names " << opcode;
  }
}

}  // namespace
}  // namespace vgpu::conformance
