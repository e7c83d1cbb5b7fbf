// stream.h - LibTorch's random numbers as a golden sees them: a distribution's call, and its draws.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "impl/random/distributions.h"

namespace plumb::golden {

/// A call of a distribution. Its draws follow from a seed and a count.
struct Stream {
  std::string distribution;  // "normal", as in random/distributions.h
  Dtype dtype;
  std::vector<double> arguments;
  random::Kernels kernels = random::Kernels::avx2;  // of LibTorch; most distributions do not care
};

/// "normal/f32/2_3.3/avx2"
std::string name_of(const Stream& stream);

/// Every distribution in every dtype, in both forms where these differ.
const std::vector<Stream>& all_streams();

/// Seeds and counts that are held to LibTorch's: 10 long ones, and short ones around the sizes of
/// LibTorch's blocks.
struct Draw {
  std::uint64_t seed;
  std::int64_t count;
};
const std::vector<Draw>& all_draws();
/// A long draw of randperm and the like is as long as the others.
inline constexpr std::int64_t kLong = 100000;

/// Eight bytes an element: a double, or an integer where the distribution gives integers.
std::string draw(const Stream& stream, const Draw& draw);

/// What plumbline-reference is asked ("random.draw").
nlohmann::json request_of(const Stream& stream, const Draw& draw);

}  // namespace plumb::golden
