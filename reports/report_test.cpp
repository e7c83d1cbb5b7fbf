#include "reports/report.h"

#include <gtest/gtest.h>

#include <regex>

#include "reports/charts.h"
#include "reports/elements.h"
#include "reports/assets.h"

namespace plumb::report {
namespace {

using nlohmann::json;

json sample() {
  return {
      {"device", "vgpu:0"},
      {"config", "a: <b>\n"},
      {"images_per_second", 100.0},
      {"verdicts",
       {{{"name", "first <check>"},
         {"outcome", "PASS"},
         {"figure", 0.5},
         {"limit", 1},
         {"detail", "</script><b>"}},
        {{"name", "second"}, {"outcome", "FAIL"}, {"figure", 2}, {"limit", 1}, {"detail", ""}}}},
      {"steps",
       {{{"step", 1},
         {"worst", "0.weight"},
         {"share", 0.5},
         {"loss", 2.3},
         {"libtorch_loss", 2.3}}}},
      {"free", {{"loss", {2.3, 2.2}}, {"libtorch_loss", {2.3, 2.1}}}},
      {"accuracy", {{"ours", 0.9}, {"libtorch", 0.8}, {"images", 10}}}};
}

const Provenance kWhere{"abc", "a machine", "plumbline train", "today"};

/// The JSON inside the script element of an id.
json data_of(const std::string& page, const std::string& id) {
  const std::string open = "<script type=\"application/json\" id=\"" + id + "\">";
  const auto begin = page.find(open) + open.size();
  return json::parse(page.substr(begin, page.find("</script>", begin) - begin));
}

TEST(Report, LoadsNothingFromElsewhere) {
  std::string page = html(sample(), kWhere);
  const auto script = page.find(page_script());
  ASSERT_NE(script, std::string::npos);
  page.erase(script, page_script().size());

  for (const char* word : {"http://", "https://", "src=", "<link", "@import", "url("})
    EXPECT_EQ(page.find(word), std::string::npos) << word;
}

TEST(Report, ItsScriptNamesNoAddressButThoseOfXmlsNamespaces) {
  const std::string script(page_script());
  const std::regex address("https?://[^\"' )]*");

  EXPECT_EQ(script.find("</script"), std::string::npos);
  for (std::sregex_iterator found(script.begin(), script.end(), address), end; found != end;
       ++found)
    EXPECT_EQ(found->str().rfind("http://www.w3.org/", 0), 0u) << found->str();
}

TEST(Report, HoldsTheResultAsItWas) {
  EXPECT_EQ(data_of(html(sample(), kWhere), "result"), sample());
}

TEST(Report, HoldsEachChartsSpecificationWithItsNumbers) {
  const std::string page = html(sample(), kWhere);

  const json spec = data_of(page, "spec-loss"), share = data_of(page, "spec-share");

  const json last = {{"series", "Plumbline on vgpu:0"}, {"x", 2}, {"y", 2.2}};
  EXPECT_EQ(spec, vega_specification(loss_chart(sample())));
  EXPECT_EQ(spec["data"][0]["values"].size(), 4u);
  EXPECT_EQ(spec["data"][0]["values"].back(), last);
  EXPECT_EQ(share["scales"][1]["type"], "log");
  EXPECT_EQ(share["data"][0]["values"].size(), 1u);
}

TEST(Report, ALogarithmicChartLeavesOutWhatHasNoPlaceOnIt) {
  const Chart chart{"c", "t", "x", "y", true, {{"s", {{1, 0}, {2, NAN}, {3, INFINITY}, {4, 0.5}}}}};

  EXPECT_EQ(vega_specification(chart)["data"][0]["values"].size(), 1u);
  for (const char* word : {"nan", "inf"}) EXPECT_EQ(svg(chart).find(word), std::string::npos);
}

TEST(Report, EscapesTextAndLabelsEveryRowWithItsDevice) {
  const std::string page = html(sample(), kWhere);
  EXPECT_NE(page.find("first &lt;check&gt;</td><td data-label=\"device\">vgpu:0</td>"),
            std::string::npos);
  EXPECT_NE(page.find("second</td><td data-label=\"device\">vgpu:0</td>"), std::string::npos);
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

TEST(Report, AChartIsDrawnWithoutScriptToo) {
  const std::string drawn = svg(loss_chart(sample()));

  EXPECT_NE(drawn.find("<polyline"), std::string::npos);
  EXPECT_NE(figure(loss_chart(sample())).find(drawn), std::string::npos);
}

TEST(Report, ANumberReadsAsPeopleReadIt) {
  EXPECT_EQ(number(12394.4), "12394");
  EXPECT_EQ(number(0.000123456), "0.0001235");
  EXPECT_EQ(number(1e9), "1e+09");
}

TEST(Report, ARowOfAnotherWidthIsRefused) {
  EXPECT_THROW(Table({"a", "b"}).add({text("one")}), std::logic_error);
}

TEST(Report, TheSameInputGivesTheSameBytes) {
  EXPECT_EQ(html(sample(), kWhere), html(sample(), kWhere));
}

TEST(Report, AJsonWithoutVerdictsIsRefused) {
  EXPECT_THROW(html(json::object(), kWhere), std::invalid_argument);
}

TEST(Summary, IsATableOfEveryVerdict) {
  const std::string text = summary(sample(), kWhere);
  EXPECT_NE(text.find("# Plumbline: FAIL"), std::string::npos);
  EXPECT_NE(text.find("| second | vgpu:0 | FAIL | 2 | 1 |  |"), std::string::npos);
}

}  // namespace
}  // namespace plumb::report
