// launch.cpp - a launch checked against the device's limits and spread over OS threads.
#include <cstdio>
#include <numeric>
#include <vector>

#include "vgpu/isa/approximate_noise.h"
#include "vgpu/machine/block_runner.h"
#include "vgpu/machine/crash_guard.h"
#include "vgpu/machine/interrupt.h"
#include "vgpu/machine/observation.h"
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
    work.backwards = true;
  } else if (s.order == BlockOrder::random) {
    work.multiplier = (s.order_seed * 2654435761u + 1) % work.blocks;
    while (std::gcd(work.multiplier, work.blocks) != 1) ++work.multiplier;
    work.shift = s.order_seed % work.blocks;
  }
}

translate::WarpRows rows_of(const Dim3& block) {
  if (block.x % kWarpSize == 0 || (block.y == 1 && block.z == 1)) return {};
  const bool narrow = block.x == 16 || block.x == 8;
  const std::uint32_t rows = narrow ? kWarpSize / block.x : 1;
  if (narrow && (block.z == 1 || block.y % rows == 0)) return {static_cast<int>(block.x), true};
  return {kWarpSize, false};
}

std::mutex one_at_a_time;
LaunchStatistics statistics;  // under one_at_a_time

/// "kernel k: did not end within 2 s: block (0,0,0): warp 0 at ...".
Fault interruption(const Launch& launch, const Work& work, const std::string& places) {
  const bool timeout = work.interruption == Work::Interruption::timeout;
  char seconds[32];
  std::snprintf(seconds, sizeof seconds, "%g", settings().timeout_seconds);
  return Fault(
      timeout ? Fault::Kind::timeout : Fault::Kind::interrupted,
      "kernel " + kernel_info(*launch.kernel).name +
          (timeout ? std::string(": did not end within ") + seconds + " s" : ": interrupted") +
          (places.empty() ? "" : ": " + places));
}

/// Runs blocks on this thread. What an interruption finds is added to `places`, another fault to
/// `fault`, when it is the first.
void run_blocks(Work& work, std::mutex& mutex, std::exception_ptr& fault, std::string& places) {
  try {
    BlockRunner runner(work);
    run_guarded(runner);
  } catch (const Fault& found) {
    const std::lock_guard lock(mutex);
    if (found.kind == Fault::Kind::timeout || found.kind == Fault::Kind::interrupted) {
      if (*found.what()) places += (places.empty() ? "" : "; ") + std::string(found.what());
      return;
    }
    work.stopped = true;
    if (!fault) fault = std::current_exception();
  } catch (...) {
    const std::lock_guard lock(mutex);
    work.stopped = true;
    if (!fault) fault = std::current_exception();
  }
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
  const auto& noise = settings().approx_noise_seed;
  if (noise) isa::set_approximate_noise_seed(*noise);
  const observe::Checks& checks = settings().checks;
  work.form = &launch.kernel->form(rows_of(launch.block), noise.has_value(), checks);
  work.grid_id = ++statistics.launches;
  work.grid_workspace = launch.cooperative ? workspace : nullptr;
  work.blocks = launch.grid.count();
  statistics.blocks += work.blocks;
  statistics.threads += work.blocks * launch.block.count();
  choose_order(work);
  // A refusal comes before any thread starts.
  work.form->prepare(launch.block.count() >= kWarpSize);

  std::optional<Observation> observation;
  if (checks.any())
    work.observer =
        &observation
             .emplace(launch, *work.form, work.grid_id, work.grid_workspace, kGridWorkspaceBytes)
             .observer();

  std::mutex mutex;
  std::exception_ptr fault;
  std::string places;
  // Checks see blocks one after another: they know the order of what they compare.
  const int wanted = checks.finds() ? 1 : settings().threads;
  const int threads = ThreadPool::threads_for(wanted, work.blocks);
  work.threads = static_cast<std::uint64_t>(threads);
  {
    const RunningLaunch running(work, settings().timeout_seconds);
    ThreadPool::get().run(threads, [&] { run_blocks(work, mutex, fault, places); });
  }
  observation.reset();
  if (fault) std::rethrow_exception(fault);
  if (work.interruption != Work::Interruption::none) throw interruption(launch, work, places);
}

}  // namespace vgpu
