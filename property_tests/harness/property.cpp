#include "property_tests/harness/property.h"

#include <map>

#include "golden/harness/op.h"

namespace plumb::properties {

#define PLUMB_OP(name) std::vector<Property> name##_properties();
#include "golden/ops/list.inc"
#undef PLUMB_OP

const std::vector<Property>& properties_of(const std::string& op) {
  static const std::map<std::string, std::vector<Property>> all = {
#define PLUMB_OP(name) {#name, name##_properties()},
#include "golden/ops/list.inc"
#undef PLUMB_OP
  };
  return all.at(golden::find_op(op).name);
}

}  // namespace plumb::properties
