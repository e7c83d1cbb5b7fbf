// allowances.h - findings that a kernel's author allows, with a reason, in the source itself.
//
//   // plumbline-allow: race-global: every block writes the same flag, and none reads it here
//   *flag = 1;
//
// in the line of the finding (with -lineinfo) or the one above it; of a race either side will do.
// The first word is a kind of report (`out-of-bounds` ...); what follows it is the reason, which
// there must be. Where the source is not there, nothing is allowed.
#pragma once

#include <map>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "vgpu/observe/checks.h"
#include "vgpu/observe/report.h"

namespace vgpu::observe {

class Allowances {
 public:
  static Allowances& get();
  /// Why a finding of this kind is allowed at `line` of `file`; "": it is not.
  std::string reason(Kind kind, const std::string& file, int line);
  /// A kernel with instructions of this line ran under `checks`.
  void note_line(const std::string& file, int line, const Checks& checks);
  /// "k.cu:12: plumbline-allow: race-global" of lines that ran, for checks that were on, and
  /// whether something was found there.
  std::map<std::string, bool> states() const;
  /// Those where nothing was found.
  std::vector<std::string> unused() const;
  void clear();

 private:
  struct Allowance {
    Kind kind;
    std::string reason;
  };
  using Place = std::pair<std::string, int>;
  const std::vector<std::string>& lines_of(const std::string& file);
  /// What stands in the line or the one above: its own line, and what it allows.
  std::vector<std::pair<Place, Allowance>> at(const std::string& file, int line);

  mutable std::mutex mutex_;
  std::map<std::string, std::vector<std::string>> files_;
  std::set<Place> seen_;                          // lines that ran
  std::map<std::pair<Place, Kind>, bool> known_;  // of those: whether it was used
};

}  // namespace vgpu::observe
