// cross_entropy_oracle.h - the loss and its gradients in long double, with a bound of what rounding
// may do to ours.
#pragma once

#include "property_tests/harness/bounded.h"
#include "property_tests/harness/run.h"

namespace plumb::properties {

struct CrossEntropyAnswer {
  Bounded loss, dinput, dtarget;
};

/// Where a row's logits lie: [N, C, d...] has N d... rows.
struct Rows {
  std::int64_t count, classes, spatial;

  explicit Rows(const Shape& shape);
  std::size_t at(std::int64_t row, std::int64_t k) const {
    return static_cast<std::size_t>((row / spatial * classes + k) * spatial + row % spatial);
  }
};

/// Of a forward or a backward case; the gradients are of the `dy` among the inputs.
CrossEntropyAnswer cross_entropy_answer(const golden::Case& c, const Arrays& inputs);

}  // namespace plumb::properties
