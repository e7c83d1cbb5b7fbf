#include "bench/ops/op_row.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "bench/common/table.h"

namespace plumb::bench {
namespace {

using nlohmann::ordered_json;

std::string shape_text(const golden::CaseId& id) {
  return id.options.empty() ? id.shape : fmt::format("{}/{}", id.shape, fmt::join(id.options, "/"));
}

const char* kind_of(const OpRow& row) { return row.emulated ? "virtual GPU" : "GPU"; }

ordered_json spread_json(const std::optional<Spread>& spread, double unit) {
  if (!spread) return {{"low", nullptr}, {"median", nullptr}, {"high", nullptr}};
  return {{"low", unit * spread->low},
          {"median", unit * spread->median},
          {"high", unit * spread->high}};
}

std::string spread_text(const Spread& s, double unit) {
  return fmt::format("{} ({} to {})", number_text(unit * s.median), number_text(unit * s.low),
                     number_text(unit * s.high));
}

std::string percent(double share) {
  return fmt::format("{:.{}f} %", 100 * share, share < 0.1 ? 1 : 0);
}

std::vector<std::string> line_of(const OpRow& row) {
  const auto count = [&](std::uint64_t vgpu::LaunchStatistics::*field) {
    return row.counts ? std::to_string((*row.counts).*field) : "-";
  };
  return {row.id.op,
          row.id.direction,
          row.id.dtype,
          std::to_string(row.batch),
          shape_text(row.id),
          kind_of(row),
          spread_text(row.seconds, 1e6),
          number_text(row.gb_per_s()),
          number_text(row.gflops()),
          fmt::format("{} of {}", percent(row.share()), row.floors.limit()),
          count(&vgpu::LaunchStatistics::launches),
          count(&vgpu::LaunchStatistics::blocks),
          count(&vgpu::LaunchStatistics::threads),
          number_text(static_cast<double>(row.peak_bytes) / 1e6),
          row.ratio ? spread_text(*row.ratio, 1) : "-",
          std::to_string(row.rounds)};
}

/// "time_us_median" for {"time_us": {"median": ...}}.
std::string column_name(const std::string& pointer) {
  std::string name = pointer.substr(1);
  for (char& letter : name)
    if (letter == '/') letter = '_';
  return name;
}

std::string field_text(const ordered_json& value) {
  if (value.is_null()) return "";
  std::string text = value.is_string() ? value.get<std::string>() : value.dump();
  if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
  for (std::size_t at = 0; (at = text.find('"', at)) != std::string::npos; at += 2)
    text.insert(at, 1, '"');
  return "\"" + text + "\"";
}

}  // namespace

ordered_json to_json(const OpRow& row) {
  const auto count = [&](std::uint64_t vgpu::LaunchStatistics::*field) {
    return row.counts ? ordered_json((*row.counts).*field) : ordered_json();
  };
  return {{"case", golden::format_case_id(row.id)},
          {"op", row.id.op},
          {"direction", row.id.direction},
          {"dtype", row.id.dtype},
          {"batch", row.batch},
          {"shape", shape_text(row.id)},
          {"device", row.device},
          {"kind", kind_of(row)},
          {"verdict", row.verdict},
          {"rounds", row.rounds},
          {"time_us", spread_json(row.seconds, 1e6)},
          {"bytes", row.bytes},
          {"flops", row.flops},
          {"gb_per_s", row.gb_per_s()},
          {"gflops", row.gflops()},
          {"share_of_copy", row.floors.bytes / row.seconds.median},
          {"share_of_fma", row.floors.flops / row.seconds.median},
          {"limited_by", row.floors.limit()},
          {"share_of_limit", row.share()},
          {"launches", count(&vgpu::LaunchStatistics::launches)},
          {"blocks", count(&vgpu::LaunchStatistics::blocks)},
          {"threads", count(&vgpu::LaunchStatistics::threads)},
          {"peak_bytes", row.peak_bytes},
          {"libtorch_us", spread_json(row.libtorch_seconds, 1e6)},
          {"time_ratio_to_libtorch", spread_json(row.ratio, 1)}};
}

std::string table_of(const std::vector<OpRow>& rows) {
  std::vector<std::vector<std::string>> lines{
      {"op", "direction", "dtype", "batch", "shape", "device", "us (quartiles)", "GB/s", "GFLOP/s",
       "share of its limit", "launches", "blocks", "threads", "peak MB",
       "of LibTorch's time (quartiles)", "rounds"}};
  for (const OpRow& row : rows) lines.push_back(line_of(row));
  return table_text(lines);
}

std::string csv_of(const std::vector<OpRow>& rows, const ordered_json& provenance) {
  std::string out;
  for (const OpRow& row : rows) {
    ordered_json fields = to_json(row);
    for (const auto& [name, value] : provenance.items()) fields["run"][name] = value;
    std::vector<std::string> names, values;
    const ordered_json flat = fields.flatten();
    for (const auto& [pointer, value] : flat.items()) {
      names.push_back(column_name(pointer));
      values.push_back(field_text(value));
    }
    if (out.empty()) out = fmt::format("{}\r\n", fmt::join(names, ","));
    out += fmt::format("{}\r\n", fmt::join(values, ","));
  }
  return out;
}

}  // namespace plumb::bench
