#include "bench/kernels/sheet.h"

#include <cxxabi.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <sstream>

#include "golden/harness/device_arrays.h"
#include "impl/core/cuda_error.h"
#include "vgpu/machine/machine.h"
#include "vgpu/observe/counters_json.h"

namespace plumb::bench {
namespace {

using vgpu::observe::CountedKernel;
using vgpu::observe::Counters;

constexpr double kLargeShare = 1.05;  // bytes moved over bytes needed

std::vector<CountedKernel> count(const Planned& planned) {
  const golden::Case c = golden::make_case(planned.bench.id);
  const golden::InputSet inputs(c);
  const golden::Inputs tensors = inputs.tensors();
  const Call call = prepare(c, tensors);
  PLUMB_CUDA(cudaDeviceSynchronize());
  vgpu::observe::forget_counted();
  call();
  PLUMB_CUDA(cudaDeviceSynchronize());
  return vgpu::observe::counted_kernels();
}

double over(std::uint64_t part, std::uint64_t whole) {
  return whole == 0 ? 1 : static_cast<double>(part) / static_cast<double>(whole);
}

std::uint64_t conflicts(const Counters& c) {
  return c.shared_load.pieces - c.shared_load.least + c.shared_store.pieces - c.shared_store.least;
}

bool uses_shared(const Counters& c) {
  return c.shared_load.requests + c.shared_store.requests + c.shared_atomics.requests != 0;
}

std::string triple(const std::array<std::uint32_t, 3>& d) {
  return d[1] == 1 && d[2] == 1 ? fmt::format("{}", d[0])
                                : fmt::format("{}x{}x{}", d[0], d[1], d[2]);
}

struct Column {
  const char* name;
  std::uint64_t (*value)(const Counters& c);
};
constexpr Column kColumns[] = {
    {"launches", [](const Counters& c) { return c.launches; }},
    {"warp_instructions", [](const Counters& c) { return c.all_warp_instructions(); }},
    {"thread_instructions", [](const Counters& c) { return c.all_thread_instructions(); }},
    {"predicated_off", [](const Counters& c) { return c.predicated_off; }},
    {"branches", [](const Counters& c) { return c.branches; }},
    {"divergent_branches", [](const Counters& c) { return c.divergent_branches; }},
    {"block_barriers", [](const Counters& c) { return c.block_barriers; }},
    {"global_load_requests", [](const Counters& c) { return c.global_load.requests; }},
    {"global_load_sectors", [](const Counters& c) { return c.global_load.pieces; }},
    {"global_load_least", [](const Counters& c) { return c.global_load.least; }},
    {"global_store_requests", [](const Counters& c) { return c.global_store.requests; }},
    {"global_store_sectors", [](const Counters& c) { return c.global_store.pieces; }},
    {"global_store_least", [](const Counters& c) { return c.global_store.least; }},
    {"shared_load_wavefronts", [](const Counters& c) { return c.shared_load.pieces; }},
    {"shared_load_least", [](const Counters& c) { return c.shared_load.least; }},
    {"shared_store_wavefronts", [](const Counters& c) { return c.shared_store.pieces; }},
    {"shared_store_least", [](const Counters& c) { return c.shared_store.least; }},
    {"local_bytes", [](const Counters& c) { return c.local_load.bytes + c.local_store.bytes; }},
    {"atomic_lanes",
     [](const Counters& c) { return c.global_atomics.lanes + c.shared_atomics.lanes; }},
    {"most_at_one_address", [](const Counters& c) { return c.global_atomics.most_at_one; }},
    {"bytes_moved", [](const Counters& c) { return c.global_bytes_moved(); }},
    {"bytes_least", [](const Counters& c) { return c.global_bytes_least(); }},
};

/// What a row of the CSV is about: everything in front of the counts.
std::string subject_of(const KernelRow& row) {
  return fmt::format("{},\"{}\",{},{},{}", row.call, row.kernel, triple(row.counted.grid),
                     triple(row.counted.block), row.counted.shared_bytes);
}

/// The lines of a CSV by their subject.
std::vector<std::pair<std::string, std::vector<std::string>>> read_csv(const std::string& text) {
  std::vector<std::pair<std::string, std::vector<std::string>>> out;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    if (line.empty() || line[0] == '#' || line.starts_with("call,")) continue;
    std::vector<std::string> cells;
    std::size_t at = line.size();
    for (std::size_t i = 0; i < std::size(kColumns) && at != std::string::npos && at > 0; ++i) {
      const std::size_t comma = line.rfind(',', at - 1);
      if (comma == std::string::npos) break;
      cells.insert(cells.begin(), line.substr(comma + 1, at - comma - 1));
      at = comma;
    }
    out.emplace_back(line.substr(0, at), cells);
  }
  return out;
}

std::string complaints(const std::vector<KernelRow>& rows) {
  std::string out;
  int spilling = 0;
  for (const KernelRow& row : rows) {
    const Counters& c = row.counted.counters;
    const auto complain = [&](const std::string& what) {
      out += fmt::format("{} {}: {}\n", row.call, row.kernel, what);
    };
    if (row.code && row.code->spill_store_bytes + row.code->spill_load_bytes != 0) {
      ++spilling;
      complain(fmt::format("spills {} bytes", row.code->spill_store_bytes));
    }
    if (!uses_shared(c) && over(c.global_bytes_moved(), c.global_bytes_least()) > kLargeShare)
      complain(fmt::format("moves {:.3f} of the bytes it needs",
                           over(c.global_bytes_moved(), c.global_bytes_least())));
    if (conflicts(c) != 0)
      complain(fmt::format("{} wavefronts of shared memory beyond the least {}", conflicts(c),
                           c.shared_load.least + c.shared_store.least));
  }
  const auto asked =
      std::ranges::count_if(rows, [](const KernelRow& r) { return r.code.has_value(); });
  return out + fmt::format("{} rows, {} that spill of the {} that ptxas was asked about\n",
                           rows.size(), spilling, asked);
}

}  // namespace

