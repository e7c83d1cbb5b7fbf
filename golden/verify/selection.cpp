#include "golden/verify/selection.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <fnmatch.h>

#include <algorithm>
#include <cstdlib>
#include <set>

#include "impl/core/error.h"

namespace plumb::golden {
namespace {

bool is_pattern(const std::string& text) { return text.find_first_of("*?[") != std::string::npos; }

bool among(const std::vector<std::string>& list, const std::string& word) {
  return list.empty() || std::find(list.begin(), list.end(), word) != list.end();
}

bool matches(const Selection& s, const Case& c) {
  if (!among(s.ops, c.id.op) || !among(s.directions, c.id.direction) ||
      !among(s.dtypes, c.id.dtype))
    return false;
  return s.cases.empty() ||
         std::any_of(s.cases.begin(), s.cases.end(), [&](const std::string& pattern) {
           return pattern == c.text ||
                  (is_pattern(pattern) && fnmatch(pattern.c_str(), c.text.c_str(), 0) == 0);
         });
}

void check_names(const Selection& s) {
  for (const std::string& op : s.ops) find_op(op);
  for (const std::string& dtype : s.dtypes) dtype_from_name(dtype);
  std::set<std::string> directions;
  for (const Op& op : ops()) directions.insert(op.directions.begin(), op.directions.end());
  for (const std::string& direction : s.directions)
    if (!directions.contains(direction))
      throw UsageError(
          fmt::format("direction '{}'; allowed: {}", direction, fmt::join(directions, ", ")));
}

CaseList all_cases(const std::string& op) { return read_cases(golden_folder(), op); }

}  // namespace

std::string golden_folder() {
  if (const char* folder = std::getenv("PLUMBLINE_GOLDEN"); folder && *folder) return folder;
  return PLUMB_GOLDEN_FOLDER;
}

Selected select(const Selection& s) {
  check_names(s);
  Selected out;
  if (!s.live.empty()) {
    for (Case& c : read_live_cases(s.live))
      if (matches(s, c)) out.cases.push_back(std::move(c));
    return out;
  }
  std::set<std::string> found;
  for (const Op& op : ops()) {
    if (!among(s.ops, op.name)) continue;
    CaseList list = all_cases(op.name);
    for (Case& c : list.cases)
      if (matches(s, c)) found.insert(c.text), out.cases.push_back(std::move(c));
    for (Refusal& r : list.refusals)
      if (matches(s, r.c)) found.insert(r.c.text), out.refusals.push_back(std::move(r));
  }
  for (const std::string& id : s.cases) {
    if (is_pattern(id) || found.contains(id)) continue;
    if (id.find("/refusal/") != std::string::npos) continue;
    out.cases.push_back(make_case(id));
  }
  return out;
}

std::string nothing_matches(const Selection& s) {
  std::vector<std::string> ids;
  for (const Op& op : ops()) {
    const CaseList list = all_cases(op.name);
    for (const Case& c : list.cases) ids.push_back(c.text);
    for (const Refusal& r : list.refusals) ids.push_back(r.c.text);
  }
  if (s.cases.empty()) return "no case matches";
  const std::string& asked = s.cases.front();
  std::string near;
  for (int i = 0; i < 3 && !ids.empty(); ++i) {
    const std::string best = nearest(asked, ids);
    near += (i ? ", " : "") + best;
    std::erase(ids, best);
  }
  return fmt::format("no case matches '{}'; nearest: {}", asked, near);
}

}  // namespace plumb::golden
