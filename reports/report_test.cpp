#include "reports/report.h"

#include <gtest/gtest.h>

namespace plumb::report {
namespace {

using nlohmann::json;

json sample() {
  return {{"device", "vgpu:0"}, {"config", "a: <b>\n"}, {"images_per_second", 100.0},
          {"verdicts", {{{"name", "first <check>"}, {"outcome", "PASS"}, {"figure", 0.5}, {"limit", 1}, {"detail", "</script><b>"}},
                        {{"name", "second"}, {"outcome", "FAIL"}, {"figure", 2}, {"limit", 1}, {"detail", ""}}}},
          {"steps", {{{"step", 1}, {"worst", "0.weight"}, {"share", 0.5}, {"loss", 2.3}, {"libtorch_loss", 2.3}}}},
          {"free", {{"loss", {2.3, 2.2}}, {"libtorch_loss", {2.3, 2.1}}}}, {"accuracy", {{"ours", 0.9}, {"libtorch", 0.8}, {"images", 10}}}};
}

const Provenance kWhere{"abc", "a machine", "plumbline train", "today"};

/// The JSON inside the script element of an id.
json embedded(const std::string& page, const std::string& id) {
  const std::string open = "<script type=\"application/json\" id=\"" + id + "\">";
  const auto begin = page.find(open) + open.size();
  return json::parse(page.substr(begin, page.find("</script>", begin) - begin));
}

TEST(Report, LoadsNothingFromElsewhere) {
  const std::string page = html(sample(), kWhere);
  for (const char* word : {"http://", "https://", "src=", "@import", "url("}) EXPECT_EQ(page.find(word), std::string::npos) << word;
}

TEST(Report, HoldsTheResultAsItWas) { EXPECT_EQ(embedded(html(sample(), kWhere), "result"), sample()); }

TEST(Report, EscapesTextAndLabelsEveryRowWithItsDevice) {
  const std::string page = html(sample(), kWhere);
  EXPECT_NE(page.find("first &lt;check&gt;</td><td>vgpu:0</td>"), std::string::npos);
  EXPECT_NE(page.find("second</td><td>vgpu:0</td>"), std::string::npos);
  EXPECT_NE(page.find("No GPU was used"), std::string::npos);
  EXPECT_EQ(page.find("<b>\n"), std::string::npos);
}

TEST(Report, TheWorstOutcomeIsTheBanner) {
  json result = sample();
  EXPECT_EQ(overall(result), "FAIL");
  result["verdicts"].erase(1);
  EXPECT_EQ(overall(result), "PASS");
  result["stopped"] = true;
  EXPECT_EQ(overall(result), "INCONCLUSIVE");
  result["verdicts"] = json::array();
  EXPECT_EQ(overall(result), "UNTESTED");
}

TEST(Report, ChartsHoldEveryPoint) {
  EXPECT_EQ(loss_chart(sample()).series.size(), 2u);
  EXPECT_EQ(loss_chart(sample()).series[0].points.size(), 2u);
  EXPECT_EQ(share_chart(sample()).series[0].points.size(), 1u);
  const std::string drawn = svg(loss_chart(sample()));
  EXPECT_EQ(drawn.find("nan"), std::string::npos);
  EXPECT_NE(drawn.find("<polyline"), std::string::npos);
  EXPECT_EQ(svg({"t", "x", true, {{"s", {{1, 0}}}}}).find("inf"), std::string::npos);
}

TEST(Report, TheSameInputGivesTheSameBytes) { EXPECT_EQ(html(sample(), kWhere), html(sample(), kWhere)); }

TEST(Report, AJsonWithoutVerdictsIsRefused) { EXPECT_THROW(html(json::object(), kWhere), std::invalid_argument); }

TEST(Summary, IsATableOfEveryVerdict) {
  const std::string text = summary(sample(), kWhere);
  EXPECT_NE(text.find("# Plumbline: FAIL"), std::string::npos);
  EXPECT_NE(text.find("| second | vgpu:0 | FAIL | 2 | 1 |  |"), std::string::npos);
}

}  // namespace
}  // namespace plumb::report
