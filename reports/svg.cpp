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

struct Axis {
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

Axis range_of(const Chart& chart, bool of_x) {
  double low = std::numeric_limits<double>::infinity(), high = -low;
  const bool logarithmic = !of_x && chart.logarithmic;
  for (const Series& s : chart.series)
    for (const auto& [x, y] : s.points) {
      const double v = of_x ? x : y;
      if (!std::isfinite(v) || (logarithmic && v <= 0)) continue;
      low = std::min(low, v), high = std::max(high, v);
    }
  if (low > high) low = logarithmic ? 0.1 : 0, high = 1;
  return {low, high, logarithmic};
}

}  // namespace

std::string svg(const Chart& chart) {
  const Axis x = range_of(chart, true), y = range_of(chart, false);
  const auto at_x = [&](double v) { return kLeft + x.place(v) * (kWidth - kLeft - kRight); };
  const auto at_y = [&](double v) {
    return kHeight - kBottom - y.place(v) * (kHeight - kTop - kBottom);
  };
  std::string out = fmt::format("<svg viewBox=\"0 0 {} {}\" role=\"img\" aria-label=\"{}\">",
                                kWidth, kHeight, escape(chart.title));
  for (const double v : y.ticks())
    out += fmt::format(
        "<line class=\"grid\" x1=\"{}\" x2=\"{}\" y1=\"{:.1f}\" y2=\"{:.1f}\"/><text x=\"{}\" "
        "y=\"{:.1f}\" text-anchor=\"end\">{}</text>",
        kLeft, kWidth - kRight, at_y(v), at_y(v), kLeft - 6, at_y(v) + 4, number(v));
  for (const double v : x.ticks())
    out += fmt::format("<text x=\"{:.1f}\" y=\"{}\" text-anchor=\"middle\">{}</text>", at_x(v),
                       kHeight - kBottom + 18, number(v));
  out += fmt::format("<text x=\"{}\" y=\"{}\" text-anchor=\"middle\">{}</text>",
                     (kLeft + kWidth) / 2, kHeight - 6, escape(chart.x_title));
  out += fmt::format("<text x=\"4\" y=\"16\">{}</text>", escape(chart.y_title));
  for (std::size_t i = 0; i < chart.series.size(); ++i) {
    std::string points;
    for (const auto& [px, py] : chart.series[i].points)
      if (std::isfinite(py) && !(chart.logarithmic && py <= 0))
        points += fmt::format("{:.1f},{:.1f} ", at_x(px), at_y(py));
    const char* color = color_of(i);
    const double row = 34 + 18.0 * static_cast<double>(i);
    out += fmt::format(
        "<polyline fill=\"none\" stroke=\"{}\" stroke-width=\"1.5\" points=\"{}\"/><rect x=\"{}\" "
        "y=\"{}\" width=\"12\" height=\"12\" fill=\"{}\"/><text x=\"{}\" y=\"{}\">{}</text>",
        color, points, kLeft, row - 10, color, kLeft + 18, row, escape(chart.series[i].name));
  }
  return out + "</svg>\n";
}

}  // namespace plumb::report
