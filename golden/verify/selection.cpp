#include "golden/verify/selection.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <fnmatch.h>

#include <algorithm>
#include <cstdlib>
#include <iterator>
#include <set>

#include "impl/core/error.h"
#include "impl/core/nearest.h"

namespace plumb::golden {
namespace {

bool is_pattern(const std::string& text) { return text.find_first_of("*?[") != std::string::npos; }

constexpr std::size_t kNearest = 3;

std::string any_of_all(const std::vector<std::string>& list) {
  return list.empty() ? "any" : fmt::format("{}", fmt::join(list, " or "));
}

bool among(const std::vector<std::string>& list, const std::string& word) {
  return list.empty() || std::find(list.begin(), list.end(), word) != list.end();
}

bool matches(const std::string& asked, const std::string& id) {
  return asked == id || (is_pattern(asked) && fnmatch(asked.c_str(), id.c_str(), 0) == 0);
}

/// Whether all but `cases` lets it pass.
bool is_of_kind(const Selection& s, const Case& c) {
  return among(s.ops, c.id.op) && among(s.directions, c.id.direction) &&
         among(s.dtypes, c.id.dtype);
}

bool is_named(const Selection& s, const std::string& id) {
  return s.cases.empty() ||
         std::any_of(s.cases.begin(), s.cases.end(),
                     [&](const std::string& asked) { return matches(asked, id); });
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

/// The cases that a selection chooses from.
Selected candidates(const Selection& s) {
  Selected out;
  if (!s.live.empty()) {
    out.cases = read_live_cases(s.live);
  } else {
    for (const Op& op : ops()) {
      if (!among(s.ops, op.name)) continue;
      CaseList list = read_cases(golden_folder(), op.name);
      std::move(list.cases.begin(), list.cases.end(), std::back_inserter(out.cases));
      std::move(list.refusals.begin(), list.refusals.end(), std::back_inserter(out.refusals));
    }
  }
  std::erase_if(out.cases, [&](const Case& c) { return !is_of_kind(s, c); });
  std::erase_if(out.refusals, [&](const Refusal& r) { return !is_of_kind(s, r.c); });
  return out;
}

std::vector<std::string> ids_of(const Selected& selected) {
  std::vector<std::string> out;
  for (const Case& c : selected.cases) out.push_back(c.text);
  for (const Refusal& r : selected.refusals) out.push_back(r.c.text);
  return out;
}

std::string op_of(const std::string& id) { return id.substr(0, id.find('/')); }

/// The ids that `asked` may have meant: of the op that is nearest first.
std::vector<std::string> nearest_ids(const std::string& asked, std::vector<std::string> ids) {
  std::vector<std::string> out, names;
  for (const std::string& id : ids) names.push_back(op_of(id));
  const std::string op = nearest(op_of(asked), names);
  while (out.size() < kNearest && !ids.empty()) {
    std::vector<std::string> of_op;
    std::copy_if(ids.begin(), ids.end(), std::back_inserter(of_op),
                 [&](const std::string& id) { return op_of(id) == op; });
    out.push_back(nearest(asked, of_op.empty() ? ids : of_op));
    std::erase(ids, out.back());
  }
  return out;
}

[[noreturn]] void refuse(const std::string& asked, const std::vector<std::string>& ids,
                         const std::string& why) {
  const std::vector<std::string> near = nearest_ids(asked, ids);
  throw NoCase(fmt::format("no case matches '{}'{}{}", asked,
                           near.empty() ? "" : "; nearest: ", fmt::join(near, ", ")) +
               (why.empty() ? "" : "; as an id of its own: " + why));
}

/// A case that is none of the project's but whose id has a meaning. Throws NoCase.
Case case_of_its_own(const Selection& s, const std::string& id, const Selected& known) {
  std::string why;
  if (!is_pattern(id) && s.live.empty() && id.find("/refusal/") == std::string::npos) try {
      Case c = make_case(id);
      if (is_of_kind(s, c)) return c;
    } catch (const UsageError& error) {
      why = error.what();
    }
  refuse(id, ids_of(known), why);
}

}  // namespace

std::string golden_folder() {
  if (const char* folder = std::getenv("PLUMBLINE_GOLDEN"); folder && *folder) return folder;
  return PLUMB_GOLDEN_FOLDER;
}

Selected select(const Selection& s) {
  check_names(s);
  const Selected known = candidates(s);
  const std::vector<std::string> ids = ids_of(known);
  Selected out;
  for (const Case& c : known.cases)
    if (is_named(s, c.text)) out.cases.push_back(c);
  for (const Refusal& r : known.refusals)
    if (is_named(s, r.c.text)) out.refusals.push_back(r);
  for (const std::string& asked : s.cases)
    if (std::none_of(ids.begin(), ids.end(),
                     [&](const std::string& id) { return matches(asked, id); }))
      out.cases.push_back(case_of_its_own(s, asked, known));
  if (out.cases.empty() && out.refusals.empty())
    throw NoCase(fmt::format("no case is of op {}, direction {}, dtype {}", any_of_all(s.ops),
                             any_of_all(s.directions), any_of_all(s.dtypes)));
  return out;
}

}  // namespace plumb::golden
