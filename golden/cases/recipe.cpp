#include "golden/cases/recipe.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <set>

#include "impl/core/error.h"

namespace plumb::golden {
namespace {

constexpr std::array<std::pair<Fill, const char*>, 8> kFills = {{{Fill::exact, "exact"},
                                                                 {Fill::wide, "wide"},
                                                                 {Fill::signs, "signs"},
                                                                 {Fill::uniform, "uniform"},
                                                                 {Fill::normal, "normal"},
                                                                 {Fill::special, "special"},
                                                                 {Fill::edge, "edge"},
                                                                 {Fill::labels, "labels"}}};
constexpr std::array<std::pair<Layout, const char*>, 3> kLayouts = {
    {{Layout::plain, "plain"}, {Layout::misaligned, "misaligned"}, {Layout::strided, "strided"}}};

constexpr std::int64_t kMostElements = std::int64_t{1} << 31;
constexpr std::uint64_t kMostInteger = std::numeric_limits<std::int64_t>::max();

template <class Table>
std::string names_in(const Table& table) {
  std::string out;
  for (const auto& [value, name] : table) out += (out.empty() ? "" : ", ") + std::string(name);
  return out;
}

template <class Value, class Table>
Value value_of(const Table& table, const std::string& name, const char* what) {
  for (const auto& [value, known] : table)
    if (name == known) return value;
  throw UsageError(fmt::format("{} '{}'; allowed: {}", what, name, names_in(table)));
}

/// Reads the fields of an object and refuses those that nothing read.
class Fields {
 public:
  explicit Fields(const nlohmann::json& json) : json_(json) {
    if (!json.is_object()) throw UsageError("an input is " + json.dump() + "; need an object");
    for (const auto& [name, value] : json.items()) unread_.insert(name);
  }
  template <class T>
  T get(const char* name, T otherwise) {
    if (!json_.contains(name)) return otherwise;
    return read<T>(name);
  }
  template <class T>
  T need(const char* name) {
    if (!json_.contains(name)) throw UsageError(fmt::format("an input has no '{}'", name));
    return read<T>(name);
  }
  void end() const {
    if (!unread_.empty())
      throw UsageError(fmt::format(
          "an input has a field '{}'; allowed: name, shape, dtype, fill, seed, scale, offset, "
          "absolute, limit, ignore_every, ignore, layout",
          *unread_.begin()));
  }

