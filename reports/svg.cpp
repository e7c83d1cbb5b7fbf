// svg.cpp - a line chart as inline SVG: it needs no script, scales with the page and prints.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "reports/charts.h"
#include "reports/colors.h"
#include "reports/elements.h"

namespace plumb::report {
namespace {

constexpr double kWidth = 640, kHeight = 300, kLeft = 64, kRight = 12, kTop = 62, kBottom = 44;

/// The numbers along an axis.
struct Extent {
  double low, high;
  bool logarithmic;
  double place(double v) const {  // 0 to 1
    const double a = logarithmic ? std::log10(low) : low, b = logarithmic ? std::log10(high) : high;
    return b > a ? ((logarithmic ? std::log10(v) : v) - a) / (b - a) : 0.5;
  }
  std::vector<double> ticks() const {
    std::vector<double> out;
    if (logarithmic) {
      for (double p = std::floor(std::log10(low)); p <= std::ceil(std::log10(high)); ++p)
        if (const double v = std::pow(10, p); v >= low && v <= high) out.push_back(v);
      if (out.size() < 2) out = {low, high};
      return out;
    }
    const double span = high > low ? high - low : 1,
                 magnitude = std::pow(10, std::floor(std::log10(span / 4)));
    double step = magnitude;
    for (const double factor : {1.0, 2.0, 5.0, 10.0})
      if (span / (factor * magnitude) >= 4) step = factor * magnitude;
    for (double v = std::ceil(low / step) * step; v <= high * (1 + 1e-12); v += step)
      out.push_back(v);
    return out;
  }
};

Extent extent_of(const Chart& chart, const Axis& axis, bool of_x) {
  if (axis.range) return {axis.range->first, axis.range->second, axis.logarithmic};
  double low = std::numeric_limits<double>::infinity(), high = -low;
  for (const Series& s : chart.series)
    for (const auto& [x, y] : s.points)
      if (const double v = of_x ? x : y; has_place(v, axis))
        low = std::min(low, v), high = std::max(high, v);
  if (low > high) low = axis.logarithmic ? 0.1 : 0, high = 1;
  return {low, high, axis.logarithmic};
}

std::string tick_text(double value, const Axis& axis) {
  return axis.percent ? number(100 * value) + " %" : number(value);
}

/// Where numbers stand on the drawing.
struct Place {
  Extent x, y;
  double at_x(double v) const { return kLeft + x.place(v) * (kWidth - kLeft - kRight); }
  double at_y(double v) const {
    return kHeight - kBottom - y.place(v) * (kHeight - kTop - kBottom);
  }
};

std::string axes(const Chart& chart, const Place& place) {
  std::string out;
  for (const double v : place.y.ticks())
    out += fmt::format(
        "<line class=\"grid\" x1=\"{}\" x2=\"{}\" y1=\"{:.1f}\" y2=\"{:.1f}\"/><text x=\"{}\" "
        "y=\"{:.1f}\" text-anchor=\"end\">{}</text>",
        kLeft, kWidth - kRight, place.at_y(v), place.at_y(v), kLeft - 6, place.at_y(v) + 4,
        tick_text(v, chart.y));
  for (const double v : place.x.ticks())
    out += fmt::format("<text x=\"{:.1f}\" y=\"{}\" text-anchor=\"middle\">{}</text>",
                       place.at_x(v), kHeight - kBottom + 18, tick_text(v, chart.x));
  out += fmt::format("<text x=\"{}\" y=\"{}\" text-anchor=\"middle\">{}</text>",
                     (kLeft + kWidth) / 2, kHeight - 6, escape(chart.x.title));
  if (chart.marked)
    out += fmt::format("<line class=\"mark\" x1=\"{0:.1f}\" x2=\"{0:.1f}\" y1=\"{1}\" y2=\"{2}\"/>",
                       place.at_x(*chart.marked), kTop, kHeight - kBottom);
  return out + fmt::format("<text x=\"4\" y=\"16\">{}</text>", escape(chart.y.title));
}

/// The points of a polyline.
std::string path_of(const Series& series, const Chart& chart, const Place& place) {
  std::string out;
  double before = 0;
  for (const auto& [x, y] : series.points) {
    if (!has_place(x, chart.x) || !has_place(y, chart.y)) continue;
    if (chart.steps && !out.empty())
      out += fmt::format("{:.1f},{:.1f} ", place.at_x(x), place.at_y(before));
    out += fmt::format("{:.1f},{:.1f} ", place.at_x(x), place.at_y(y));
    before = y;
  }
  return out;
}

}  // namespace

std::string svg(const Chart& chart) {
  const Place place{extent_of(chart, chart.x, true), extent_of(chart, chart.y, false)};
  std::string out = fmt::format("<svg viewBox=\"0 0 {} {}\" role=\"img\" aria-label=\"{}\">",
                                kWidth, kHeight, escape(chart.title)) +
                    axes(chart, place);
  for (std::size_t i = 0; i < chart.series.size(); ++i) {
    const double row = 34 + 18.0 * static_cast<double>(i);
    const Dash dash = dash_of(chart.steps ? chart.series[i].look : 0);
    out += fmt::format(
        "<polyline fill=\"none\" stroke=\"{0}\" stroke-width=\"1.5\" stroke-dasharray=\"{1} {2}\" "
        "points=\"{3}\"/><line stroke=\"{0}\" stroke-width=\"3\" stroke-dasharray=\"{1} {2}\" "
        "x1=\"{4}\" x2=\"{5}\" y1=\"{6}\" y2=\"{6}\"/><text x=\"{7}\" y=\"{8}\">{9}</text>",
        color_of(chart.series[i].look), dash.stroke, dash.gap,
        path_of(chart.series[i], chart, place), kLeft, kLeft + 24, row - 4, kLeft + 30, row,
        escape(chart.series[i].name));
  }
  return out + "</svg>\n";
}

}  // namespace plumb::report
