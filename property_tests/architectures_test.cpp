// Every case of every op gives the same bits from the PTX of four architectures: compute_75, 80, 90
// and 100, one process each, chosen by the profile. -fmad=false: contraction is the compiler's
// choice and differs between them; what the ops fuse they say with fma().
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmath>
#include <filesystem>
#include <sstream>

#include "golden/cases/elements.h"
#include "golden/harness/case_list.h"
#include "impl/core/file.h"
#include "property_tests/harness/run.h"
#include "vgpu/runtime/device.h"

namespace plumb::properties {
namespace {

/// Names and bytes of a case's outputs. Every NaN counts as the same one: a sum of two has the
/// sign and payload of either, as the compiler orders the operands.
std::string bytes_of_outputs(const golden::Case& c) {
  std::string out;
  for (const auto& [name, array] : run(c)) {
    golden::HostArray same_nans = array;
    for (double& value : same_nans.values)
      if (std::isnan(value)) value = NAN;
    out += name;
    for (const std::byte b : golden::bytes_of_array(same_nans)) out += static_cast<char>(b);
  }
  return out;
}

/// A line a case: its id and a hash of its outputs.
std::string hashes_of(const std::string& op) {
  std::string out;
  for (const golden::Case& c : golden::read_cases(PLUMB_GOLDEN_FOLDER, op).cases)
    out += fmt::format("{} {:016x}\n", c.text, golden::hash_of(bytes_of_outputs(c)));
  return out;
}

/// In a process of its own, since a process has one device: writes <folder>/<profile>.
void write_hashes(const std::string& profile, const std::string& folder) {
  vgpu::runtime::choose_device({true, profile, 1, 0});
  std::string out;
  for (const golden::Op& op : golden::ops()) out += hashes_of(op.name);
  write_whole(folder + "/" + profile, out);
}

class Architectures : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = testing::TempDir() + "/architectures.XXXXXX";
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  /// All at once: most of the time goes to translating the kernels, on one core each.
  void run_on(const std::vector<std::string>& profiles) {
    std::vector<pid_t> children;
    for (const std::string& profile : profiles) children.push_back(start(profile));
    for (std::size_t i = 0; i < children.size(); ++i) {
      int status = -1;
      waitpid(children[i], &status, 0);
      EXPECT_EQ(status, 0) << profiles[i];
    }
  }

  pid_t start(const std::string& profile) {
    const pid_t child = fork();
    if (child != 0) return child;
    try {
      write_hashes(profile, folder_);
    } catch (const std::exception& error) {
      std::fprintf(stderr, "%s: %s\n", profile.c_str(), error.what());
      _exit(1);
    }
    _exit(0);
  }

  std::vector<std::string> lines_of(const std::string& profile) const {
    std::istringstream text(read_whole(folder_ + "/" + profile));
    std::vector<std::string> out;
    for (std::string line; std::getline(text, line);) out.push_back(line);
    return out;
  }

  std::string folder_;
};

TEST_F(Architectures, EveryCaseGivesTheSameBits) {
  const std::vector<std::string> profiles = {"a100", "t4", "h100", "b200"};  // 80, 75, 90, 100

  run_on(profiles);

  const std::vector<std::string> want = lines_of("a100");
  EXPECT_GT(want.size(), 0u);
  for (const std::string& profile : profiles) {
    const std::vector<std::string> got = lines_of(profile);
    ASSERT_EQ(got.size(), want.size());
    for (std::size_t i = 0; i < want.size(); ++i)
      EXPECT_EQ(got[i], want[i]) << "on " << profile << ", a100 gave the other";
  }
}

}  // namespace
}  // namespace plumb::properties
