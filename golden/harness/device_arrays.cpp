#include "golden/harness/device_arrays.h"

#include <algorithm>

#include "golden/cases/elements.h"

namespace plumb::golden {
namespace {

constexpr double kGap = 77;  // what lies between the elements of a strided view

/// The view and the memory it is of.
struct Placed {
  Tensor view, whole;
};

Placed place(const HostArray& array, Layout layout) {
  if (layout == Layout::plain) {
    const Tensor whole = Tensor::from_bytes(bytes_of_array(array), array.shape, array.dtype);
    return {whole, whole};
  }
  HostArray wide{array.shape, array.dtype, {}};
  if (layout == Layout::misaligned) {
    wide.shape = {count_of(array.shape) + 1};
    wide.values.push_back(kGap);
    wide.values.insert(wide.values.end(), array.values.begin(), array.values.end());
    const Tensor whole = Tensor::from_bytes(bytes_of_array(wide), wide.shape, wide.dtype);
    return {whole.narrow(0, 1, count_of(array.shape)).view(array.shape), whole};
  }
  wide.shape.push_back(2);
  for (const double value : array.values) {
    wide.values.push_back(value);
    wide.values.push_back(kGap);
  }
  const Tensor whole = Tensor::from_bytes(bytes_of_array(wide), wide.shape, wide.dtype);
  return {whole.select(-1, 0), whole};
}

}  // namespace

Tensor upload(const HostArray& array, Layout layout) { return place(array, layout).view; }

HostArray download(const Tensor& tensor) {
  return array_of_bytes(tensor.shape(), tensor.dtype(), tensor.to_bytes());
}

InputSet::InputSet(const Case& c) {
  for (const Recipe& recipe : c.inputs) {
    const HostArray& array = arrays_[recipe.name] = make(recipe);
    const Placed placed = place(array, recipe.layout);
    tensors_[recipe.name] = placed.view;
    if (std::find(c.in_out.begin(), c.in_out.end(), recipe.name) == c.in_out.end())
      kept_.push_back({recipe.name, placed.whole, placed.whole.to_bytes()});
  }
}

std::string InputSet::damage() const {
  for (const Kept& kept : kept_)
    if (kept.whole.to_bytes() != kept.before)
      return "input " + kept.name + " was written, which the op does not declare";
  return "";
}

}  // namespace plumb::golden
