#include "bench/ops/device_limits.h"

#include <algorithm>

#include "bench/ops/device_probes.h"

namespace plumb::bench {

DeviceLimits measure_limits(bool is_virtual, int threads) {
  if (is_virtual)
    return {measure_copy(threads), fma_gflops<float>(threads), fma_gflops<double>(threads),
            launch_seconds()};
  return {measure_device_copy(), device_fma_gflops<float>(), device_fma_gflops<double>(),
          launch_seconds()};
}

nlohmann::ordered_json to_json(const DeviceLimits& limits) {
  nlohmann::ordered_json copy = nlohmann::ordered_json::array();
  for (const auto& [bytes, seconds] : limits.move.points())
    copy.push_back({{"bytes", bytes}, {"gb_per_s", bytes / seconds / 1e9}});
  return {{"copy", copy},
          {"fma_gflops_f32", limits.gflops_f32},
          {"fma_gflops_f64", limits.gflops_f64},
          {"launch_us", 1e6 * limits.launch_seconds}};
}

double Floors::seconds() const { return std::max({bytes, flops, launch}); }

const char* Floors::limit() const {
  const double most = seconds();
  return most == bytes ? "bytes" : most == flops ? "flops" : "launch";
}

Floors floors_of(const DeviceLimits& limits, Dtype dtype, double bytes, double flops,
                 double launches) {
  const double gflops = dtype == Dtype::f64 ? limits.gflops_f64 : limits.gflops_f32;
  return {limits.move.seconds(bytes), flops / gflops / 1e9, launches * limits.launch_seconds};
}

}  // namespace plumb::bench
