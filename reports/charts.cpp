// charts.cpp - which numbers of a result each chart shows, and how a page holds a chart.
#include "reports/charts.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "reports/elements.h"
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
  add("loss", "Plumbline on " + device_of(result));
  return chart;
}

Chart distance_chart(const json& result) {
  const Chart losses = loss_chart(result);
  Chart chart{"distance", "Distance of the losses", "step", "|ours - LibTorch| / LibTorch", true,
              {}};
  if (losses.series.size() < 2) return chart;
  const auto &theirs = losses.series[0].points, &ours = losses.series[1].points;
  Series series{losses.series[1].name, {}};
  for (std::size_t i = 0; i < std::min(theirs.size(), ours.size()); ++i)
    series.points.emplace_back(ours[i].first,
                               std::fabs(ours[i].second - theirs[i].second) / theirs[i].second);
  chart.series.push_back(std::move(series));
  return chart;
}

Chart share_chart(const json& result) {
  Series series{"Plumbline on " + device_of(result), {}};
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
