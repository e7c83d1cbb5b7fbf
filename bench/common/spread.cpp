#include "bench/common/spread.h"

#include <algorithm>
#include <stdexcept>

namespace plumb::bench {

Spread spread_of(std::vector<double> values) {
  if (values.empty()) throw std::invalid_argument("spread_of: no values");
  std::sort(values.begin(), values.end());
  const auto at = [&](double share) {
    const double place = share * static_cast<double>(values.size() - 1);
    const auto below = static_cast<std::size_t>(place);
    const std::size_t above = std::min(below + 1, values.size() - 1);
    return values[below] + (place - static_cast<double>(below)) * (values[above] - values[below]);
  };
  return {at(0.25), at(0.5), at(0.75)};
}

nlohmann::json to_json(const Spread& s) {
  return {{"low", s.low}, {"median", s.median}, {"high", s.high}};
}

}  // namespace plumb::bench
