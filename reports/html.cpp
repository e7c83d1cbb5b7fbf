// html.cpp - the page of an audit, section by section.
#include <fmt/format.h>

#include <stdexcept>

#include "reports/assets.h"
#include "reports/charts.h"
#include "reports/elements.h"
#include "reports/report.h"

namespace plumb::report {
namespace {

using nlohmann::json;

std::string banner(const json& result) {
  const std::string device = device_of(result), outcome = overall(result);
  std::string out = fmt::format(
      "<div class=\"banner{}\"><h1>{}: our CUDA kernels beside LibTorch</h1><p>{} checks on "
      "{}{}</p>",
      outcome == "PASS" ? "" : " bad", outcome, result["verdicts"].size(), escape(device),
      device.rfind("vgpu", 0) == 0
          ? ", a virtual GPU: the PTX that nvcc emitted, run on the CPU. No GPU was used."
          : ".");
  if (result.contains("accuracy"))
    out +=
        fmt::format("<p>Test accuracy <b>{}</b> (LibTorch {}) on {} images; {} images/s on {}.</p>",
                    number(result["accuracy"]["ours"]), number(result["accuracy"]["libtorch"]),
                    result["accuracy"]["images"].get<int>(), number(result["images_per_second"]),
                    escape(device));
  return out + "</div>\n";
}

std::string verdicts(const json& result, const std::string& command) {
  Table table({"check", "device", "outcome", "figure", "limit", "detail and repro"}, true);
  int index = 0;
  for (const json& row : result["verdicts"])
    table.add({text(row["name"]), text(device_of(result)), outcome(row["outcome"]),
               numeric(row["figure"]), numeric(row["limit"]), with_command(row["detail"], command)},
              fmt::format("v{}", ++index));
  return heading("verdicts", "Verdicts") + table.html();
}

std::string trajectories(const json& result) {
  Table steps({"step", "worst tensor", "share of bound", "loss", "LibTorch f64"});
  for (const json& s : result.value("steps", json::array()))
    steps.add({numeric(s["step"]), text(s["worst"]), numeric(s["share"]), numeric(s["loss"]),
               numeric(s["libtorch_loss"])});
  std::string out;
  for (const Chart& chart : {loss_chart(result), distance_chart(result), share_chart(result)})
    out += heading(chart.id, chart.title) + figure(chart);
  return out + "<details><summary>The numbers of the teacher-forced steps</summary>" +
         steps.html() + "</details>\n";
}

std::string provenance(const json& result, const Provenance& p) {
  const json versions = result.value("versions", json::object());
  const std::string libtorch =
      fmt::format("{}, {}, {} thread(s), {} set-up", versions.value("torch", "unknown"),
                  versions.value("capability", "unknown"), versions.value("threads", 0),
                  versions.value("setup", "unknown"));
  Table table({"what", "value"});
  table.add({text("commit"), text(p.commit)})
      .add({text("machine"), text(p.machine)})
      .add({text("device"), text(device_of(result))})
      .add({text("LibTorch"), text(libtorch)})
      .add({text("command"), code(p.command)})
      .add({text("date"), text(p.date)});
  return heading("provenance", "Provenance") + table.html();
}

constexpr const char* kGaps =
    "<p>Ops other than linear, relu, cross_entropy and sgd; halves inside training; memory and "
    "throughput over batch size; more than one device; a real GPU.</p>\n";

}  // namespace

std::string html(const json& result, const Provenance& p) {
  if (!result.is_object() || !result.contains("verdicts"))
    throw std::invalid_argument("the result holds no verdicts");
  return "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" "
         "content=\"width=device-width,initial-scale=1\"><title>Plumbline: " +
         overall(result) + "</title><style>\n" + std::string(page_style()) +
         "</style></head><body>\n" + banner(result) + verdicts(result, p.command) +
         trajectories(result) + provenance(result, p) + heading("gaps", "Not covered") + kGaps +
         "<details><summary>Configuration</summary><pre>" + escape(result.value("config", "")) +
         "</pre></details>\n" + embedded("result", result) + "<script>" +
         std::string(page_script()) + "</script></body></html>\n";
}

}  // namespace plumb::report
