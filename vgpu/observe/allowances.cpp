#include "vgpu/observe/allowances.h"

#include <fstream>

namespace vgpu::observe {
namespace {

const std::string kMark = "plumbline-allow:";

std::string trimmed(const std::string& text) {
  const auto first = text.find_first_not_of(" \t"), last = text.find_last_not_of(" \t\r*/");
  return first == std::string::npos || last == std::string::npos
             ? ""
             : text.substr(first, last + 1 - first);
}

}  // namespace

Allowances& Allowances::get() {
  static Allowances* all = new Allowances;  // never destroyed, as the log
  return *all;
}

const std::vector<std::string>& Allowances::lines_of(const std::string& file) {
  const auto [at, is_new] = files_.try_emplace(file);
  if (!is_new) return at->second;
  std::ifstream in(file);
  for (std::string line; std::getline(in, line);) at->second.push_back(line);
  return at->second;
}

std::vector<std::pair<Allowances::Place, Allowances::Allowance>> Allowances::at(
    const std::string& file, int line) {
  std::vector<std::pair<Place, Allowance>> out;
  const std::vector<std::string>& lines = lines_of(file);
  for (const int number : {line, line - 1}) {
    if (number < 1 || number > static_cast<int>(lines.size())) continue;
    const std::string& text = lines[static_cast<std::size_t>(number - 1)];
    const auto mark = text.find(kMark);
    if (mark == std::string::npos) continue;
    const std::string rest = text.substr(mark + kMark.size());
    const auto colon = rest.find(':');
    Kind kind{};
    if (colon == std::string::npos || !kind_from_name(trimmed(rest.substr(0, colon)), kind))
      continue;
    const std::string reason = trimmed(rest.substr(colon + 1));
    if (!reason.empty()) out.push_back({{file, number}, {kind, reason}});
  }
  return out;
}

std::string Allowances::reason(Kind kind, const std::string& file, int line) {
  const std::lock_guard lock(mutex_);
  for (const auto& [place, allowance] : at(file, line)) {
    if (allowance.kind != kind) continue;
    known_[{place, kind}] = true;
    return allowance.reason;
  }
  return "";
}

void Allowances::note_line(const std::string& file, int line, const Checks& checks) {
  const std::lock_guard lock(mutex_);
  if (!seen_.insert({file, line}).second) return;
  for (const auto& [place, allowance] : at(file, line))
    if (is_on(checks, check_of(allowance.kind))) known_.try_emplace({place, allowance.kind}, false);
}

std::map<std::string, bool> Allowances::states() const {
  const std::lock_guard lock(mutex_);
  std::map<std::string, bool> out;
  for (const auto& [what, used] : known_)
    out[what.first.first + ":" + std::to_string(what.first.second) + ": " + kMark + " " +
        name_of(what.second)] = used;
  return out;
}

std::vector<std::string> Allowances::unused() const {
  std::vector<std::string> out;
  for (const auto& [text, used] : states())
    if (!used) out.push_back(text + ": nothing was found");
  return out;
}

void Allowances::clear() {
  const std::lock_guard lock(mutex_);
  seen_.clear();
  known_.clear();
}

}  // namespace vgpu::observe
