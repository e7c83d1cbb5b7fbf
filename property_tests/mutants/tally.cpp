#include "property_tests/mutants/tally.h"

#include <fmt/format.h>

#include <algorithm>

namespace plumb::mutants {
namespace {

using nlohmann::json;

constexpr double kWorthwhile = 0.95;  // of an op's mutants must be killed

const char* name_of(Means means) {
  constexpr const char* kNames[] = {"case", "property", "crash", "hang"};
  return kNames[static_cast<std::size_t>(means)];
}

json killed_by(const Trial& trial) {
  if (trial.killers.empty()) return nullptr;
  const Killer& killer = trial.killers.front();
  switch (killer.means) {
    case Means::test_case:
      return {{"case", killer.id}};
    case Means::property:
      return {{"property", killer.id}, {"counterexample", killer.text}};
    default:
      return {{"crash", killer.id + ": " + killer.text}};
  }
}

}  // namespace

std::string describe(const Trial& trial) {
  const bool killed = !trial.killers.empty();
  const char* fate = trial.mutant.is_control() ? "control" : killed ? "killed" : "SURVIVED";
  std::string out = fmt::format("{:<8} {:<34} {:<11} {:6.2f} s  ", fate, trial.mutant.label(),
                                trial.mutant.kind, trial.seconds);
  if (!killed) return out + fmt::format("{} checks passed", trial.checks);
  const Killer& first = trial.killers.front();
  out += fmt::format("{} {}", name_of(first.means), first.id);
  if (trial.killers.size() > 1) out += fmt::format(" and {} more", trial.killers.size() - 1);
  return out;
}

bool Tally::OfOp::is_weak() const {
  return static_cast<double>(killed) < kWorthwhile * static_cast<double>(trials.size());
}

void Tally::add(const Trial& trial) {
  if (trial.mutant.is_control()) {
    if (!trial.killers.empty()) killed_controls_.push_back(trial);
    return;
  }
  auto of_op = std::find_if(ops_.begin(), ops_.end(),
                            [&](const OfOp& other) { return other.name == trial.mutant.op; });
  if (of_op == ops_.end()) of_op = ops_.insert(ops_.end(), {trial.mutant.op, {}, 0});
  of_op->trials.push_back(trial);
  of_op->killed += !trial.killers.empty();
}

std::string Tally::table() const {
  std::string out = fmt::format("\n{:<24} killed total\n", "op");
  for (const OfOp& op : ops_)
    out += fmt::format("{:<24} {:>6} {:>5}{}\n", op.name, op.killed, op.trials.size(),
                       op.is_weak() ? "  below 95 %: its cases or properties miss bugs" : "");
  for (const Trial& control : killed_controls_)
    out += fmt::format("{} is the op without a change, and {} breaks: {}\n", control.mutant.label(),
                       control.killers.front().id, control.killers.front().text);
  return out;
}

json Tally::json(const std::string& device) const {
  nlohmann::json all = nlohmann::json::object();
  for (const OfOp& op : ops_) {
    nlohmann::json list = nlohmann::json::array();
    for (const Trial& trial : op.trials)
      list.push_back({{"name", trial.mutant.name},
                      {"kind", trial.mutant.kind},
                      {"what", trial.mutant.what},
                      {"file", trial.mutant.file},
                      {"seconds", trial.seconds},
                      {"killed_by", killed_by(trial)}});
    all[op.name] = {{"killed", op.killed}, {"total", op.trials.size()}, {"mutants", list}};
  }
  return {{"device", device}, {"ops", all}};
}

int Tally::exit_code() const {
  const bool weak =
      std::any_of(ops_.begin(), ops_.end(), [](const OfOp& op) { return op.is_weak(); });
  return weak || !killed_controls_.empty() ? 2 : 0;
}

}  // namespace plumb::mutants
