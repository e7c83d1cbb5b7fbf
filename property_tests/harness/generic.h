// generic.h - claims that any op keeps, made from the ids that its cases may have.
#pragma once

#include <functional>
#include <vector>

#include "property_tests/harness/claim.h"
#include "property_tests/harness/run.h"

namespace plumb::properties {

/// Where the elements lie, in which order blocks run and on how many threads changes no bit of a
/// result. `ids` draws plain cases of `direction`.
std::vector<Property> invariance(const std::string& direction, const Ids& ids);

/// Of an op on elements of x: changing one changes that one alone of y. `ids` draws forward cases.
Property an_element_depends_on_itself_alone(const Ids& ids);

/// The outputs "dx" ... of backward are the gradient of <dy, forward>: the directional derivative,
/// extrapolated, within 1e-7. `ids` draws backward cases in f64; `prepare` may move inputs away
/// from kinks.
Property gradients_pass_gradcheck(const Ids& ids, std::function<void(Arrays&)> prepare = {});

}  // namespace plumb::properties
