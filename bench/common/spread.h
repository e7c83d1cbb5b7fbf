// spread.h - the middle of many measurements and how far they lie apart.
#pragma once

#include <nlohmann/json.hpp>
#include <vector>

namespace plumb::bench {

/// Over the rounds of a measurement.
struct Spread {
  double low = 0, median = 0, high = 0;  // quartiles
};

/// Linear interpolation between ranks, as numpy's default. Throws std::invalid_argument for no
/// values.
Spread spread_of(std::vector<double> values);

nlohmann::json to_json(const Spread& spread);

}  // namespace plumb::bench
