// charts.cpp - which numbers of a result each chart shows, and how a page holds a chart.
#include "reports/charts.h"

#include <fmt/format.h>

#include "reports/report.h"

namespace plumb::report {

using nlohmann::json;

Chart loss_chart(const json& result) {
  Chart chart{"loss", "Loss of the free runs", "step", "loss of the batch", false, {}};
  const auto add = [&](const char* key, const std::string& name) {
    if (!result.contains("free") || !result["free"].contains(key)) return;
    Series series{name, {}};
    for (const json& loss : result["free"][key])
      series.points.emplace_back(static_cast<double>(series.points.size() + 1), loss.get<double>());
    chart.series.push_back(std::move(series));
  };
  add("libtorch_loss", "LibTorch");
  add("loss", "Plumbline on " + result.value("device", "vgpu:0"));
  return chart;
}

Chart share_chart(const json& result) {
  Series series{"Plumbline on " + result.value("device", "vgpu:0"), {}};
  for (const json& step : result.value("steps", json::array()))
    series.points.emplace_back(step["step"].get<double>(), step["share"].get<double>());
  return {"share", "Worst tensor of each teacher-forced step",
          "step",  "largest error / its bound",
          true,    {std::move(series)}};
}

std::string figure(const Chart& chart) {
  return fmt::format(
      "<figure class=\"chart\" id=\"chart-{}\"><figcaption>{}</figcaption>"
      "<div class=\"drawing\">{}</div>{}</figure>\n",
      chart.id, escape(chart.title), svg(chart),
      embedded("spec-" + chart.id, vega_specification(chart)));
}

}  // namespace plumb::report
