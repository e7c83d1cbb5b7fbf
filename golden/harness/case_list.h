// case_list.h - the cases of an op: golden/ops/<op>/cases.json, or a file of a user's.
//
//   {"op": "linear",
//    "cases": [{"case": "n64_in784_out256/nobias", "hunts": "...",
//               "dtypes": ["f32"], "directions": ["forward"],      default: all that the op has
//               "nulls": {"zeros": "why zeros are right here"}}],
//    "refusals": [{"name": "features", "case": "linear/forward/f32/n2_in3_out4",
//                  "inputs": {"weight": {"shape": [4, 5]}}, "attributes": {},
//                  "ours": "...", "libtorch": "...", "hunts": "..."}]}
//
// A user's file: {"cases": [{"case": "linear/forward/f32/n3_in5_out7", "hunts": "optional",
//                            "inputs": {"x": {"offset": 1e4, "scale": 0.01}}}]}
#pragma once

#include <string>
#include <vector>

#include "golden/harness/op.h"

namespace plumb::golden {

/// A call that must be refused: how our error and LibTorch's read in part.
struct Refusal {
  Case c;
  std::string ours, libtorch;
};

struct CaseList {
  std::vector<Case> cases;
  std::vector<Refusal> refusals;  // ids <op>/<direction>/<dtype>/refusal/<name>
};

/// The cases of one op, in the file's order. Throws FileError and UsageError, one line with the
/// file: not JSON, a field that is missing or unknown, no `hunts`, an id twice, an id that
/// make_case refuses.
CaseList read_cases(const std::string& folder, const std::string& op);

/// A user's cases; the same errors. `hunts` may be missing.
std::vector<Case> read_live_cases(const std::string& path);

}  // namespace plumb::golden
