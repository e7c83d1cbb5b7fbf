// vega.cpp - a chart as a Vega specification: lines over x, one colour a series, values on hover.
#include <cmath>

#include "reports/charts.h"
#include "reports/colors.h"

namespace plumb::report {
namespace {

using nlohmann::json;

json points_of(const Chart& chart) {
  json values = json::array();
  for (const Series& series : chart.series)
    for (const auto& [x, y] : series.points)
      if (has_place(x, chart.x) && has_place(y, chart.y))
        values.push_back({{"x", x}, {"y", y}, {"series", series.name}});
  return values;
}

json scale_of(const Axis& axis, const char* name, const char* range) {
  json domain = {{"data", "points"}, {"field", name}};
  if (axis.range) domain = {axis.range->first, axis.range->second};
  return {{"name", name},   {"type", axis.logarithmic ? "log" : "linear"}, {"domain", domain},
          {"range", range}, {"nice", name[0] == 'y' && !axis.range},       {"zero", false}};
}

json scales_of(const Chart& chart) {
  json names = json::array(), colors = json::array(), dashes = json::array();
  for (const Series& series : chart.series) {
    const Dash dash = dash_of(chart.steps ? series.look : 0);
    names.push_back(series.name);
    colors.push_back(color_of(series.look));
    dashes.push_back({dash.stroke, dash.gap});
  }
  return {scale_of(chart.x, "x", "width"),
          scale_of(chart.y, "y", "height"),
          {{"name", "color"}, {"type", "ordinal"}, {"domain", names}, {"range", colors}},
          {{"name", "dash"}, {"type", "ordinal"}, {"domain", names}, {"range", dashes}}};
}

json axis_of(const Axis& axis, const char* orient, const char* scale, const json& ticks) {
  json out = {{"orient", orient},
              {"scale", scale},
              {"title", axis.title},
              {"grid", scale[0] == 'y'},
              {"tickCount", ticks}};
  if (axis.percent || axis.logarithmic) out["format"] = axis.percent ? ".0%" : "~g";
  return out;
}

json scaled(const char* scale, const char* field) { return {{"scale", scale}, {"field", field}}; }

json lines_of(const Chart& chart) {
  const std::string first = chart.series.size() < 2 || chart.steps
                                ? "false"
                                : "datum.series == " + json(chart.series[0].name).dump();
  // The first of several lies broad under the others: where they agree it still shows.
  const json line = {{"x", scaled("x", "x")},
                     {"y", scaled("y", "y")},
                     {"stroke", scaled("color", "series")},
                     {"strokeDash", scaled("dash", "series")},
                     {"strokeWidth", {{"signal", first + " ? 5 : 1.5"}}},
                     {"strokeJoin", {{"value", "round"}}},
                     {"strokeOpacity", {{"signal", first + " ? 0.45 : 1"}}},
                     {"interpolate", {{"value", chart.steps ? "step-after" : "linear"}}}};
  return {
      {"type", "group"},
      {"from", {{"facet", {{"name", "of_series"}, {"data", "points"}, {"groupby", "series"}}}}},
      {"marks",
       {{{"type", "line"}, {"from", {{"data", "of_series"}}}, {"encode", {{"update", line}}}}}}};
}

/// Shown under the pointer, with its numbers.
json dots_of(const Chart& chart) {
  const std::string y = chart.y.percent ? "format(datum.y, '.1%')" : "format(datum.y, '.4g')";
  const json dot = {{"x", scaled("x", "x")},
                    {"y", scaled("y", "y")},
                    {"fill", scaled("color", "series")},
                    {"size", {{"value", 36}}},
                    {"tooltip",
                     {{"signal", "datum.series + " + json(", " + chart.x.title + " ").dump() +
                                     " + format(datum.x, '~r') + ': ' + " + y}}}};
  return {{"type", "symbol"},
          {"from", {{"data", "points"}}},
          {"encode",
           {{"enter", dot},
            {"update", {{"x", scaled("x", "x")}, {"opacity", {{"value", 0}}}}},
            {"hover", {{"opacity", {{"value", 1}}}}}}}};
}

json mark_at(double x) {
  return {{"type", "rule"},
          {"encode",
           {{"update",
             {{"x", {{"scale", "x"}, {"value", x}}},
              {"y", {{"value", 0}}},
              {"y2", {{"signal", "height"}}},
              {"strokeWidth", {{"value", 1.5}}}}}}}};
}

}  // namespace

json vega_specification(const Chart& chart) {
  json marks = json::array();
  if (chart.marked) marks.push_back(mark_at(*chart.marked));
  marks.push_back(lines_of(chart));
  marks.push_back(dots_of(chart));
  return {{"description", chart.title},
          {"width", 600},
          {"height", chart.steps ? 200 : 280},
          {"padding", 4},
          {"autosize", {{"type", "fit-x"}, {"contains", "padding"}}},
          {"data", {{{"name", "points"}, {"values", points_of(chart)}}}},
          {"scales", scales_of(chart)},
          {"axes",
           {axis_of(chart.x, "bottom", "x", {{"signal", "max(2, floor(width / 90))"}}),
            axis_of(chart.y, "left", "y", 5)}},
          {"legends",
           {{{"stroke", "color"},
             {"strokeDash", "dash"},
             {"orient", "top"},
             {"direction", "horizontal"},
             {"symbolType", "stroke"}}}},
          {"marks", marks}};
}

}  // namespace plumb::report
