// The profiles' figures against each other and against what a capability fixes (CUDA C programming
// guide, appendix on compute capabilities).
#include "vgpu/machine/profile.h"

#include <gtest/gtest.h>

#include <set>
#include <stdexcept>

namespace vgpu {
namespace {

struct Capability {
  int major, minor, threads_per_sm, blocks_per_sm, shared_kib_of_block, shared_kib_of_sm;
};

TEST(Profile, FiguresAreThoseOfTheCapability) {
  const Capability table[] = {{7, 5, 1024, 16, 64, 64},
                              {8, 0, 2048, 32, 163, 164},
                              {9, 0, 2048, 32, 227, 228},
                              {10, 0, 2048, 32, 227, 228}};
  for (const Profile& p : profiles()) {
    const Capability* row = nullptr;
    for (const Capability& c : table)
      if (c.major == p.major && c.minor == p.minor) row = &c;
    ASSERT_NE(row, nullptr) << p.id;
    EXPECT_EQ(p.max_threads_per_sm, row->threads_per_sm) << p.id;
    EXPECT_EQ(p.max_blocks_per_sm, row->blocks_per_sm) << p.id;
    EXPECT_EQ(p.shared_per_block_optin, row->shared_kib_of_block * 1024u) << p.id;
    EXPECT_EQ(p.shared_per_sm, row->shared_kib_of_sm * 1024u) << p.id;
    EXPECT_EQ(p.shared_per_block, 48 * 1024u) << p.id;
    EXPECT_EQ(p.registers_per_sm, 65536) << p.id;
  }
}

TEST(Profile, BandwidthIsTheDataSheets) {
  const std::pair<const char*, double> gigabytes_per_second[] = {
      {"t4", 320}, {"a100", 1555}, {"h100", 3350}, {"h200", 4800}, {"b200", 8000}};
  for (const auto& [id, expected] : gigabytes_per_second) {
    const Profile& p = profile(id);
    const double bandwidth =
        2e3 * p.memory_clock_khz * p.memory_bus_bits / 8 / 1e9;  // double data rate
    EXPECT_NEAR(bandwidth / expected, 1, 0.03) << id << " " << bandwidth;
  }
}

TEST(Profile, NamesSayThatTheyAreVirtual) {
  std::set<std::string> ids;
  for (const Profile& p : profiles()) {
    EXPECT_EQ(p.name.rfind("vgpu ", 0), 0u);
    EXPECT_TRUE(ids.insert(p.id).second);
    EXPECT_EQ(&profile(p.id), &p);
  }
  EXPECT_EQ(ids.size(), 5u);
}

TEST(Profile, UnknownOneIsRefusedWithTheAllowed) {
  try {
    profile("h900");
    FAIL();
  } catch (const std::invalid_argument& error) {
    EXPECT_STREQ(error.what(),
                 "virtual device profile 'h900' is unknown; allowed: t4, a100, h100, h200, b200");
  }
}

}  // namespace
}  // namespace vgpu
