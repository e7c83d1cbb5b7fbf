// charts.h - line charts: what they show, as Vega draws them and as SVG for a page without script.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "reports/tally.h"

namespace plumb::report {

struct Series {
  std::string name;
  std::vector<std::pair<double, double>> points;
  std::size_t look;  // colour and dashes (colors.h)
};

struct Axis {
  std::string title;
  bool logarithmic = false;                             // points at or below 0 are left out
  bool percent = false;                                 // 0 to 1, shown as percent
  std::optional<std::pair<double, double>> range = {};  // else that of the points
};

struct Chart {
  std::string id, title;
  Axis x, y;
  std::vector<Series> series;
  bool steps = false;  // a value holds until the next point; series differ in their dashes
  std::optional<double> marked = {};  // a line across at this x
};

/// The batch losses of both free runs.
Chart loss_chart(const nlohmann::json& training);
/// How far apart the batch losses of the free runs are, as a share of LibTorch's.
Chart distance_chart(const nlohmann::json& training);
/// The largest share of its bound that a tensor of each teacher-forced step takes.
Chart share_chart(const nlohmann::json& training);
/// For each op, device and engine the distribution of our distance over LibTorch's, a curve a
/// dtype: y is the share of outputs whose ratio is at most x. All have the same x axis, of
/// at most three decades either side of 1.
std::vector<Chart> ratio_charts(const std::vector<ErrorRatios>& ratios);

/// A Vega 5 specification with its data inside. Points that are not finite are left out.
nlohmann::json vega_specification(const Chart& chart);
/// The same chart as inline SVG, which needs no script.
std::string svg(const Chart& chart);
/// The <figure> of a page: the specification, and the SVG that Vega replaces (vega.js).
std::string figure(const Chart& chart);

/// Whether an axis has a place for the number.
bool has_place(double value, const Axis& axis);

}  // namespace plumb::report
