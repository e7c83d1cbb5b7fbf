// sources.cpp - where the figures come from, what they do not show, how they are computed.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "reports/elements.h"
#include "reports/overall.h"
#include "reports/sections/sections.h"
#include "reports/tally.h"

namespace plumb::report {
namespace {

using nlohmann::json;

std::string words_of(const json& versions) {
  std::vector<std::string> out;
  for (const auto& [key, value] : versions.items())
    out.push_back(key + " " + (value.is_string() ? value.get<std::string>() : value.dump()));
  return out.empty() ? "not asked" : fmt::format("{}", fmt::join(out, ", "));
}

/// Where downloads.js puts links to the data of the page (html.cpp).
std::string downloads(const Inputs& inputs) {
  std::string names;
  const auto add = [&](bool given, const char* id) {
    if (given) names += fmt::format("<span data-download=\"{}\"></span> ", id);
  };
  add(!inputs.training.is_null(), "result");
  add(!inputs.runs.empty(), "cases");
  add(inputs.mutants.has_value(), "mutants-data");
  return "<p>The page holds its figures as JSON: " + names + "</p>\n";
}

/// A term, and the formula or rule behind it.
struct Term {
  const char *name, *meaning;
};

constexpr Term kTermsOfCases[] = {
    {"golden answer", "LibTorch in f64 on inputs already rounded to the dtype that is tested"},
    {"error / bound",
     "largest |ours - golden| of any element over its a-priori bound: 4 u |golden| of the output's "
     "rounding, and 4 u g(K) S of the sums behind it, S the sum of the terms' magnitudes"},
    {"distance", "relative, L2: ||ours - golden|| / ||golden|| over the elements of an output"},
    {"limit of a distance",
     "f32: twice LibTorch's own distance, which is capped by a floor; halves: 1.25 times the "
     "distance of one output rounding, and twice LibTorch's f32 run; more where few elements are"},
    {"LibTorch's own",
     "the distance of LibTorch's own run in the case's dtype from the golden answer"},
    {"ulp", "largest |ours - golden| over the spacing of the output's dtype at the golden"},
    {"exact",
     "inputs whose every sum is representable: each bit must be that of the golden answer"},
    {"FAIL", "a gate, a write past an array, elements that nobody wrote, two runs that differ"},
    {"UNTESTED", "no answer to hold it to: counts as a failure"},
    {"MISTRUSTED", "right, but a kernel that computes nothing would pass too"},
    {"GOLDEN_DEGRADED", "right by the bounds; LibTorch's own run is far off"},
    {"SKIP", "cannot run here, for the reason given"},
};

constexpr Term kTermsOfTraining[] = {
    {"teacher-forced step", "a step of ours from LibTorch's state before it"},
    {"share of bound",
     "largest |ours - LibTorch f64| of any element over the bound derived for it"},
    {"free run", "both from the same weights, each on its own from there"},
};

}  // namespace

Section provenance_section(const Inputs& inputs, const Provenance& p) {
  Table table({"what", "value"}, Narrow::cards);
  const auto add = [&](const char* what, const Cell& value) { table.add({text(what), value}); };
  add("commit", text(p.commit));
  add("machine", text(p.machine));
  add("date", text(p.date));
  for (const VerifyRun& run : inputs.runs)
    add("cases", with_command(fmt::format("on {}, engine {}; LibTorch: {}", run.device, run.engine,
                                          words_of(run.versions)),
                              run.command));
  if (inputs.mutants) add("planted bugs", text("on " + inputs.mutants->device));
  if (!inputs.training.is_null())
    add("training",
        with_command(fmt::format("on {}; LibTorch: {}", device_of(inputs.training),
                                 words_of(inputs.training.value("versions", json::object()))),
                     p.command));
  return {"provenance", "Provenance", "", table.html() + downloads(inputs)};
}

Section gaps_section(const Inputs& inputs) {
  std::string list = "<ul>\n";
  for (const std::string& gap : gaps(inputs)) list += "<li>" + escape(gap) + "</li>\n";
  return {"gaps", "Not covered", "", list + "</ul>\n"};
}

Section glossary_section(const Inputs& inputs) {
  Table table({"term", "meaning"}, Narrow::cards);
  const auto add = [&](const auto& terms) {
    for (const Term& term : terms) table.add({text(term.name), text(term.meaning)});
  };
  if (!inputs.runs.empty()) add(kTermsOfCases);
  if (!inputs.training.is_null()) add(kTermsOfTraining);
  return {"glossary", "How each figure is computed", "", table.empty() ? "" : table.html()};
}

}  // namespace plumb::report
