// sheet.h - every kernel of the project on one page: what its machine code takes, what it did, how
// long a GPU would need at least.
#pragma once

#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "bench/kernels/machine_code.h"
#include "bench/kernels/model.h"
#include "bench/kernels/occupancy.h"
#include "bench/ops/plan.h"
#include "vgpu/observe/counters.h"

namespace plumb::bench {

struct KernelRow {
  std::string call;  // "relu/forward/f32/n256_c4096"
  double call_bytes = 0, call_flops = 0;
  std::string kernel;  // "relu_kernel<float>"
  vgpu::observe::CountedKernel counted;
  std::optional<MachineCode> code;  // none: ptxas was not asked
  Occupancy occupancy;
  Modelled modelled;
};

/// Runs every planned call once, counted, and asks ptxas about its kernels unless `counters_only`.
/// Throws plumb::Error.
std::vector<KernelRow> kernel_rows(const std::vector<Planned>& planned, const vgpu::Profile& device,
                                   bool counters_only);

/// The table, and below it what should not be: spills, sectors and conflicts beyond the least.
std::string sheet_of(const std::vector<KernelRow>& rows, const vgpu::Profile& device);
nlohmann::ordered_json to_json(const std::vector<KernelRow>& rows, const vgpu::Profile& device);

/// A line a kernel of a call: exact counts alone, the same on every machine.
std::string counters_csv(const std::vector<KernelRow>& rows);
/// Lines that differ between what was pinned and what is: "call, kernel: sectors 128, pinned 64".
/// Empty: none.
std::vector<std::string> differences(const std::string& pinned, const std::string& now);

/// "relu_kernel<float>" of a mangled name: without namespaces and parameters.
std::string short_name(const std::string& mangled);

}  // namespace plumb::bench
