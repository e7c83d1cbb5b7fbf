#include "reports/report.h"

#include <gtest/gtest.h>

#include <cmath>
#include <regex>
#include <set>

#include "reports/assets.h"
#include "reports/charts.h"
#include "reports/elements.h"
#include "reports/samples.h"

namespace plumb::report {
namespace {

using nlohmann::json;

const Provenance kWhere{"abc", "a machine", "plumbline train", "today"};

/// The JSON inside the script element of an id.
json data_of(const std::string& page, const std::string& id) {
  const std::string open = "<script type=\"application/json\" id=\"" + id + "\">";
  const auto begin = page.find(open) + open.size();
  return json::parse(page.substr(begin, page.find("</script>", begin) - begin));
}

/// The page without its script and data.
std::string markup_of(std::string page) {
  for (std::size_t at; (at = page.find("<script")) != std::string::npos;)
    page.erase(at, page.find("</script>", at) + 9 - at);
  return page;
}

std::string sample_page() { return html(all_samples(), kWhere); }

/// What of a page's part is text.
std::string text_of(const std::string& part) {
  return std::regex_replace(part, std::regex("<[^>]*>"), "");
}

std::vector<std::string> matches(const std::string& text, const std::string& pattern) {
  const std::regex regex(pattern);
  std::vector<std::string> out;
  for (std::sregex_iterator at(text.begin(), text.end(), regex), end; at != end; ++at)
    out.push_back((*at)[1]);
  return out;
}

TEST(Report, LoadsNothingFromElsewhere) {
  std::string page = sample_page();
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

TEST(Report, EveryElementIsClosedInItsPlace) {
  const std::set<std::string> alone = {"meta", "br", "wbr", "line", "polyline", "!doctype"};
  const std::string page = markup_of(sample_page());
  const std::regex tag("<(/?)([a-z0-9!]+)[^>]*>");
  std::vector<std::string> open;

  for (std::sregex_iterator at(page.begin(), page.end(), tag), end; at != end; ++at) {
    const std::string name = (*at)[2];
    if (alone.contains(name)) continue;
    if ((*at)[1].length() == 0) {
      open.push_back(name);
      continue;
    }
    ASSERT_FALSE(open.empty()) << at->str();
    ASSERT_EQ(open.back(), name) << "at " << page.substr(at->position(), 200);
    open.pop_back();
  }
  EXPECT_TRUE(open.empty());
}

TEST(Report, EveryAnchorIsUniqueAndEveryLinkHasOne) {
  const std::string page = sample_page();
  const std::vector<std::string> ids = matches(page, " id=\"([^\"]*)\"");
  const std::set<std::string> unique(ids.begin(), ids.end());

  EXPECT_EQ(unique.size(), ids.size());
  const std::vector<std::string> links = matches(page, "href=\"#([^\"]*)\"");
  EXPECT_EQ(links.size(), 14u);
  for (const std::string& link : links) EXPECT_TRUE(unique.contains(link)) << link;
}

TEST(Report, AResultThatWasNotGivenHasNoSection) {
  Inputs training;
  add_input(training, training_sample().dump(), "result.json");
  const std::string page = html(training, kWhere);

  for (const char* id : {"outcomes", "heat", "worst", "ratios", "coverage", "refusals", "mutants"})
    EXPECT_EQ(page.find("<h2 id=\"" + std::string(id) + "\""), std::string::npos) << id;
  EXPECT_NE(page.find("<h2 id=\"training\""), std::string::npos);
  EXPECT_NE(page.find("no result of plumbline verify given"), std::string::npos);
}

TEST(Report, HoldsTheTrainingResultAsItWas) {
  EXPECT_EQ(data_of(sample_page(), "result"), training_sample());
}

TEST(Report, HoldsTheFiguresOfEveryCaseAndMutant) {
  const json cases = data_of(sample_page(), "cases"),
             mutants = data_of(sample_page(), "mutants-data");

  ASSERT_EQ(cases["rows"].size(), 10u) << "a row an output, and one for a case without outputs";
  for (const json& row : cases["rows"]) EXPECT_EQ(row.size(), cases["columns"].size());
  EXPECT_EQ(cases["rows"][2][0], "linear/forward/f16/n4_in5_out6/normal");
  EXPECT_EQ(cases["rows"][2][7], nullptr) << "beyond every bound";
  EXPECT_EQ(cases["rows"][2][8], 0.9);
  EXPECT_EQ(cases["rows"][2][11], 5e-324) << "the least number of all";
  ASSERT_EQ(mutants["rows"].size(), 4u);
  for (const json& row : mutants["rows"]) EXPECT_EQ(row.size(), mutants["columns"].size());
}

TEST(Report, HoldsEachChartsSpecificationWithItsNumbers) {
  const std::string page = sample_page();

  const json spec = data_of(page, "spec-loss"), share = data_of(page, "spec-share");

  const json last = {{"series", "Plumbline on vgpu:0"}, {"x", 2}, {"y", 2.2}};
  EXPECT_EQ(spec, vega_specification(loss_chart(training_sample())));
  EXPECT_EQ(spec["data"][0]["values"].size(), 4u);
  EXPECT_EQ(spec["data"][0]["values"].back(), last);
  EXPECT_EQ(share["scales"][1]["type"], "log");
  EXPECT_EQ(share["axes"][1]["format"], "~g");
  EXPECT_FALSE(share["axes"][0].contains("format")) << "an empty one shows 100 as 1e+2";
  EXPECT_EQ(share["data"][0]["values"].size(), 1u);
}

TEST(Report, AFailureStandsWithItsLinesAndALineThatRepeatsIt) {
  const std::string page = sample_page();
  const auto begin = page.find("<h2 id=\"failures\""), end = page.find("<h2 id=\"outcomes\"");
  const std::string part = page.substr(begin, end - begin);

  EXPECT_NE(
      part.find("FAIL linear/forward/f16/n4_in5_out6/normal: y: 2 of 24 elements &lt;off&gt;\n"
                "  first y[0,1]  got 1  want 2\n  hunts a &lt;tail&gt;\n"
                "  repro plumbline verify --device vgpu:0 --case "
                "linear/forward/f16/n4_in5_out6/normal\n"),
      std::string::npos);
  EXPECT_NE(part.find("MISTRUSTED linear/backward"), std::string::npos);
  EXPECT_NE(part.find("UNTESTED relu/forward/f32/n7"), std::string::npos);
  EXPECT_EQ(part.find("DEGRADED"), std::string::npos);
}

TEST(Report, AReproLineIsTheCommandItselfWhenCopied) {
  const Cell cell = case_id("relu/forward/f32/n7", "plumbline verify --case relu/forward/f32/n7");

  EXPECT_EQ(text_of(cell.html), "plumbline verify --case relu/forward/f32/n7");
}

TEST(Report, AHeatCellShowsItsWorstOutcomeAndShare) {
  const std::string page = sample_page();

  EXPECT_NE(page.find("class=\"heat of-FAIL\"><div style=\"--heat:60%\"><b>0</b> of 1<br>no bound "
                      "holds<br>1 FAIL</div>"),
            std::string::npos);
  EXPECT_NE(page.find("class=\"heat of-PASS\"><div style=\"--heat:30%\"><b>2</b><br>50 %</div>"),
            std::string::npos);
  EXPECT_NE(page.find("class=\"heat\"><span class=\"soft\">no case</span>"), std::string::npos);
}

TEST(Report, RefusalsNullsAndMutantsSayWhoseWordsTheyAre) {
  const std::string page = sample_page();

  EXPECT_NE(page.find("x has 3 features, need 4</td>"), std::string::npos);
  EXPECT_NE(page.find("cannot be multiplied</td>"), std::string::npos);
  EXPECT_NE(page.find("every x is above 0</td>"), std::string::npos);
  EXPECT_NE(page.find("3 of 4 killed"), std::string::npos);
  const auto survivors = page.find("<h3>Survivors</h3>");
  const std::string part = page.substr(survivors, page.find("</table>", survivors) - survivors);
  EXPECT_NE(part.find("<code>tf32</code>"), std::string::npos);
  EXPECT_NE(part.find("nothing: it survived"), std::string::npos);
  EXPECT_EQ(part.find("no_bias"), std::string::npos);
  EXPECT_NE(page.find("property <code>relu keeps what is above 0</code>"), std::string::npos);
}

TEST(Report, AnOpWithoutACaseIsARowOfTheCoverage) {
  EXPECT_NE(sample_page().find("sgd<br><span class=\"outcome UNTESTED\">"), std::string::npos);
}

TEST(Report, ARatioChartEndsWithEveryOutputThatTheAxisHolds) {
  const ErrorRatios ratios{"linear", "f32", "vgpu:0", "native", {0, 1e-9, 1, 2, 1e9}, 0};
  const std::vector<Chart> charts = ratio_charts({ratios});

  ASSERT_EQ(charts.size(), 1u);
  const auto& points = charts[0].series[0].points;
  EXPECT_EQ(points.front(), (std::pair{1e-3, 0.4}));
  EXPECT_EQ(points.back(), (std::pair{1e3, 0.8}));
  EXPECT_EQ(points.size(), 4u);
}

TEST(Report, ARatioChartOfManyOutputsHasTheLargest) {
  ErrorRatios ratios{"linear", "f32", "vgpu:0", "native", {}, 0};
  for (int i = 1; i <= 100; ++i) ratios.sorted.push_back(i / 50.0);

  const auto& points = ratio_charts({ratios})[0].series[0].points;

  ASSERT_EQ(points.size(), 52u) << "every other output, and both ends";
  EXPECT_EQ(points[50], (std::pair{2.0, 1.0}));
}

TEST(Report, ATitleWithAnApostropheIsNoEndOfAVegaText) {
  Chart chart{"c", "t", {"LibTorch's"}, {"y"}, {{"s", {{1, 1}}, 0}}};

  EXPECT_NE(vega_specification(chart).dump().find(R"(\", LibTorch's \")"), std::string::npos);
}

TEST(Report, ALogarithmicChartLeavesOutWhatHasNoPlaceOnIt) {
  const Chart chart{
      "c", "t", {"x"}, {"y", true}, {{"s", {{1, 0}, {2, NAN}, {3, INFINITY}, {4, 0.5}}, 0}}};

  EXPECT_EQ(vega_specification(chart)["data"][0]["values"].size(), 1u);
  for (const char* word : {"nan", "inf"}) EXPECT_EQ(svg(chart).find(word), std::string::npos);
}

TEST(Report, EscapesTextAndLabelsEveryRowWithItsDevice) {
  const std::string page = sample_page();
  EXPECT_NE(page.find("first &lt;check&gt;</td><td data-label=\"device\">vgpu:0</td>"),
            std::string::npos);
  EXPECT_NE(page.find("second</td><td data-label=\"device\">vgpu:0</td>"), std::string::npos);
  EXPECT_NE(page.find("No GPU was used"), std::string::npos);
  EXPECT_EQ(page.find("<b>\n"), std::string::npos);
  EXPECT_EQ(markup_of(page).find("<last>"), std::string::npos);
}

TEST(Report, AGpuIsNotCalledVirtual) {
  std::vector<json> lines = verify_sample();
  for (json& line : lines) line["device"] = "cuda:0";
  Inputs inputs = all_samples();
  add_input(inputs, lines_of(lines), "gpu.jsonl");

  EXPECT_EQ(html(inputs, kWhere).find("No GPU was used"), std::string::npos);
}

TEST(Report, AChartIsDrawnWithoutScriptToo) {
  const Chart chart = loss_chart(training_sample());
  const std::string drawn = svg(chart);

  EXPECT_NE(drawn.find("<polyline"), std::string::npos);
  EXPECT_NE(figure(chart).find(drawn), std::string::npos);
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
  EXPECT_EQ(sample_page(), sample_page());
  EXPECT_EQ(summary(all_samples(), kWhere), summary(all_samples(), kWhere));
}

TEST(Report, AnEmptyRunIsAPageTooAndUntested) {
  std::vector<json> lines = {verify_sample()[0]};
  lines[0]["cases"] = 0, lines[0]["selected"] = 0;
  Inputs inputs;
  add_input(inputs, lines_of(lines), "verify.jsonl");

  EXPECT_NE(html(inputs, kWhere).find("<h1>UNTESTED"), std::string::npos);
  EXPECT_EQ(summary(inputs, kWhere).rfind("# Plumbline: UNTESTED\n", 0), 0u);
}

TEST(ReportSummary, HasTheTablesAndTheReproLines) {
  const std::string text = summary(all_samples(), kWhere);

  for (const char* part :
       {"# Plumbline: FAIL\n", "- 9 cases of 2 ops on vgpu:0, engine native: 4 PASS, 1 FAIL",
        "| linear | vgpu:0 | native | 5 | 3 | 1 | 0 | 1 | 0 | 0 |\n",
        "| linear | forward | vgpu:0 native | - | 2 of 2, 0.5 | 0 of 1, inf | - |\n",
        "  repro plumbline verify --device vgpu:0 --case linear/forward/f16/n4_in5_out6/normal\n",
        "| SKIP | relu | vgpu:0 | 1 | needs a GPU | `relu/forward/f32/n5/exact` |\n",
        "| linear | 2 | 3 | tf32 (drops the <last>) |\n",
        "| second | vgpu:0 | FAIL | 2 | 1 | a\\|b |\n"})
    EXPECT_NE(text.find(part), std::string::npos) << part << "is not in\n" << text;
}

TEST(ReportJunit, HoldsCasesChecksAndMutants) {
  const std::string xml = junit(all_samples());

  for (const char* part :
       {"<testsuites name=\"plumbline\" tests=\"15\" failures=\"5\" errors=\"0\" skipped=\"1\"",
        "<testsuite name=\"vgpu:0.native.linear\" tests=\"5\" failures=\"2\"",
        "<testcase classname=\"vgpu:0.native.train\" name=\"first &lt;check&gt;\"",
        "<failure type=\"FAIL\" message=\"survived: drops the &lt;last&gt;\">"})
    EXPECT_NE(xml.find(part), std::string::npos) << part << " is not in\n" << xml;
}

}  // namespace
}  // namespace plumb::report
