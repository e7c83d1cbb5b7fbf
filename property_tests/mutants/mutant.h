// mutant.h - an op with one planted bug, as property_tests/mutants/ops/<op>.json lists them.
//
//   [{"name": "last_row", "kind": "tail", "file": "impl/ops/common/matmul.cuh",
//     "from": "<text that the file has exactly once>", "to": "<what stands there instead>",
//     "what": "the last row is not written"}]
//
// mutate.py makes the changed copy, and says which kinds there are; CMakeLists.txt builds it into a
// library. One more is built without a change, "control": what kills that one is no bug's doing.
#pragma once

#include <string>
#include <vector>

#include "property_tests/mutants/entry.h"

namespace plumb::mutants {

inline constexpr const char* kControl = "control";

struct Mutant {
  std::string op, name, kind, file, what;
  std::string label() const { return op + "/" + name; }
  bool is_control() const { return name == kControl; }
};

/// The op's control and its mutants in the list's order. Throws FileError, one line: no list, not
/// what is described above.
std::vector<Mutant> read_mutants(const std::string& folder, const std::string& op);

/// A mutant's shared object, in its op's place for as long as this lives.
class MutantInPlace {
 public:
  /// Takes <folder>/<op>/<name>.so. Throws FileError when it cannot be loaded.
  MutantInPlace(const std::string& folder, const Mutant& mutant);
  MutantInPlace(const MutantInPlace&) = delete;
  MutantInPlace& operator=(const MutantInPlace&) = delete;
  ~MutantInPlace();

  const std::vector<properties::Property>& properties() const { return planted_->properties; }

 private:
  void* library_;
  const Planted* planted_;
};

}  // namespace plumb::mutants
