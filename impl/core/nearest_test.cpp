#include "impl/core/nearest.h"

#include <gtest/gtest.h>

namespace plumb {
namespace {

TEST(Nearest, isTheFewestEditsAwayAndNothingOfNothing) {
  EXPECT_EQ(nearest("linaer", {"relu", "linear", "sgd"}), "linear");
  EXPECT_EQ(nearest("", {"ab", "a"}), "a");
  EXPECT_EQ(nearest("x", {}), "");
}

}  // namespace
}  // namespace plumb
