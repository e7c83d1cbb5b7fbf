// case.h - a case: what an id means.
#pragma once

#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "golden/cases/recipe.h"
#include "golden/harness/case_id.h"

namespace plumb::golden {

/// One case: an id and what follows from it. Both programs work from attributes and recipes.
struct Case {
  CaseId id;
  std::string text;  // the id as text
  Dtype dtype = Dtype::f32;
  nlohmann::json attributes = nlohmann::json::object();  // LibTorch's names
  std::vector<Recipe> inputs;
  std::vector<std::string> in_out;  // inputs that the op writes: outputs of the same names
  bool exact = false;               // no step of it rounds: outputs have the golden's very bits
  std::string hunts;                // the bug that the case is there to catch
  std::map<std::string, std::string> nulls;  // null kernels that pass rightly, and why

  /// Adds an input in the case's dtype, with its fill, seed and layout.
  Recipe& add(const std::string& name, Shape shape);
  /// One that is not at issue: uniform in (-1, 1), whatever the id says of fills.
  Recipe& add_ordinary(const std::string& name, Shape shape);
  const Recipe* find(const std::string& name) const;

  // What an id says of every input.
  Fill fill = Fill::uniform;
  double scale = 1, offset = 0;
  std::uint64_t seed = 0;
  Layout layout = Layout::plain;
};

}  // namespace plumb::golden
