#include "bench/vgpu/report.h"

#include <fmt/format.h>

#include <cstdio>
#include <fstream>
#include <thread>

namespace plumb::bench {
namespace {

/// The value of the first line of /proc/cpuinfo that begins with `key`.
std::string cpuinfo(const std::string& key) {
  std::ifstream file("/proc/cpuinfo");
  for (std::string line; std::getline(file, line);) {
    if (line.rfind(key, 0) != 0) continue;
    const auto colon = line.find(": ");
    return colon == std::string::npos ? "" : line.substr(colon + 2);
  }
  return "";
}

}  // namespace

Reporter::Reporter(const Rows& rows) : rows_(rows) {
  inner_.SetOutputStream(&text_);
  inner_.SetErrorStream(&text_);
}

bool Reporter::ReportContext(const Context& context) { return inner_.ReportContext(context); }

void Reporter::ReportRuns(const std::vector<Run>& runs) {
  inner_.ReportRuns(runs);
  for (const Run& run : runs) {
    const Row* row = rows_.find(run.benchmark_name());
    if (row == nullptr || !row->figure) continue;
    std::fprintf(stderr, "%-48s %d thread%s  %10.4g %s: %s\n", row->id.c_str(), row->threads,
                 row->threads > 1 ? "s" : " ", row->figure->median, row->unit.c_str(),
                 verdict_of(*row).c_str());
  }
}

void Reporter::Finalize() { inner_.Finalize(); }

nlohmann::json Reporter::json() const {
  nlohmann::json out = nlohmann::json::parse(text_.str());
  for (nlohmann::json& entry : out.at("benchmarks"))
    if (const Row* row = rows_.find(entry.at("name"))) entry["row"] = to_json(*row);
  return out;
}

std::string machine_text() {
  const std::string flags = cpuinfo("flags") + " ", model = cpuinfo("model name");
  const char* vectors = flags.find(" avx512f ") != std::string::npos ? "AVX-512"
                        : flags.find(" avx2 ") != std::string::npos  ? "AVX2"
                                                                     : "no AVX2";
  return fmt::format("{}, {} cores, {}", model.empty() ? "unknown processor" : model,
                     std::thread::hardware_concurrency(), vectors);
}

}  // namespace plumb::bench
