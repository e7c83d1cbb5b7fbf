#include "golden/verify/junit.h"

#include <gtest/gtest.h>

namespace plumb::golden {
namespace {

TEST(Junit, ASuiteHasItsCasesInOrderAndItsCounts) {
  const std::string xml =
      junit({{"vgpu:0.native.relu", "b", 0.5, "PASS", "", ""},
             {"vgpu:0.native.linear", "c", 0.125, "SKIP", "no GPU", "text"},
             {"vgpu:0.native.relu", "a", 0.25, "FAIL", "off", "first\nlast\n"}});

  EXPECT_EQ(
      xml,
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
      "<testsuites name=\"plumbline\" tests=\"3\" failures=\"1\" errors=\"0\" skipped=\"1\" "
      "time=\"0.875000\">\n"
      "  <testsuite name=\"vgpu:0.native.linear\" tests=\"1\" failures=\"0\" errors=\"0\" "
      "skipped=\"1\" time=\"0.125000\">\n"
      "    <testcase classname=\"vgpu:0.native.linear\" name=\"c\" time=\"0.125000\"><skipped "
      "message=\"no GPU\"/></testcase>\n"
      "  </testsuite>\n"
      "  <testsuite name=\"vgpu:0.native.relu\" tests=\"2\" failures=\"1\" errors=\"0\" "
      "skipped=\"0\" time=\"0.750000\">\n"
      "    <testcase classname=\"vgpu:0.native.relu\" name=\"b\" time=\"0.500000\"></testcase>\n"
      "    <testcase classname=\"vgpu:0.native.relu\" name=\"a\" time=\"0.250000\"><failure "
      "type=\"FAIL\" message=\"off\">first\nlast\n</failure></testcase>\n"
      "  </testsuite>\n"
      "</testsuites>\n");
}

TEST(Junit, WhatCountsAsAFailureIsOne) {
  for (const char* outcome : {"FAIL", "UNTESTED", "MISTRUSTED"})
    EXPECT_NE(junit({{"s", "n", 0, outcome, "", ""}}).find("failures=\"1\""), std::string::npos)
        << outcome;
  for (const char* outcome : {"PASS", "SKIP", "GOLDEN_DEGRADED"})
    EXPECT_EQ(junit({{"s", "n", 0, outcome, "", ""}}).find("failures=\"1\""), std::string::npos)
        << outcome;
}

TEST(Junit, ADegradedGoldenPassesAndSaysWhy) {
  EXPECT_NE(junit({{"s", "n", 0, "GOLDEN_DEGRADED", "y: 3 off", ""}})
                .find("<system-out>GOLDEN_DEGRADED: y: 3 off</system-out>"),
            std::string::npos);
}

TEST(Junit, TextIsEscapedAndWhatXmlHasNoPlaceForIsLeftOut) {
  const std::string xml = junit({{"a&b", "<n>", 0, "FAIL", "say \"no\"\x01", "\x1b[1m\tx"}});

  EXPECT_NE(xml.find("classname=\"a&amp;b\" name=\"&lt;n&gt;\""), std::string::npos);
  EXPECT_NE(xml.find("message=\"say &quot;no&quot;\">[1m\tx<"), std::string::npos);
}

TEST(Junit, NothingIsADocumentToo) {
  EXPECT_NE(junit({}).find("<testsuites name=\"plumbline\" tests=\"0\""), std::string::npos);
}

}  // namespace
}  // namespace plumb::golden
