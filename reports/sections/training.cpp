// training.cpp - a training run beside LibTorch's: verdicts and trajectories.
#include <fmt/format.h>

#include "reports/charts.h"
#include "reports/elements.h"
#include "reports/overall.h"
#include "reports/sections/sections.h"

namespace plumb::report {

using nlohmann::json;

Section training_section(const Inputs& inputs, const Provenance& provenance) {
  Section section{"training", "Training beside LibTorch"};
  const json& training = inputs.training;
  if (training.is_null()) return section;
  section.device = device_of(training);
  Table table({"check", "device", "outcome", "figure", "limit", "detail and repro"}, Narrow::cards);
  int index = 0;
  for (const json& row : training["verdicts"])
    table.add({text(row["name"]), text(section.device), outcome(row["outcome"]),
               numeric(value_of(row["figure"])), numeric(value_of(row["limit"])),
               with_command(row["detail"], provenance.command)},
              fmt::format("v{}", ++index));
  if (training.contains("accuracy"))
    section.body =
        paragraph(fmt::format("Test accuracy {} (LibTorch {}) on {} images; {} images/s on {}.",
                              number(value_of(training["accuracy"]["ours"])),
                              number(value_of(training["accuracy"]["libtorch"])),
                              number(value_of(training["accuracy"]["images"])),
                              number(value_of(training["images_per_second"])), section.device));
  section.body += table.html();
  return section;
}

Section trajectories_section(const Inputs& inputs) {
  Section section{"trajectories", "Trajectories of the training run"};
  const json& training = inputs.training;
  if (training.is_null()) return section;
  section.device = device_of(training);
  for (const Chart& chart : {loss_chart(training), distance_chart(training), share_chart(training)})
    section.body +=
        fmt::format("<h3 id=\"{}\">{}</h3>\n", chart.id, escape(chart.title)) + figure(chart);
  Table steps({"step", "worst tensor", "share of bound", "loss", "LibTorch f64"});
  for (const json& s : training.value("steps", json::array()))
    steps.add({numeric(value_of(s["step"])), text(s["worst"]), numeric(value_of(s["share"])),
               numeric(value_of(s["loss"])), numeric(value_of(s["libtorch_loss"]))});
  section.body +=
      details("The numbers of the teacher-forced steps", steps.html()) +
      details("Configuration", "<pre>" + escape(training.value("config", "")) + "</pre>");
  return section;
}

}  // namespace plumb::report
