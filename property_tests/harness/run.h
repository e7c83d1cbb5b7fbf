// run.h - a case's kernels on arrays of the host: what a claim compares.
#pragma once

#include <map>
#include <string>

#include "golden/cases/host_array.h"
#include "golden/harness/op.h"

namespace plumb::properties {

using Arrays = std::map<std::string, golden::HostArray>;

/// The arrays that the case's recipes make.
Arrays inputs_of(const golden::Case& c);

/// Runs the op on `inputs`, each in the layout of its recipe; returns its outputs. An input of
/// another shape than the recipe's is taken as it is.
Arrays run(const golden::Case& c, const Arrays& inputs);
/// On the case's own inputs.
Arrays run(const golden::Case& c);

/// The case of the same id in another direction.
golden::Case in_direction(const golden::Case& c, const std::string& direction);

/// "" or "y: 3 of 40 elements differ ...": golden::difference for each array of either side.
std::string difference(const Arrays& got, const Arrays& want);

/// sum a_i b_i.
double inner(const golden::HostArray& a, const golden::HostArray& b);

}  // namespace plumb::properties
