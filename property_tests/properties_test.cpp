// Every property of every op as a GoogleTest: <op>.<property>.
#include <gtest/gtest.h>

#include "golden/harness/op.h"
#include "property_tests/harness/property.h"

namespace {

class PropertyTest : public testing::Test {
 public:
  explicit PropertyTest(const plumb::properties::Property& property) : property_(property) {}
  void TestBody() override { EXPECT_EQ(property_.falsify(), "") << "hunts " << property_.hunts; }

 private:
  const plumb::properties::Property& property_;
};

}  // namespace

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  for (const plumb::golden::Op& op : plumb::golden::ops())
    for (const plumb::properties::Property& property : plumb::properties::properties_of(op.name))
      testing::RegisterTest(op.name.c_str(), property.name.c_str(), nullptr, nullptr, __FILE__,
                            __LINE__, [&property] { return new PropertyTest(property); });
  return RUN_ALL_TESTS();
}
