#include "impl/random/mt19937.h"

#include <bit>
#include <cmath>
#include <cstring>
#include <numbers>
#include <sstream>

#include "impl/core/error.h"

namespace plumb {
namespace {

constexpr std::size_t kMiddle = 397;

/// What torch.Generator.get_state() gives, field by field.
struct LibtorchState {
  std::uint64_t seed;
  std::int32_t left, seeded;
  std::uint64_t next;
  std::uint64_t words[624];
  double unused_x, normal_y, unused_rho;
  std::int32_t normal_is_valid, unused_padding;
  float float_normal;
  std::int32_t float_normal_is_valid;
};
static_assert(sizeof(LibtorchState) == 5056);

}  // namespace

void Mt19937::manual_seed(std::uint64_t seed) {
  seed_ = seed;
  next_normal_.reset();
  next_ = 0;
  words_[0] = static_cast<std::uint32_t>(seed);
  for (std::size_t i = 1; i < kWords; ++i)
    words_[i] =
        1812433253u * (words_[i - 1] ^ (words_[i - 1] >> 30)) + static_cast<std::uint32_t>(i);
}

void Mt19937::twist() {
  for (std::size_t i = 0; i < kWords; ++i) {
    const std::uint32_t both = (words_[i] & 0x80000000u) | (words_[(i + 1) % kWords] & 0x7fffffffu);
    words_[i] = words_[(i + kMiddle) % kWords] ^ (both >> 1) ^ (both & 1 ? 0x9908b0dfu : 0);
  }
  next_ = 0;
}

std::uint32_t Mt19937::random() {
  if (next_ == 0 || next_ == kWords) twist();
  std::uint32_t y = words_[next_++];
  y ^= y >> 11;
  y ^= (y << 7) & 0x9d2c5680u;
  y ^= (y << 15) & 0xefc60000u;
  return y ^ (y >> 18);
}

std::uint64_t Mt19937::random64() {
  const std::uint64_t high = random();
  return high << 32 | random();
}

double Mt19937::normal() {
  if (next_normal_) {
    const double kept = *next_normal_;
    next_normal_.reset();
    return kept;
  }
  const double u1 = uniform53(), u2 = uniform53();
  const double r = std::sqrt(-2 * std::log1p(-u2)), theta = 2 * std::numbers::pi * u1;
  next_normal_ = r * std::sin(theta);
  return r * std::cos(theta);
}

/// The seed, the words, how many of them are drawn, and the kept normal's bits where there is one.
std::string Mt19937::state() const {
  std::ostringstream text;
  text << seed_;
  for (const std::uint32_t word : words_) text << ' ' << word;
  text << ' ' << next_;
  if (next_normal_) text << ' ' << std::bit_cast<std::uint64_t>(*next_normal_);
  return text.str();
}

void Mt19937::set_state(const std::string& text) {
  std::istringstream stream(text);
  Mt19937 read;
  stream >> read.seed_;
  for (std::uint32_t& word : read.words_) stream >> word;
  stream >> read.next_;
  PLUMB_CHECK(ValueError, !stream.fail() && read.next_ <= kWords,
              "a text of {} characters is no generator state", text.size());
  if (std::uint64_t bits = 0; stream >> bits) read.next_normal_ = std::bit_cast<double>(bits);
  *this = read;
}

std::vector<std::byte> Mt19937::libtorch_state() const {
  LibtorchState state{};
  state.seed = seed_;
  state.left = next_ == 0 ? 1 : static_cast<std::int32_t>(kWords - next_ + 1);
  state.seeded = 1;
  state.next = next_;
  std::copy(words_.begin(), words_.end(), state.words);
  state.normal_is_valid = next_normal_.has_value();
  state.normal_y = next_normal_.value_or(0);
  std::vector<std::byte> out(sizeof state);
  std::memcpy(out.data(), &state, sizeof state);
  return out;
}

void Mt19937::set_libtorch_state(std::span<const std::byte> bytes) {
  LibtorchState state{};
  PLUMB_CHECK(ValueError, bytes.size() == sizeof state,
              "Expected a CPUGeneratorImplState of size {} but found the input RNG state size to "
              "be {}",
              sizeof state, bytes.size());
  std::memcpy(&state, bytes.data(), sizeof state);
  const bool fresh = state.left == 1 && state.next == 0;
  PLUMB_CHECK(ValueError,
              state.seeded == 1 && state.next <= kWords &&
                  (fresh || state.left == static_cast<std::int32_t>(kWords - state.next + 1)),
              "Invalid mt19937 state");
  seed_ = state.seed;
  for (std::size_t i = 0; i < kWords; ++i) words_[i] = static_cast<std::uint32_t>(state.words[i]);
  next_ = state.next;
  next_normal_.reset();
  if (state.normal_is_valid) next_normal_ = state.normal_y;
}

}  // namespace plumb
