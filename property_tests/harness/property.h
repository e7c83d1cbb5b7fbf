// property.h - claims about an op that hold for all its inputs, whatever LibTorch says.
//
// property_tests/ops/<op>.cpp defines one function, `std::vector<Property> <op>_properties()`.
#pragma once

#include <functional>
#include <string>
#include <vector>

namespace plumb::properties {

struct Property {
  std::string name;   // "a_row_of_y_depends_on_its_row_of_x_alone": the claim
  std::string hunts;  // the bug that breaks it
  /// Looks for inputs that break the claim: "" when none was found, else one line that ends with
  /// the smallest one, as a case id that `plumbline verify --case` takes.
  std::function<std::string()> falsify;
};

/// The claims of an op of impl/ops.txt; through find_op, so that a mutant in its place is tested.
const std::vector<Property>& properties_of(const std::string& op);

}  // namespace plumb::properties
