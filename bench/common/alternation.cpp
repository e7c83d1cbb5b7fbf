#include "bench/common/alternation.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <thread>

namespace plumb::bench {
namespace {

constexpr double kRoundSeconds = 0.01;
constexpr std::int64_t kMostRepeats = 10000;
/// Threads of a peer may spin for a while after their work; they would take the core from ours.
constexpr auto kPauseAfterPeer = std::chrono::milliseconds(10);

std::int64_t repeats_for(double seconds) {
  const double wanted = std::ceil(kRoundSeconds / std::max(seconds, 1e-9));
  return std::clamp(static_cast<std::int64_t>(wanted), std::int64_t{1}, kMostRepeats);
}

}  // namespace

Timed timed(std::function<void()> body) {
  return [body = std::move(body)](std::int64_t repeats) {
    using Clock = std::chrono::steady_clock;
    const auto start = Clock::now();
    for (std::int64_t i = 0; i < repeats; ++i) body();
    return std::chrono::duration<double>(Clock::now() - start).count() /
           static_cast<double>(repeats);
  };
}

Alternation::Alternation(Timed ours, Timed peer) : ours_(std::move(ours)), peer_(std::move(peer)) {
  ours_(1);
  our_repeats_ = repeats_for(ours_(1));
  if (peer_) run_peer(1), peer_repeats_ = repeats_for(run_peer(1));
}

double Alternation::run_peer(std::int64_t repeats) {
  const double seconds = peer_(repeats);
  std::this_thread::sleep_for(kPauseAfterPeer);
  return seconds;
}

double Alternation::round() {
  if (peer_ && peer_first_) peer_seconds_.push_back(run_peer(peer_repeats_));
  our_seconds_.push_back(ours_(our_repeats_));
  if (peer_ && !peer_first_) peer_seconds_.push_back(run_peer(peer_repeats_));
  peer_first_ = !peer_first_;
  return our_seconds_.back();
}

std::vector<double> Alternation::ratios() const {
  std::vector<double> out;
  for (std::size_t i = 0; i < peer_seconds_.size(); ++i)
    out.push_back(our_seconds_[i] / peer_seconds_[i]);
  return out;
}

}  // namespace plumb::bench
