#include "golden/harness/case_list.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <functional>
#include <set>

#include "golden/harness/nulls.h"
#include "impl/core/error.h"
#include "impl/core/file.h"

namespace plumb::golden {
namespace {

using nlohmann::json;

/// An object of a file, whose fields are known.
class Object {
 public:
  Object(const json& value, std::string where, std::set<std::string> known)
      : value_(value), where_(std::move(where)) {
    if (!value.is_object()) fail("is " + value.dump().substr(0, 40) + "; need an object");
    for (const auto& [name, field] : value.items())
      if (!known.contains(name))
        fail(fmt::format("field '{}' is unknown; allowed: {}", name, fmt::join(known, ", ")));
  }
  [[noreturn]] void fail(const std::string& why) const { throw UsageError(where_ + ": " + why); }
  bool has(const char* name) const { return value_.contains(name); }
  template <class T>
  T need(const char* name) const {
    if (!has(name)) fail(fmt::format("no '{}'", name));
    return get<T>(name, T{});
  }
  template <class T>
  T get(const char* name, T otherwise) const {
    if (!has(name)) return otherwise;
    try {
      return value_.at(name).get<T>();
    } catch (const json::exception&) {
      fail(fmt::format("'{}' is {}", name, value_.at(name).dump().substr(0, 60)));
    }
  }
  /// A list with something in it.
  template <class T>
  std::vector<T> list(const char* name, std::vector<T> otherwise = {}) const {
    if (has(name) && !value_.at(name).is_array()) fail(fmt::format("'{}' is no list", name));
    std::vector<T> out = get(name, std::move(otherwise));
    if (out.empty()) fail(fmt::format("'{}' is empty", name));
    return out;
  }
  /// Puts the place in the file before the refusals of `read`.
  void in_file(const std::function<void()>& read) const {
    try {
      read();
    } catch (const UsageError& error) {
      fail(error.what());
    }
  }

 private:
  const json& value_;
  std::string where_;
};

json parse(const std::string& path) {
  const json out = json::parse(read_whole(path), nullptr, false);
  if (out.is_discarded()) throw UsageError(path + ": not JSON");
  return out;
}

/// Fields of recipes put over what the id says.
void change_inputs(Case& c, const json& changes, const Object& object) {
  if (!changes.is_object()) object.fail("'inputs' need an object by input name");
  for (const auto& [name, fields] : changes.items()) {
    const auto r = std::find_if(c.inputs.begin(), c.inputs.end(),
                                [&](const Recipe& recipe) { return recipe.name == name; });
    if (r == c.inputs.end()) object.fail(fmt::format("'{}' is no input of {}", name, c.text));
    if (!fields.is_object() || fields.contains("name"))
      object.fail(fmt::format("input '{}' is {}; need an object of a recipe's fields but its name",
                              name, fields.dump().substr(0, 60)));
    json merged = to_json(*r);
    merged.update(fields);
    object.in_file([&] { *r = recipe_from_json(merged); });
  }
}

void change_attributes(Case& c, const json& changes, const Object& object) {
  if (!changes.is_object()) object.fail("'attributes' need an object by attribute name");
  for (const auto& [name, value] : changes.items()) {
    if (!c.attributes.contains(name))
      object.fail(fmt::format("'{}' is no attribute of {}", name, c.text));
    c.attributes[name] = value;
  }
}

std::map<std::string, std::string> nulls_of(const Object& object) {
  const auto nulls = object.get("nulls", std::map<std::string, std::string>{});
  for (const auto& [name, why] : nulls) {
    object.in_file([&] { null_from_name(name); });
    if (why.empty()) object.fail("'" + name + "' has no reason why it is right here");
  }
  return nulls;
}

Case case_of(const std::string& id, const Object& object) {
  Case c;
  object.in_file([&] { c = make_case(id); });
  return c;
}

void check_unique(std::set<std::string>& seen, const std::string& id, const Object& object) {
  if (!seen.insert(id).second) object.fail("case " + id + " is there twice");
}

}  // namespace

CaseList read_cases(const std::string& folder, const std::string& op_name) {
  const std::string path = folder + "/" + op_name + "/cases.json";
  const json file = parse(path);
  const Object top(file, path, {"op", "cases", "refusals"});
  if (top.need<std::string>("op") != op_name) top.fail("'op' is not " + op_name);
  const Op& op = find_op(op_name);
  CaseList out;
  std::set<std::string> seen;
  int number = 0;
  for (const json& entry : top.list<json>("cases")) {
    const Object o(entry, fmt::format("{}: case {}", path, ++number),
                   {"case", "hunts", "dtypes", "directions", "nulls"});
    const auto rest = o.need<std::string>("case"), hunts = o.need<std::string>("hunts");
    if (hunts.empty()) o.fail("'hunts' is empty: which bug is it for?");
    std::vector<std::string> dtypes;
    for (const Dtype dtype : op.dtypes) dtypes.push_back(plumb::name_of(dtype));
    for (const std::string& direction : o.list("directions", op.directions))
      for (const std::string& dtype : o.list("dtypes", dtypes)) {
        Case c = case_of(op_name + "/" + direction + "/" + dtype + "/" + rest, o);
        c.hunts = hunts;
        c.nulls = nulls_of(o);
        check_unique(seen, c.text, o);
        out.cases.push_back(std::move(c));
      }
  }
  number = 0;
  for (const json& entry : top.get("refusals", json::array())) {
    const Object o(entry, fmt::format("{}: refusal {}", path, ++number),
                   {"name", "case", "inputs", "attributes", "ours", "libtorch", "hunts"});
    Refusal r;
    r.c = case_of(o.need<std::string>("case"), o);
    change_inputs(r.c, o.get("inputs", json::object()), o);
    change_attributes(r.c, o.get("attributes", json::object()), o);
    r.c.text = fmt::format("{}/{}/{}/refusal/{}", r.c.id.op, r.c.id.direction, r.c.id.dtype,
                           o.need<std::string>("name"));
    r.c.id = parse_case_id(r.c.text);
    r.c.hunts = o.need<std::string>("hunts");
    r.ours = o.need<std::string>("ours");
    r.libtorch = o.need<std::string>("libtorch");
    check_unique(seen, r.c.text, o);
    out.refusals.push_back(std::move(r));
  }
  return out;
}

std::vector<Case> read_live_cases(const std::string& path) {
  const json file = parse(path);
  const Object top(file, path, {"cases"});
  std::vector<Case> out;
  std::set<std::string> seen;
  int number = 0;
  for (const json& entry : top.list<json>("cases")) {
    const Object o(entry, fmt::format("{}: case {}", path, ++number), {"case", "hunts", "inputs"});
    Case c = case_of(o.need<std::string>("case"), o);
    c.hunts = o.get<std::string>("hunts", "");
    change_inputs(c, o.get("inputs", json::object()), o);
    check_unique(seen, c.text, o);
    out.push_back(std::move(c));
  }
  return out;
}

}  // namespace plumb::golden
