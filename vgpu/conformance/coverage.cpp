#include <algorithm>
#include <map>
#include <sstream>
#include <stdexcept>

#include "vgpu/conformance/check.h"
#include "vgpu/conformance/tables.h"

namespace vgpu::conformance {
namespace {

/// The lines of a table without its comments, cut at the tabs.
std::vector<std::vector<std::string>> rows_of(const char* table) {
  std::vector<std::vector<std::string>> out;
  std::istringstream lines(table);
  for (std::string line; std::getline(lines, line);) {
    if (line.empty() || line[0] == '#') continue;
    std::istringstream cells(line);
    out.emplace_back();
    for (std::string cell; std::getline(cells, cell, '\t');) out.back().push_back(cell);
  }
  return out;
}

struct Exclusion {
  std::string pattern, reason;
  bool names(const std::string& opcode) const {
    return pattern.back() == '*' ? opcode.starts_with(pattern.substr(0, pattern.size() - 1))
                                 : opcode == pattern;
  }
};

std::vector<Exclusion> exclusions() {
  std::vector<Exclusion> out;
  for (const auto& row : rows_of(kExcluded)) {
    if (row.size() != 2 || row[0].empty() || row[1].empty())
      throw std::logic_error("excluded.tsv: a line is no opcode, tab, reason");
    out.push_back({row[0], row[1]});
  }
  return out;
}

void settle(Coverage& one, const std::vector<Exclusion>& excluded) {
  if (!one.runs.empty()) {
    one.state = Coverage::State::covered;
    return;
  }
  for (const Exclusion& exclusion : excluded)
    if (exclusion.names(one.opcode)) {
      one.state = Coverage::State::excluded;
      one.reason = exclusion.reason;
      return;
    }
}

}  // namespace

std::vector<Coverage> coverage(const std::vector<Check>& all) {
  std::map<std::string, std::vector<std::size_t>> runs;
  for (std::size_t i = 0; i < all.size(); ++i)
    for (const std::string& opcode : all[i].opcodes) runs[opcode].push_back(i);
  const std::vector<Exclusion> excluded = exclusions();
  std::vector<Coverage> out;
  for (const auto& row : rows_of(kCensus)) {
    Coverage one;
    one.opcode = row.at(0);
    one.programs = std::stoi(row.at(1));
    if (auto known = runs.extract(one.opcode)) one.runs = std::move(known.mapped());
    settle(one, excluded);
    out.push_back(std::move(one));
  }
  for (auto& [opcode, indices] : runs) {
    Coverage one;
    one.opcode = opcode;
    one.runs = std::move(indices);
    settle(one, excluded);
    out.push_back(std::move(one));
  }
  return out;
}

const char* name_of(Coverage::State state) {
  switch (state) {
    case Coverage::State::covered:
      return "covered";
    case Coverage::State::excluded:
      return "excluded";
    case Coverage::State::missing:
      return "missing";
  }
  return "";
}

}  // namespace vgpu::conformance
