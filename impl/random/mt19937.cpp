#include "impl/random/mt19937.h"

#include <cmath>
#include <numeric>
#include <sstream>

#include "impl/core/error.h"

namespace plumb {
namespace {

constexpr std::int64_t kInsideOut =
    ((std::int64_t{1} << 32) - 1) / 20;  // from here randperm draws 64 bits

template <class Real>
Real place(Real u, Real from, Real to, bool fused) {
  const Real width = to - from;
  Real x;
  if (fused) {
    x = std::fma(u, width, from);
  } else {
    const volatile Real product =
        u * width;  // volatile: rounded, whatever the compiler may contract
    x = product + from;
  }
  return x == to ? from : x;
}

}  // namespace

void Mt19937::manual_seed(std::uint64_t seed) {
  seed_ = seed;
  engine_.seed(static_cast<std::uint32_t>(seed));
}

std::uint64_t Mt19937::random64() {
  const std::uint64_t high = random();
  return high << 32 | random();
}

void Mt19937::uniform(float* out, std::size_t count, double from, double to, bool fused) {
  const auto a = static_cast<float>(from), b = static_cast<float>(to);
  for (std::size_t i = 0; i < count; ++i)
    out[i] = place(static_cast<float>(random() & 0xffffff) * 0x1p-24f, a, b, fused);
}

void Mt19937::uniform(double* out, std::size_t count, double from, double to, bool fused) {
  for (std::size_t i = 0; i < count; ++i)
    out[i] = place(static_cast<double>(random64() & ((std::uint64_t{1} << 53) - 1)) * 0x1p-53, from,
                   to, fused);
}

std::vector<std::int64_t> Mt19937::permutation(std::int64_t n) {
  PLUMB_CHECK(ValueError, n >= 0, "a permutation of {} elements", n);
  std::vector<std::int64_t> out(static_cast<std::size_t>(n));
  if (n < kInsideOut) {
    std::iota(out.begin(), out.end(), 0);
    for (std::int64_t i = 0; i < n - 1; ++i)
      std::swap(out[static_cast<std::size_t>(i)],
                out[static_cast<std::size_t>(i + random() % (n - i))]);
    return out;
  }
  for (std::int64_t i = 0; i < n; ++i) {
    const auto j = static_cast<std::size_t>(random64() % static_cast<std::uint64_t>(i + 1));
    out[static_cast<std::size_t>(i)] = out[j];
    out[j] = i;
  }
  return out;
}

std::string Mt19937::state() const {
  std::ostringstream text;
  text << seed_ << ' ' << engine_;
  return text.str();
}

void Mt19937::set_state(const std::string& text) {
  std::istringstream stream(text);
  std::mt19937 engine;
  std::uint64_t seed = 0;
  stream >> seed >> engine;
  PLUMB_CHECK(ValueError, !stream.fail(), "a text of {} characters is no generator state",
              text.size());
  engine_ = engine;
  seed_ = seed;
}

}  // namespace plumb
