// row.h - one line of the table: a figure beside its goal and its peer, and what bounds it.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "bench/common/spread.h"

namespace plumb::bench {

/// What the goal speaks of.
enum class Judged {
  figure,      // the figure itself
  time_ratio,  // our time over the peer's: 1 is as fast, 2 takes twice as long
  speed_ratio  // the peer's time over ours: 1 is as fast, 0.5 is half the speed
};

/// The number aimed at, and the number that must hold; both 0: a row without a goal.
struct Goal {
  double goal = 0, limit = 0;
  bool at_most = true;  // false: at least
};

struct Row {
  // what it is
  std::string id;    // the case id
  int threads = 1;   // of the virtual GPU, and of the peer unless `peer` says otherwise
  std::string unit;  // of figure, peer_figure and of the goal when the figure is judged
  std::string peer;  // what is timed in turn with ours; empty: nothing on a CPU does the same
  Judged judged = Judged::figure;
  Goal goal;
  std::string bound;  // what limits it: "fma of one core, 130 GFLOP/s"
  // what was measured
  std::optional<Spread> figure, peer_figure, ratio;  // ratio: our time over the peer's, by round
  std::string no_peer;                // why there is no peer_figure, when there could be
  std::optional<double> bound_share;  // 1: at the bound
  int rounds = 0;
};

/// What the goal speaks of, measured; none where its peer is missing.
std::optional<double> judged_value(const Row& row);

/// "goal met", "within limit", "missed", "no peer", "no goal".
std::string verdict_of(const Row& row);

nlohmann::json to_json(const Row& row);

/// Markdown, columns padded so that it reads well on a terminal; below it why a peer is missing.
std::string table_of(const std::vector<Row>& rows);

}  // namespace plumb::bench