 private:
  template <class T>
  T read(const char* name) {
    unread_.erase(name);
    const nlohmann::json& value = json_.at(name);
    if (!keeps_its_value<T>(value)) refuse(name);
    try {
      return value.get<T>();
    } catch (const nlohmann::json::exception&) {
      refuse(name);
    }
  }
  /// Reading 2.5 as an integer or -1 as an unsigned one would change it without a word.
  template <class T>
  static bool keeps_its_value(const nlohmann::json& value) {
    if constexpr (std::is_same_v<T, Shape>)
      return std::all_of(value.begin(), value.end(), keeps_its_value<std::int64_t>);
    if constexpr (std::is_same_v<T, std::uint64_t>)
      return value.is_number_integer() && (value.is_number_unsigned() || value >= 0);
    if constexpr (std::is_same_v<T, std::int64_t>)
      return value.is_number_integer() &&
             !(value.is_number_unsigned() && value.get<std::uint64_t>() > kMostInteger);
    return true;
  }
  [[noreturn]] void refuse(const char* name) const {
    throw UsageError(fmt::format("an input's '{}' is {}", name, json_.at(name).dump()));
  }
  const nlohmann::json& json_;
  std::set<std::string> unread_;
};

void check_shape(const Shape& shape, const std::string& name) {
  std::int64_t count = 1;
  for (const std::int64_t n : shape) {
    if (n < 0 || n > kMostElements || (n != 0 && count > kMostElements / n))
      throw UsageError(
          fmt::format("input '{}' has shape {}; sizes 0 or more, at most 2^31 elements", name,
                      to_string(shape)));
    count *= n;
  }
}

/// The integers that a dtype holds and a double too: from the first to the second.
std::pair<double, double> integers_of(Dtype dtype) {
  switch (dtype) {
    case Dtype::i32:
      return {-0x1p31, 0x1p31 - 1};
    case Dtype::u8:
      return {0, 255};
    case Dtype::boolean:
      return {0, 1};
    default:
      return {-0x1p53, 0x1p53};
  }
}

void check_labels(const Recipe& r) {
  const auto [least, most] = integers_of(r.dtype);
  if (r.limit < 1)
    throw UsageError(
        fmt::format("input '{}' has labels below {}; need 1 or more", r.name, r.limit));
  if (r.ignore_every < 0)
    throw UsageError(fmt::format("input '{}' ignores every {}-th label", r.name, r.ignore_every));
  for (const std::int64_t label : {r.limit - 1, r.ignore_every > 0 ? r.ignore : 0})
    if (const auto value = static_cast<double>(label); value < least || value > most)
      throw UsageError(fmt::format("input '{}' has a label {}, which {} does not hold", r.name,
                                   label, plumb::name_of(r.dtype)));
}

/// What the dtype cannot hold would not be the same on both sides.
void check_values(const Recipe& r) {
  if (!std::isfinite(r.scale) || !std::isfinite(r.offset))
    throw UsageError(fmt::format("input '{}' has scale {} and offset {}; need numbers", r.name,
                                 r.scale, r.offset));
  if (r.fill == Fill::labels) check_labels(r);
  if (is_floating(r.dtype)) return;
  if (r.fill != Fill::labels || r.scale != 1 || r.offset != 0)
    throw UsageError(
        fmt::format("input '{}' has dtype {}; it needs the fill labels, scale 1, "
                    "offset 0",
                    r.name, plumb::name_of(r.dtype)));
}

}  // namespace

const char* name_of(Fill fill) {
  for (const auto& [value, name] : kFills)
    if (value == fill) return name;
  return "?";
}

const char* name_of(Layout layout) {
  for (const auto& [value, name] : kLayouts)
    if (value == layout) return name;
  return "?";
}

Fill fill_from_name(const std::string& name) { return value_of<Fill>(kFills, name, "fill"); }
Layout layout_from_name(const std::string& name) {
  return value_of<Layout>(kLayouts, name, "layout");
}

nlohmann::json to_json(const Recipe& r) {
  nlohmann::json out = {{"name", r.name},
                        {"shape", r.shape},
                        {"dtype", plumb::name_of(r.dtype)},
                        {"fill", name_of(r.fill)},
                        {"seed", r.seed}};
  if (r.scale != 1) out["scale"] = r.scale;
  if (r.offset != 0) out["offset"] = r.offset;
  if (r.absolute) out["absolute"] = true;
  if (r.fill == Fill::labels) {
    out["limit"] = r.limit;
    if (r.ignore_every) out["ignore_every"] = r.ignore_every, out["ignore"] = r.ignore;
  }
  if (r.layout != Layout::plain) out["layout"] = name_of(r.layout);
  return out;
}

Recipe recipe_from_json(const nlohmann::json& json) {
  Fields fields(json);
  Recipe r;
  r.name = fields.need<std::string>("name");
  r.shape = fields.need<Shape>("shape");
  r.dtype = dtype_from_name(fields.need<std::string>("dtype"));
  r.fill = fill_from_name(fields.get<std::string>("fill", "uniform"));
  r.seed = fields.get<std::uint64_t>("seed", 0);
  r.scale = fields.get<double>("scale", 1);
  r.offset = fields.get<double>("offset", 0);
  r.absolute = fields.get<bool>("absolute", false);
  r.limit = fields.get<std::int64_t>("limit", 0);
  r.ignore_every = fields.get<std::int64_t>("ignore_every", 0);
  r.ignore = fields.get<std::int64_t>("ignore", -100);
  r.layout = layout_from_name(fields.get<std::string>("layout", "plain"));
  fields.end();
  check_shape(r.shape, r.name);
  check_values(r);
  return r;
}

}  // namespace plumb::golden