std::string short_name(const std::string& mangled) {
  int status = 0;
  const std::unique_ptr<char, void (*)(void*)> text(
      abi::__cxa_demangle(mangled.c_str(), nullptr, nullptr, &status), std::free);
  if (status != 0) return mangled;
  std::string name = text.get();
  // The parameters begin at the last parenthesis on the outside of <...>.
  int depth = 0;
  std::size_t end = name.size(), begin = 0;
  for (std::size_t i = 0; i < name.size(); ++i) {
    if (name[i] == '<') ++depth;
    if (name[i] == '>') --depth;
    if (depth == 0 && name[i] == '(' && name.compare(i, 21, "(anonymous namespace)") != 0) {
      end = i;
      break;
    }
  }
  name.resize(end);
  depth = 0;
  for (std::size_t i = 0; i + 1 < name.size(); ++i) {
    if (name[i] == '<') break;
    if (name[i] == ':' && name[i + 1] == ':') begin = i + 2;
    if (name[i] == ' ') begin = std::max(begin, i + 1);
  }
  name.erase(0, begin);
  for (const std::string scope : {"plumb::", "(anonymous namespace)::"})
    for (std::size_t at; (at = name.find(scope)) != std::string::npos;)
      name.erase(at, scope.size());
  return name;
}

std::vector<KernelRow> kernel_rows(const std::vector<Planned>& planned, const vgpu::Profile& device,
                                   bool counters_only) {
  vgpu::settings().checks.counters = true;
  std::map<std::string, MachineCode> codes;
  if (!counters_only) codes = machine_code(10 * device.major + device.minor);
  std::vector<KernelRow> out;
  for (const Planned& p : planned)
    for (const CountedKernel& counted : count(p)) {
      KernelRow row;
      row.call = p.bench.id;
      row.call_bytes = p.bench.bytes;
      row.call_flops = p.bench.flops;
      row.kernel = short_name(counted.kernel);
      row.counted = counted;
      row.modelled = modelled_time(device, counted.counters);
      if (const auto code = codes.find(counted.kernel); code != codes.end()) {
        row.code = code->second;
        const auto& b = counted.block;
        row.occupancy = occupancy(device, code->second, static_cast<int>(b[0] * b[1] * b[2]),
                                  counted.shared_bytes);
      }
      out.push_back(std::move(row));
    }
  return out;
}

