// launch.cpp - a launch checked against the device's limits and spread over OS threads.
#include <chrono>
#include <numeric>
#include <vector>

#include "vgpu/machine/block_runner.h"
#include "vgpu/machine/crash_guard.h"
#include "vgpu/machine/thread_pool.h"

namespace vgpu {
namespace {

constexpr std::uint64_t kMostGridX = 0x7fffffff, kMostGridYZ = 65535, kMostBlockXY = 1024,
                        kMostBlockZ = 64;
constexpr std::size_t kGridWorkspaceBytes = 4096;

std::string triple(const Dim3& d) {
  return "(" + std::to_string(d.x) + "," + std::to_string(d.y) + "," + std::to_string(d.z) + ")";
}

[[noreturn]] void refuse(const Launch& launch, Fault::Kind kind, const std::string& why) {
  throw Fault(kind, "kernel " + kernel_info(*launch.kernel).name + "<<<" + triple(launch.grid) +
                        "," + triple(launch.block) + "," +
                        std::to_string(launch.dynamic_shared_bytes) + ">>>: " + why);
}

void check_configuration(const Launch& launch, const Profile& profile) {
  const KernelInfo& info = kernel_info(*launch.kernel);
  const Dim3 &g = launch.grid, &b = launch.block;
  if (g.x == 0 || g.y == 0 || g.z == 0 || g.x > kMostGridX || g.y > kMostGridYZ ||
      g.z > kMostGridYZ)
    refuse(launch, Fault::Kind::invalid_configuration,
           "grid allowed: 1 to (2147483647,65535,65535)");
  if (b.x == 0 || b.y == 0 || b.z == 0 || b.x > kMostBlockXY || b.y > kMostBlockXY ||
      b.z > kMostBlockZ)
    refuse(launch, Fault::Kind::invalid_configuration, "block allowed: 1 to (1024,1024,64)");
  if (b.count() > static_cast<std::uint64_t>(info.max_threads_per_block))
    refuse(launch, Fault::Kind::invalid_configuration,
           std::to_string(b.count()) +
               " threads a block, allowed: " + std::to_string(info.max_threads_per_block));
  const std::size_t shared = info.static_shared_bytes + launch.dynamic_shared_bytes;
  if (shared > profile.shared_per_block_optin)
    refuse(launch, Fault::Kind::invalid_configuration,
           std::to_string(shared) + " bytes of shared memory, allowed: " +
               std::to_string(profile.shared_per_block_optin));
  if (launch.cooperative) {
    const std::uint64_t by_threads =
        static_cast<std::uint64_t>(profile.max_threads_per_sm) / b.count();
    const std::uint64_t by_shared = shared ? profile.shared_per_sm / shared : by_threads;
    const std::uint64_t per_sm =
        std::min({by_threads, by_shared, static_cast<std::uint64_t>(profile.max_blocks_per_sm)});
    const std::uint64_t most = per_sm * static_cast<std::uint64_t>(profile.sm_count);
    if (g.count() > most)
      refuse(launch, Fault::Kind::out_of_resources,
             "a cooperative launch of more than " + std::to_string(most) + " blocks");
  }
}

void choose_order(Work& work) {
  const Settings& s = settings();
  if (s.order == BlockOrder::reverse) {
    work.multiplier = work.shift = work.blocks - 1;
  } else if (s.order == BlockOrder::random) {
    work.multiplier = (s.order_seed * 2654435761u + 1) % work.blocks;
    while (std::gcd(work.multiplier, work.blocks) != 1) ++work.multiplier;
    work.shift = s.order_seed % work.blocks;
  }
}

/// Threads of a warp have consecutive threadIdx.x and share y and z.
bool is_linear(const Dim3& block) {
  return block.x % kWarpSize == 0 || (block.y == 1 && block.z == 1);
}

std::mutex one_at_a_time;
LaunchStatistics statistics;  // under one_at_a_time

double steady_seconds() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

}  // namespace

LaunchStatistics launch_statistics() {
  const std::lock_guard lock(one_at_a_time);
  return statistics;
}

void launch(const Launch& launch, const Profile& profile) {
  check_configuration(launch, profile);
  const std::lock_guard lock(one_at_a_time);
  alignas(64) std::uint8_t workspace[kGridWorkspaceBytes] = {};
  Work work;
  work.launch = &launch;
  work.profile = &profile;
  work.linear = is_linear(launch.block);
  work.form = &launch.kernel->form(work.linear);
  work.grid_id = ++statistics.launches;
  work.grid_workspace = launch.cooperative ? workspace : nullptr;
  work.blocks = launch.grid.count();
  statistics.blocks += work.blocks;
  statistics.threads += work.blocks * launch.block.count();
  if (settings().timeout_seconds > 0) work.deadline = steady_seconds() + settings().timeout_seconds;
  choose_order(work);
  const bool full = launch.block.count() >= kWarpSize;
  full ? work.form->full() : work.form->masked();  // a refusal comes before any thread starts

  std::mutex fault_mutex;
  std::exception_ptr fault;
  const int threads = ThreadPool::threads_for(settings().threads, work.blocks);
  work.threads = static_cast<std::uint64_t>(threads);
  ThreadPool::get().run(threads, [&] {
    try {
      BlockRunner runner(work);
      run_guarded(runner);
    } catch (...) {
      work.stopped = true;
      const std::lock_guard fault_lock(fault_mutex);
      if (!fault) fault = std::current_exception();
    }
  });
  if (fault) std::rethrow_exception(fault);
}

}  // namespace vgpu
