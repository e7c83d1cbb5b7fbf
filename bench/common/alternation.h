// alternation.h - times ours and a peer in rounds that follow each other closely, so that what else
// the machine does meets both.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

namespace plumb::bench {

/// Does its work `repeats` times and returns the mean seconds of one.
using Timed = std::function<double(std::int64_t repeats)>;

/// From a body that is called once a repeat and returns when its work is done.
Timed timed(std::function<void()> body);

/// Rounds in alternating order: ours, peer, peer, ours. A round repeats the work until it lasts
/// some milliseconds.
class Alternation {
 public:
  /// Warms both up. `peer` may be empty.
  Alternation(Timed ours, Timed peer);

  /// Both once; our seconds of one piece of work.
  double round();

  /// Seconds of one piece of work, by round; of the peer none without one.
  const std::vector<double>& ours() const { return our_seconds_; }
  const std::vector<double>& peers() const { return peer_seconds_; }
  /// Our time over the peer's, by round.
  std::vector<double> ratios() const;

 private:
  double run_peer(std::int64_t repeats);

  Timed ours_, peer_;
  std::int64_t our_repeats_ = 1, peer_repeats_ = 1;
  bool peer_first_ = false;
  std::vector<double> our_seconds_, peer_seconds_;
};

}  // namespace plumb::bench
