#include "property_tests/harness/run.h"

#include "golden/cases/elements.h"
#include "golden/harness/device_arrays.h"

namespace plumb::properties {

using golden::Case;
using golden::HostArray;

Arrays inputs_of(const Case& c) {
  Arrays out;
  for (const golden::Recipe& recipe : c.inputs) out[recipe.name] = golden::make(recipe);
  return out;
}

Arrays run(const Case& c, const Arrays& inputs) {
  golden::Inputs tensors;
  for (const auto& [name, array] : inputs) {
    const golden::Recipe* recipe = c.find(name);
    tensors[name] = golden::upload(array, recipe ? recipe->layout : golden::Layout::plain);
  }
  Arrays out;
  for (const auto& [name, tensor] : golden::find_op(c.id.op).run(c, tensors))
    out[name] = golden::download(tensor);
  return out;
}

Arrays run(const Case& c) { return run(c, inputs_of(c)); }

Case in_direction(const Case& c, const std::string& direction) {
  golden::CaseId id = c.id;
  id.direction = direction;
  return golden::make_case(golden::format_case_id(id));
}

std::string difference(const Arrays& got, const Arrays& want) {
  for (const auto& [name, array] : want) {
    const auto other = got.find(name);
    if (other == got.end()) return name + " is missing";
    if (const std::string text = golden::difference(other->second, array); !text.empty())
      return name + ": " + text;
  }
  for (const auto& [name, array] : got)
    if (!want.contains(name)) return name + " is unexpected";
  return "";
}

double inner(const HostArray& a, const HostArray& b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.values.size(); ++i) sum += a.values[i] * b.values[i];
  return sum;
}

}  // namespace plumb::properties
