#include "property_tests/mutants/entry.h"

// golden/ops/<op>.cpp and property_tests/ops/<op>.cpp, built into the same library
namespace plumb::golden {
Op PLUMB_OP_FUNCTION();
}
namespace plumb::properties {
std::vector<Property> PLUMB_PROPERTIES_FUNCTION();
}

const plumb::mutants::Planted* plumb_mutant() {
  static const plumb::mutants::Planted planted = {plumb::golden::PLUMB_OP_FUNCTION(),
                                                  plumb::properties::PLUMB_PROPERTIES_FUNCTION()};
  return &planted;
}
