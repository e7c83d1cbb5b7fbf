// charts.h - line charts: what they show, as Vega draws them and as SVG for a page without script.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

namespace plumb::report {

struct Series {
  std::string name;
  std::vector<std::pair<double, double>> points;
};

struct Chart {
  std::string id, title, x_title, y_title;
  bool logarithmic;  // the y axis; points at or below 0 are left out
  std::vector<Series> series;
};

/// The batch losses of both free runs.
Chart loss_chart(const nlohmann::json& result);
/// How far apart the batch losses of the free runs are, as a share of LibTorch's.
Chart distance_chart(const nlohmann::json& result);
/// The largest share of its bound that a tensor of each teacher-forced step takes.
Chart share_chart(const nlohmann::json& result);

/// A Vega 5 specification with its data inside. Points that are not finite are left out.
nlohmann::json vega_specification(const Chart& chart);
/// The same chart as inline SVG, which needs no script.
std::string svg(const Chart& chart);
/// The <figure> of a page: the specification, and the SVG that Vega replaces (vega.js).
std::string figure(const Chart& chart);

}  // namespace plumb::report