std::string sheet_of(const std::vector<KernelRow>& rows, const vgpu::Profile& device) {
  std::string out = fmt::format(
      "{}: counts are of PTX instructions on the virtual GPU (emulated), times are modelled and no "
      "GPU's\n\n{:<38} {:>12} {:>5} {:>4} {:>5} {:>6} {:>5} {:<14} {:>11} {:>5} {:>6} {:>6} {:>8} "
      "{:>5} {:>9} {:<7}\n",
      device.name, "call / kernel", "grid", "block", "regs", "spill", "shared", "occ", "limit",
      "warp instr", "lanes", "moved", "needed", "conflict", "F/B", "model us", "bound");
  std::string call;
  for (const KernelRow& row : rows) {
    const Counters& c = row.counted.counters;
    if (row.call != call) out += (call = row.call) + "\n";
    const auto of_code = [&](int value) { return row.code ? fmt::format("{}", value) : "-"; };
    const MachineCode code = row.code.value_or(MachineCode{});
    out += fmt::format(
        "  {:<36} {:>12} {:>5} {:>4} {:>5} {:>6} {:>5} {:<14} {:>11} {:>5.1f} {:>6.3f} {:>6} {:>8} "
        "{:>5.2f} {:>9.2f} {:<7}\n",
        row.kernel.substr(0, 36), triple(row.counted.grid), triple(row.counted.block),
        of_code(code.registers), of_code(code.spill_store_bytes + code.spill_load_bytes),
        static_cast<std::uint64_t>(code.shared_bytes) + row.counted.shared_bytes,
        row.code ? fmt::format("{:.0f}%", 100 * row.occupancy.warps_share) : "-",
        row.occupancy.limits.substr(0, 14), c.all_warp_instructions(), c.lanes_per_instruction(),
        over(c.global_bytes_moved(), c.global_bytes_least()),
        fmt::format("{:.0f}K", static_cast<double>(c.global_bytes_least()) / 1024), conflicts(c),
        row.call_flops / std::max(1.0, row.call_bytes), 1e6 * row.modelled.seconds,
        row.modelled.bound);
  }
  return out + "\n" + complaints(rows);
}

nlohmann::ordered_json to_json(const std::vector<KernelRow>& rows, const vgpu::Profile& device) {
  nlohmann::ordered_json list = nlohmann::ordered_json::array();
  for (const KernelRow& row : rows) {
    nlohmann::ordered_json one = {{"call", row.call},
                                  {"call_bytes_needed", row.call_bytes},
                                  {"call_operations", row.call_flops},
                                  {"operations_per_byte", row.call_flops / row.call_bytes},
                                  {"kernel", row.kernel},
                                  {"counters", vgpu::observe::to_json(row.counted)},
                                  {"modelled_seconds", row.modelled.seconds},
                                  {"modelled_bound", row.modelled.bound},
                                  {"machine_code", nullptr},
                                  {"occupancy", nullptr}};
    if (row.code) {
      one["machine_code"] = {{"registers", row.code->registers},
                             {"barriers", row.code->barriers},
                             {"spill_store_bytes", row.code->spill_store_bytes},
                             {"spill_load_bytes", row.code->spill_load_bytes},
                             {"stack_bytes", row.code->stack_bytes},
                             {"static_shared_bytes", row.code->shared_bytes}};
      one["occupancy"] = {{"blocks_per_sm", row.occupancy.blocks_per_sm},
                          {"share_of_warps", row.occupancy.warps_share},
                          {"limits", row.occupancy.limits}};
    }
    list.push_back(one);
  }
  return {{"schema", 1}, {"gpu", device.id}, {"emulated", true}, {"kernels", list}};
}

std::string counters_csv(const std::vector<KernelRow>& rows) {
  std::string out = "call,kernel,grid,block,dynamic_shared_bytes";
  for (const Column& column : kColumns) out += fmt::format(",{}", column.name);
  out += "\n";
  for (const KernelRow& row : rows) {
    out += subject_of(row);
    for (const Column& column : kColumns)
      out += fmt::format(",{}", column.value(row.counted.counters));
    out += "\n";
  }
  return out;
}

std::vector<std::string> differences(const std::string& pinned, const std::string& now) {
  const auto before = read_csv(pinned), after = read_csv(now);
  std::vector<std::string> out;
  for (const auto& [subject, cells] : after) {
    const auto old = std::ranges::find(before, subject, &decltype(before)::value_type::first);
    if (old == before.end()) {
      out.push_back(subject + ": is not pinned");
      continue;
    }
    for (std::size_t i = 0; i < std::size(kColumns); ++i)
      if (i >= old->second.size() || cells.at(i) != old->second[i])
        out.push_back(fmt::format("{}: {} {}, pinned {}", subject, kColumns[i].name, cells.at(i),
                                  i < old->second.size() ? old->second[i] : "nothing"));
  }
  for (const auto& [subject, cells] : before)
    if (std::ranges::find(after, subject, &decltype(after)::value_type::first) == after.end())
      out.push_back(subject + ": is pinned, and did not run");
  return out;
}

}  // namespace plumb::bench
