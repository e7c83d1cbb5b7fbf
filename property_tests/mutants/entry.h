// entry.h - the one function that a mutant's library shows.
#pragma once

#include <vector>

#include "golden/harness/op.h"
#include "property_tests/harness/property.h"

namespace plumb::mutants {

/// The op and its claims as they call the library's own kernels.
struct Planted {
  golden::Op op;
  std::vector<properties::Property> properties;
};

}  // namespace plumb::mutants

/// Lives as long as the library is loaded.
extern "C" __attribute__((visibility("default"))) const plumb::mutants::Planted* plumb_mutant();
