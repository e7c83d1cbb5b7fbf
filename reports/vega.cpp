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
      if (std::isfinite(y) && !(chart.logarithmic && y <= 0))
        values.push_back({{"x", x}, {"y", y}, {"series", series.name}});
  return values;
}

json scales_of(const Chart& chart) {
  json names = json::array(), colors = json::array();
  for (std::size_t i = 0; i < chart.series.size(); ++i) {
    names.push_back(chart.series[i].name);
    colors.push_back(color_of(i));
  }
  const auto over = [](const char* field) { return json{{"data", "points"}, {"field", field}}; };
  return {{{"name", "x"}, {"domain", over("x")}, {"range", "width"}, {"zero", false}},
          {{"name", "y"},
           {"type", chart.logarithmic ? "log" : "linear"},
           {"domain", over("y")},
           {"range", "height"},
           {"nice", true},
           {"zero", false}},
          {{"name", "color"}, {"type", "ordinal"}, {"domain", names}, {"range", colors}}};
}

json marks_of(const Chart& chart) {
  const auto scaled = [](const char* scale, const char* field) {
    return json{{"scale", scale}, {"field", field}};
  };
  const json place = {{"x", scaled("x", "x")}, {"y", scaled("y", "y")}};
  json line = place, dot = place;
  const std::string first =
      chart.series.size() < 2 ? "false" : "datum.series == " + json(chart.series[0].name).dump();
  // The first of several lies broad under the others: where they agree it still shows.
  line.update({{"stroke", scaled("color", "series")},
               {"strokeWidth", {{"signal", first + " ? 5 : 1.5"}}},
               {"strokeJoin", {{"value", "round"}}},
               {"strokeOpacity", {{"signal", first + " ? 0.45 : 1"}}}});
  dot.update({{"fill", scaled("color", "series")},
              {"size", {{"value", 36}}},
              {"tooltip",
               {{"signal", "datum.series + ', " + chart.x_title +
                               " ' + datum.x + ': ' + format(datum.y, '.4g')"}}}});
  return {
      {{"type", "group"},
       {"from", {{"facet", {{"name", "of_series"}, {"data", "points"}, {"groupby", "series"}}}}},
       {"marks",
        {{{"type", "line"}, {"from", {{"data", "of_series"}}}, {"encode", {{"update", line}}}}}}},
      {{"type", "symbol"},
       {"from", {{"data", "points"}}},
       {"encode",
        {{"enter", dot},
         {"update", {{"x", place["x"]}, {"opacity", {{"value", 0}}}}},
         {"hover", {{"opacity", {{"value", 1}}}}}}}}};
}

}  // namespace

json vega_specification(const Chart& chart) {
  const json signals_of_width = {{"signal", "max(2, floor(width / 90))"}};
  return {{"description", chart.title},
          {"width", 600},
          {"height", 280},
          {"padding", 4},
          {"autosize", {{"type", "fit-x"}, {"contains", "padding"}}},
          {"data", {{{"name", "points"}, {"values", points_of(chart)}}}},
          {"scales", scales_of(chart)},
          {"axes",
           {{{"orient", "bottom"},
             {"scale", "x"},
             {"title", chart.x_title},
             {"tickCount", signals_of_width}},
            {{"orient", "left"},
             {"scale", "y"},
             {"title", chart.y_title},
             {"grid", true},
             {"format", chart.logarithmic ? "~g" : ""},
             {"tickCount", 5}}}},
          {"legends", {{{"stroke", "color"}, {"orient", "top"}, {"symbolType", "stroke"}}}},
          {"marks", marks_of(chart)}};
}

}  // namespace plumb::report
