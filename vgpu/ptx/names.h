// names.h - what a name means where: the module's names, and a function's nested scopes.
#pragma once

#include <deque>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "vgpu/ptx/module.h"

namespace vgpu::ptx {

/// Whether %name is a special register: "tid.x", "laneid", "envreg2".
bool is_special_register(const std::string& name);

/// The scopes of one function's body. Every register, variable and label gets a name that is unique
/// in the function: its own if that is still free, else with a number behind a `$`.
class Scopes {
 public:
  explicit Scopes(Function& function) : function_(function) { open(); }

  bool open();   // false: nested too deeply
  bool close();  // false: there is nothing to close
  int current() const { return current_; }
  int depth() const { return depth_; }

  // Each returns false when the scope has the name already.
  bool add_register(const std::string& name, Type type);
  /// %r<5>: %r0 to %r4, each made when first used, so that a large count costs nothing.
  bool add_registers(const std::string& prefix, std::uint64_t count, Type type);
  bool add_variable(Variable variable);
  bool add_label(const std::string& name, std::string* unique);

  /// Index into Function::registers, or -1.
  int find_register(const std::string& name);
  /// The unique name of a variable or parameter of the function; null when there is none.
  const std::string* find_variable(const std::string& name) const;
  /// The unique name of a label as seen from `scope`; null when there is none.
  const std::string* find_label(const std::string& name, int scope) const;

 private:
  struct Range {
    std::uint64_t count;
    Type type;
  };
  struct Scope {
    int parent;
    std::unordered_map<std::string, int> registers;
    std::unordered_map<std::string, Range> ranges;
    std::unordered_map<std::string, std::string> variables, labels;
  };

  int new_register(const std::string& name, Type type);
  bool find_range(Scope& scope, const std::string& name, Type* type) const;
  std::string unique_name(const std::string& name);

  Function& function_;
  std::deque<Scope> scopes_;  // all that ever were: labels are looked up at the end
  int current_ = -1;
  int depth_ = 0;
  std::unordered_set<std::string> taken_;
  std::unordered_map<std::string, int> copies_;
};

}  // namespace vgpu::ptx
