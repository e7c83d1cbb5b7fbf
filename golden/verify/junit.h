// junit.h - outcomes as JUnit XML, the form that GitHub, GitLab and Jenkins read.
#pragma once

#include <string>
#include <vector>

namespace plumb::golden {

struct TestCase {
  std::string suite, name;
  double seconds = 0;
  std::string outcome;  // as name_of(Outcome) spells it
  std::string reason;   // one line; "" for PASS
  std::string text;     // shown of a failure
};

/// "vgpu:0.native.linear": Jenkins shows what stands before the last dot as the package.
std::string suite_name(const std::string& device, const std::string& engine,
                       const std::string& name);

/// testsuites, in it a testsuite for each name with counts and times, in it the cases in the order
/// given. FAIL, UNTESTED, MISTRUSTED are failures, SKIP is skipped; GOLDEN_DEGRADED passes and says
/// why on standard output. Bytes that XML 1.0 has no place for are left out.
std::string junit(const std::vector<TestCase>& cases);

}  // namespace plumb::golden
