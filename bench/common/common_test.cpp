#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <string>

#include "bench/common/alternation.h"
#include "bench/common/limits.h"
#include "bench/common/provenance.h"
#include "bench/common/spread.h"
#include "bench/common/table.h"

namespace plumb::bench {
namespace {

TEST(Spread, HasTheQuartilesOfNumpy) {
  const Spread s = spread_of({10, 1, 4, 2});

  EXPECT_DOUBLE_EQ(s.low, 1.75);
  EXPECT_DOUBLE_EQ(s.median, 3);
  EXPECT_DOUBLE_EQ(s.high, 5.5);
}

TEST(Spread, OfNothingIsRefused) { EXPECT_THROW(spread_of({}), std::invalid_argument); }

TEST(MoveTime, IsStraightInLogarithmsBetweenItsPoints) {
  const MoveTime move({{1000, 1}, {4000, 16}});

  EXPECT_DOUBLE_EQ(move.seconds(1000), 1);
  EXPECT_DOUBLE_EQ(move.seconds(2000), 4);
  EXPECT_DOUBLE_EQ(move.seconds(4000), 16);
}

TEST(MoveTime, KeepsTheOuterRatesBeyondItsPoints) {
  const MoveTime move({{1000, 1}, {4000, 16}});

  EXPECT_DOUBLE_EQ(move.seconds(500), 0.5);
  EXPECT_DOUBLE_EQ(move.seconds(8000), 32);
  EXPECT_DOUBLE_EQ(move.seconds(0), 0);
  EXPECT_THROW(MoveTime({}), std::invalid_argument);
}

/// Notes who runs; `seconds` a piece.
Timed noted(std::string& order, char who, double seconds) {
  return [&order, who, seconds](std::int64_t) {
    order += who;
    return seconds;
  };
}

TEST(Alternation, TurnsTheOrderRoundAfterRound) {
  std::string order;
  Alternation rounds(noted(order, 'o', 0.02), noted(order, 'p', 0.01));
  order.clear();

  for (int i = 0; i < 4; ++i) rounds.round();

  EXPECT_EQ(order, "oppooppo");
  EXPECT_EQ(rounds.ratios(), (std::vector<double>{2, 2, 2, 2}));
}

TEST(Alternation, RepeatsWhatIsShort) {
  std::vector<std::int64_t> repeats;
  Alternation rounds(
      [&](std::int64_t n) {
        repeats.push_back(n);
        return 1e-3;
      },
      {});

  rounds.round();

  EXPECT_EQ(repeats, (std::vector<std::int64_t>{1, 1, 10})) << "warm-up, estimate, a round";
  EXPECT_TRUE(rounds.peers().empty());
}

TEST(Table, ShowsThreeDigits) {
  EXPECT_EQ(number_text(1234.4), "1234");
  EXPECT_EQ(number_text(12.34), "12.3");
  EXPECT_EQ(number_text(0.01234), "0.012");
  EXPECT_EQ(table_text({{"a", "bc"}, {"1", "2"}}), "| a | bc |\n|---|----|\n| 1 | 2  |\n");
}

TEST(Provenance, NamesMachineVersionsCommandAndDate) {
  const nlohmann::ordered_json p = provenance();

  for (const char* field :
       {"machine", "cpu", "command", "date", "plumbline", "revision", "cuda", "compiler"})
    EXPECT_FALSE(p.at(field).get<std::string>().empty()) << field;
  EXPECT_GT(p.at("cores"), 0);
  EXPECT_EQ(p.at("command").get<std::string>().rfind("plumb.test.bench_common", 0), 0u);
  EXPECT_EQ(p.at("date").get<std::string>().size(), std::string("2026-01-31T23:59:59Z").size());
}

}  // namespace
}  // namespace plumb::bench
