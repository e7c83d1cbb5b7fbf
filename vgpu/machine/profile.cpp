// profile.cpp - public figures: NVIDIA's data sheets, deviceQuery, and nvidia-smi for the memory
// that is left to programs.
#include "vgpu/machine/profile.h"

#include <stdexcept>

namespace vgpu {
namespace {

constexpr std::size_t kKiB = 1024, kMiB = 1024 * kKiB;

}  // namespace

const std::vector<Profile>& profiles() {
  // id, name, capability, SMs, memory, shared (block, opt-in, SM), registers, threads, blocks, L2,
  // clocks, bus
  static const std::vector<Profile> all = {
      {"t4", "vgpu T4", 7, 5, 40, 15360 * kMiB, 48 * kKiB, 64 * kKiB, 64 * kKiB, 65536, 1024, 16,
       4 * kMiB, 1590000, 5001000, 256},
      {"a100", "vgpu A100", 8, 0, 108, 40960 * kMiB, 48 * kKiB, 163 * kKiB, 164 * kKiB, 65536, 2048,
       32, 40 * kMiB, 1410000, 1215000, 5120},
      {"h100", "vgpu H100", 9, 0, 132, 81559 * kMiB, 48 * kKiB, 227 * kKiB, 228 * kKiB, 65536, 2048,
       32, 50 * kMiB, 1980000, 2619000, 5120},
      {"h200", "vgpu H200", 9, 0, 132, 143771 * kMiB, 48 * kKiB, 227 * kKiB, 228 * kKiB, 65536,
       2048, 32, 50 * kMiB, 1980000, 3201000, 6144},
      {"b200", "vgpu B200", 10, 0, 148, 183359 * kMiB, 48 * kKiB, 227 * kKiB, 228 * kKiB, 65536,
       2048, 32, 126 * kMiB, 1965000, 3996000, 8192},
  };
  return all;
}

const Profile& profile(const std::string& id) {
  std::string allowed;
  for (const Profile& p : profiles()) {
    if (p.id == id) return p;
    allowed += (allowed.empty() ? "" : ", ") + p.id;
  }
  throw std::invalid_argument("virtual device profile '" + id +
                              "' is unknown; allowed: " + allowed);
}

}  // namespace vgpu
