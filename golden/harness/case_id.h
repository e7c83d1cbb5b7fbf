// case_id.h - the name of a case: golden key, test name, benchmark name, report row and repro
// argument at once.
//
//   <op>/<direction>/<dtype>/<shape>[/<option>...]      linear/backward/f32/n64_in784_out256/nobias
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "impl/core/error.h"

namespace plumb::golden {

struct CaseId {
  std::string op;                    // stem of impl/ops.txt
  std::string direction;             // forward, forward_train, forward_eval, backward, step
  std::string dtype;                 // f64 f32 f16 bf16 i64 i32 u8 bool
  std::string shape;                 // h5_w7, hw35 ...
  std::vector<std::string> options;  // eps1e-5, seed7 ...

  bool operator==(const CaseId&) const = default;
};

/// Reads an id. A segment is made of a-z, 0-9, '.', '+', '-' and single inner underscores;
/// direction and dtype are of the lists above. Throws UsageError otherwise.
CaseId parse_case_id(std::string_view text);

/// The inverse of parse_case_id.
std::string format_case_id(const CaseId& id);

/// A GoogleTest parameter name (letters, digits, underscores) for an id; no two ids share one: '/'
/// becomes "__", which no segment can hold, and '.', '-', '+' the capitals P, M, Q, since segments
/// have none. Throws as parse_case_id.
std::string case_id_to_gtest_name(std::string_view id);

/// The inverse of case_id_to_gtest_name. Throws UsageError for a name that no id has.
std::string gtest_name_to_case_id(std::string_view name);

}  // namespace plumb::golden
