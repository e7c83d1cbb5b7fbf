#include "golden/verify/junit.h"

#include <fmt/format.h>

#include <map>

namespace plumb::golden {
namespace {

std::string xml(const std::string& text) {
  std::string out;
  for (const char c : text) {
    if (c == '&')
      out += "&amp;";
    else if (c == '<')
      out += "&lt;";
    else if (c == '>')
      out += "&gt;";
    else if (c == '"')
      out += "&quot;";
    else if (static_cast<unsigned char>(c) >= ' ' || c == '\n' || c == '\t')
      out += c;
  }
  return out;
}

bool is_failure(const TestCase& c) {
  return c.outcome == "FAIL" || c.outcome == "UNTESTED" || c.outcome == "MISTRUSTED";
}

struct Suite {
  std::size_t cases = 0, failures = 0, skipped = 0;
  double seconds = 0;
  std::string body;

  void count(const TestCase& c) {
    ++cases;
    failures += is_failure(c);
    skipped += c.outcome == "SKIP";
    seconds += c.seconds;
  }
  std::string attributes() const {
    return fmt::format(R"(tests="{}" failures="{}" errors="0" skipped="{}" time="{:.6f}")", cases,
                       failures, skipped, seconds);
  }
};

std::string inside_of(const TestCase& c) {
  if (is_failure(c))
    return fmt::format(R"(<failure type="{}" message="{}">{}</failure>)", c.outcome, xml(c.reason),
                       xml(c.text));
  if (c.outcome == "SKIP") return fmt::format(R"(<skipped message="{}"/>)", xml(c.reason));
  if (c.outcome == "GOLDEN_DEGRADED")
    return "<system-out>GOLDEN_DEGRADED: " + xml(c.reason) + "</system-out>";
  return "";
}

}  // namespace

std::string suite_name(const std::string& device, const std::string& engine,
                       const std::string& name) {
  return device + "." + engine + "." + name;
}

std::string junit(const std::vector<TestCase>& cases) {
  std::map<std::string, Suite> suites;
  Suite all;
  for (const TestCase& c : cases) {
    Suite& suite = suites[c.suite];
    suite.count(c);
    all.count(c);
    suite.body +=
        fmt::format("    <testcase classname=\"{}\" name=\"{}\" time=\"{:.6f}\">{}</testcase>\n",
                    xml(c.suite), xml(c.name), c.seconds, inside_of(c));
  }
  std::string out = fmt::format(
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"plumbline\" {}>\n",
      all.attributes());
  for (const auto& [name, suite] : suites)
    out += fmt::format("  <testsuite name=\"{}\" {}>\n{}  </testsuite>\n", xml(name),
                       suite.attributes(), suite.body);
  return out + "</testsuites>\n";
}

}  // namespace plumb::golden
