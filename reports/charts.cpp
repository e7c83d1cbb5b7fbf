// charts.cpp - which numbers of a result each chart shows, and how a page holds a chart.
#include "reports/charts.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "reports/elements.h"
#include "reports/overall.h"

namespace plumb::report {
namespace {

using nlohmann::json;

constexpr std::size_t kMostSteps = 60;  // of a distribution's curve

/// The same in every chart.
std::size_t look_of_dtype(const std::string& dtype) {
  return dtype == "f32" ? 0 : dtype == "f16" ? 1 : dtype == "bf16" ? 2 : 3;
}

/// The curve of a distribution between two ratios; what lies beyond counts at its side.
Series distribution(const ErrorRatios& r, double left, double right) {
  Series out{r.dtype, {{left, r.share_up_to(left)}}, look_of_dtype(r.dtype)};
  const std::size_t n = r.sorted.size(), stride = (n + kMostSteps - 1) / kMostSteps;
  for (std::size_t i = (n - 1) % stride; i < n; i += stride)
    if (r.sorted[i] > left && r.sorted[i] < right)
      out.points.emplace_back(r.sorted[i], r.share_up_to(r.sorted[i]));
  out.points.emplace_back(right, r.share_up_to(right));
  return out;
}

/// Whole powers of ten around 1 and all ratios, but no more than three either way.
std::pair<double, double> range_of(const std::vector<ErrorRatios>& ratios) {
  double low = -1, high = 1;
  for (const ErrorRatios& r : ratios)
    for (const double ratio : r.sorted)
      if (ratio > 0 && std::isfinite(ratio))
        low = std::min(low, std::floor(std::log10(ratio))),
        high = std::max(high, std::ceil(std::log10(ratio)));
  return {std::pow(10, std::max(low, -3.0)), std::pow(10, std::min(high, 3.0))};
}

}  // namespace

bool has_place(double value, const Axis& axis) {
  return std::isfinite(value) && (!axis.logarithmic || value > 0);
}

Chart loss_chart(const json& training) {
  Chart chart{"loss", "Loss of the free runs", {"step"}, {"loss of the batch"}, {}};
  const auto add = [&](const char* key, const std::string& name) {
    if (!training.contains("free") || !training["free"].contains(key)) return;
    Series series{name, {}, chart.series.size()};
    for (const json& loss : training["free"][key])
      series.points.emplace_back(static_cast<double>(series.points.size() + 1), value_of(loss));
    chart.series.push_back(std::move(series));
  };
  add("libtorch_loss", "LibTorch");
  add("loss", "Plumbline on " + device_of(training));
  return chart;
}

Chart distance_chart(const json& training) {
  const Chart losses = loss_chart(training);
  Chart chart{
      "distance", "Distance of the losses", {"step"}, {"|ours - LibTorch| / LibTorch", true}, {}};
  if (losses.series.size() < 2) return chart;
  const auto &theirs = losses.series[0].points, &ours = losses.series[1].points;
  Series series{losses.series[1].name, {}, 0};
  for (std::size_t i = 0; i < std::min(theirs.size(), ours.size()); ++i)
    series.points.emplace_back(ours[i].first,
                               std::fabs(ours[i].second - theirs[i].second) / theirs[i].second);
  chart.series.push_back(std::move(series));
  return chart;
}

Chart share_chart(const json& training) {
  Series series{"Plumbline on " + device_of(training), {}, 0};
  for (const json& step : training.value("steps", json::array()))
    series.points.emplace_back(value_of(step["step"]), value_of(step["share"]));
  return {"share",
          "Worst tensor of each teacher-forced step",
          {"step"},
          {"largest error / its bound", true},
          {std::move(series)}};
}

std::vector<Chart> ratio_charts(const std::vector<ErrorRatios>& ratios) {
  const auto range = range_of(ratios);
  std::vector<Chart> out;
  const ErrorRatios* last = nullptr;
  for (const ErrorRatios& r : ratios) {
    if (r.sorted.empty()) continue;
    if (!last || last->op != r.op || last->device != r.device || last->engine != r.engine) {
      Chart chart{fmt::format("ratio-{}", out.size() + 1),
                  fmt::format("{} on {} ({})", r.op, r.device, r.engine),
                  {"our distance / LibTorch's", true, false, range},
                  {"outputs at or below", false, true, std::pair{0.0, 1.0}},
                  {}};
      chart.steps = true;
      chart.marked = 1;
      out.push_back(std::move(chart));
    }
    last = &r;
    out.back().series.push_back(distribution(r, range.first, range.second));
  }
  return out;
}

std::string figure(const Chart& chart) {
  return fmt::format(
      "<figure class=\"chart\" id=\"chart-{}\"><figcaption>{}</figcaption>"
      "<div class=\"drawing\">{}</div>{}</figure>\n",
      chart.id, escape(chart.title), svg(chart),
      embedded("spec-" + chart.id, vega_specification(chart)));
}

}  // namespace plumb::report
