#include "bench/common/reporter.h"

namespace plumb::bench {

void start_benchmark(const std::string& filter) {
  static char program[] = "bench";  // its address is kept
  std::string setting = "--benchmark_filter=" + filter;
  char* words[] = {program, setting.data(), nullptr};
  int count = 2;
  benchmark::Initialize(&count, words);
}

Reporter::Reporter(Facts facts, std::function<void(const std::string&)> done)
    : facts_(std::move(facts)), done_(std::move(done)) {
  inner_.SetOutputStream(&text_);
  inner_.SetErrorStream(&text_);
}

bool Reporter::ReportContext(const Context& context) { return inner_.ReportContext(context); }

void Reporter::ReportRuns(const std::vector<Run>& runs) {
  inner_.ReportRuns(runs);
  for (const Run& run : runs) done_(run.benchmark_name());
}

void Reporter::Finalize() { inner_.Finalize(); }

nlohmann::ordered_json Reporter::json() const {
  auto out = nlohmann::ordered_json::parse(text_.str());
  for (const char* name : {"host_name", "executable"}) out.at("context").erase(name);
  for (auto& entry : out.at("benchmarks"))
    if (const nlohmann::json facts = facts_(entry.at("name")); !facts.is_null())
      entry["row"] = facts;
  return out;
}

}  // namespace plumb::bench
