#include "bench/kernels/model.h"

#include <algorithm>
#include <utility>

namespace plumb::bench {
namespace {

using vgpu::observe::Counters;
using vgpu::observe::InstructionClass;

/// Results a clock and SM: the CUDA C++ Programming Guide's table of arithmetic throughput.
struct Rates {
  double f32, f64, special = 16, warps_issued = 4;
  double l1_sectors = 4;         // of 32 bytes
  double shared_wavefronts = 1;  // of 128 bytes
};

Rates rates_of(const vgpu::Profile& device) {
  if (device.major == 7) return {.f32 = 64, .f64 = 2};
  if (device.major == 8) return {.f32 = 64, .f64 = 32};
  return {.f32 = 128, .f64 = 64};
}

double threads_of(const Counters& c, InstructionClass of) {
  return static_cast<double>(c.thread_instructions[static_cast<std::size_t>(of)]);
}

}  // namespace

Modelled modelled_time(const vgpu::Profile& device, const Counters& c) {
  const Rates rate = rates_of(device);
  const double launches = static_cast<double>(std::max<std::uint64_t>(1, c.launches));
  const double sms =
      std::min(static_cast<double>(device.sm_count), static_cast<double>(c.blocks) / launches);
  const double clocks = sms * device.clock_khz * 1e3;  // a second, of all busy SMs
  const double dram = 2e3 * device.memory_clock_khz * device.memory_bus_bits / 8;
  const double l1 = static_cast<double>(c.global_load.pieces + c.global_store.pieces +
                                        c.local_load.pieces + c.local_store.pieces);
  const double shared = static_cast<double>(c.shared_load.pieces + c.shared_store.pieces);
  const std::pair<const char*, double> bounds[] = {
      {"dram", static_cast<double>(c.global_bytes_least()) / dram},
      {"issue", static_cast<double>(c.all_warp_instructions()) / (rate.warps_issued * clocks)},
      {"f32", (threads_of(c, InstructionClass::f32) + threads_of(c, InstructionClass::half)) /
                  (rate.f32 * clocks)},
      {"f64", threads_of(c, InstructionClass::f64) / (rate.f64 * clocks)},
      {"special", threads_of(c, InstructionClass::special) / (rate.special * clocks)},
      {"l1", l1 / (rate.l1_sectors * clocks)},
      {"shared", shared / (rate.shared_wavefronts * clocks)}};
  const auto* most = std::ranges::max_element(bounds, {}, &std::pair<const char*, double>::second);
  return {most->second, most->first};
}

}  // namespace plumb::bench
