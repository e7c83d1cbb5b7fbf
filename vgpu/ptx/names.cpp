#include "vgpu/ptx/names.h"

#include <algorithm>
#include <array>

namespace vgpu::ptx {
namespace {

constexpr int kDeepestScope = 200;
constexpr std::size_t kLongestIndex = 9;  // digits of a register's number

bool one_of(std::string_view word, std::initializer_list<std::string_view> words) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

bool is_number_below(std::string_view text, unsigned limit) {
  if (text.empty() || text.size() > 3 || (text.size() > 1 && text[0] == '0')) return false;
  unsigned value = 0;
  for (char c : text) {
    if (c < '0' || c > '9') return false;
    value = 10 * value + static_cast<unsigned>(c - '0');
  }
  return value < limit;
}

}  // namespace

bool is_special_register(const std::string& name) {
  const std::string_view whole = name;
  const std::size_t dot = whole.find('.');
  if (dot != std::string_view::npos)
    return one_of(whole.substr(0, dot), {"tid", "ntid", "ctaid", "nctaid", "clusterid",
                                         "nclusterid", "cluster_ctaid", "cluster_nctaid"}) &&
           one_of(whole.substr(dot + 1), {"x", "y", "z", "w"});
  if (whole.starts_with("envreg")) return is_number_below(whole.substr(6), 32);
  if (whole.starts_with("pm")) {
    const bool wide = whole.ends_with("_64");
    return is_number_below(whole.substr(2, whole.size() - 2 - (wide ? 3 : 0)), 8);
  }
  return one_of(whole, {"laneid",
                        "warpid",
                        "nwarpid",
                        "smid",
                        "nsmid",
                        "gridid",
                        "is_explicit_cluster",
                        "cluster_ctarank",
                        "cluster_nctarank",
                        "lanemask_eq",
                        "lanemask_le",
                        "lanemask_lt",
                        "lanemask_ge",
                        "lanemask_gt",
                        "clock",
                        "clock_hi",
                        "clock64",
                        "globaltimer",
                        "globaltimer_lo",
                        "globaltimer_hi",
                        "total_smem_size",
                        "aggr_smem_size",
                        "dynamic_smem_size",
                        "reserved_smem_offset_begin",
                        "reserved_smem_offset_end",
                        "reserved_smem_offset_cap",
                        "current_graph_exec"});
}

bool Scopes::open() {
  if (depth_ == kDeepestScope) return false;
  scopes_.push_back({current_, {}, {}, {}, {}});
  current_ = static_cast<int>(scopes_.size()) - 1;
  ++depth_;
  return true;
}

bool Scopes::close() {
  if (depth_ == 0) return false;
  current_ = scopes_[static_cast<std::size_t>(current_)].parent;
  --depth_;
  return true;
}

bool Scopes::add_register(const std::string& name, Type type) {
  Scope& scope = scopes_[static_cast<std::size_t>(current_)];
  Type known;
  if (scope.registers.contains(name) || find_range(scope, name, &known)) return false;
  scope.registers.emplace(name, new_register(name, type));
  return true;
}

bool Scopes::add_registers(const std::string& prefix, std::uint64_t count, Type type) {
  return scopes_[static_cast<std::size_t>(current_)]
      .ranges.emplace(prefix, Range{count, type})
      .second;
}

bool Scopes::add_variable(Variable variable) {
  Scope& scope = scopes_[static_cast<std::size_t>(current_)];
  if (scope.variables.contains(variable.name)) return false;
  const std::string name = variable.name;
  variable.name = unique_name(name);
  scope.variables.emplace(name, variable.name);
  function_.variables.push_back(std::move(variable));
  return true;
}

bool Scopes::add_label(const std::string& name, std::string* unique) {
  Scope& scope = scopes_[static_cast<std::size_t>(current_)];
  if (scope.labels.contains(name)) return false;
  *unique = unique_name(name);
  scope.labels.emplace(name, *unique);
  return true;
}

int Scopes::find_register(const std::string& name) {
  for (int i = current_; i >= 0; i = scopes_[static_cast<std::size_t>(i)].parent) {
    Scope& scope = scopes_[static_cast<std::size_t>(i)];
    if (const auto found = scope.registers.find(name); found != scope.registers.end())
      return found->second;
    if (Type type; find_range(scope, name, &type)) {
      const int index = new_register(name, type);
      scope.registers.emplace(name, index);
      return index;
    }
  }
  return -1;
}

const std::string* Scopes::find_variable(const std::string& name) const {
  for (int i = current_; i >= 0; i = scopes_[static_cast<std::size_t>(i)].parent) {
    const Scope& scope = scopes_[static_cast<std::size_t>(i)];
    if (const auto found = scope.variables.find(name); found != scope.variables.end())
      return &found->second;
  }
  for (const auto* list : {&function_.parameters, &function_.results})
    for (const Variable& v : *list)
      if (v.name == name) return &v.name;
  return nullptr;
}

const std::string* Scopes::find_label(const std::string& name, int from) const {
  for (int i = from; i >= 0; i = scopes_[static_cast<std::size_t>(i)].parent) {
    const Scope& scope = scopes_[static_cast<std::size_t>(i)];
    if (const auto found = scope.labels.find(name); found != scope.labels.end())
      return &found->second;
  }
  return nullptr;
}

int Scopes::new_register(const std::string& name, Type type) {
  function_.registers.push_back({unique_name(name), type});
  return static_cast<int>(function_.registers.size()) - 1;
}

bool Scopes::find_range(Scope& scope, const std::string& name, Type* type) const {
  if (scope.ranges.empty()) return false;
  std::uint64_t number = 0, unit = 1;
  for (std::size_t digits = 1; digits <= kLongestIndex && digits < name.size(); ++digits) {
    const char c = name[name.size() - digits];
    if (c < '0' || c > '9') return false;
    number += unit * static_cast<std::uint64_t>(c - '0');
    unit *= 10;
    if (c == '0' && digits > 1) continue;  // no leading zeros
    const auto found = scope.ranges.find(name.substr(0, name.size() - digits));
    if (found == scope.ranges.end() || number >= found->second.count) continue;
    *type = found->second.type;
    return true;
  }
  return false;
}

std::string Scopes::unique_name(const std::string& name) {
  if (taken_.insert(name).second) return name;
  for (;;) {
    std::string candidate = name + "$" + std::to_string(++copies_[name]);
    if (taken_.insert(candidate).second) return candidate;
  }
}

}  // namespace vgpu::ptx
