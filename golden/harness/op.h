// op.h - what the harness knows of an op: what its case ids mean, and how its kernels are called.
//
// golden/ops/<op>.cpp defines one function, `Op <op>_op()`; impl/ops.txt is the list of them.
#pragma once

#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "golden/cases/recipe.h"
#include "golden/harness/case_id.h"
#include "impl/core/tensor.h"

namespace plumb::golden {

inline const std::vector<Dtype> kFloatingDtypes = {Dtype::f64, Dtype::f32, Dtype::f16, Dtype::bf16};

using Inputs = std::map<std::string, Tensor>;   // by LibTorch's names; absent: not given
using Outputs = std::map<std::string, Tensor>;  // y, dx, dweight ...

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

/// The shape and the options of an id, read by name. What nobody reads is refused.
class IdReader {
 public:
  /// Reads what every op has into `c`: the fill, xA (times A), powK (times 2^K), atB (plus B),
  /// seedN, misaligned, strided. Throws UsageError.
  explicit IdReader(Case& c);

  std::int64_t dim(const std::string& name);
  std::int64_t dim(const std::string& name, std::int64_t otherwise);
  /// Every size of that name, in order: n5_n7.
  std::vector<std::int64_t> dims(const std::string& name);
  /// All sizes in order, whatever their names: h5_w7 is [5, 7].
  Shape shape();
  bool flag(const std::string& name);
  double number(const std::string& prefix, double otherwise);
  std::int64_t integer(const std::string& prefix, std::int64_t otherwise);
  /// Throws UsageError when several of them are given.
  std::string one_of(const std::vector<std::string>& words, const std::string& otherwise);
  /// Throws UsageError when something of the id was not read: it names what the op has.
  void end() const;

  const std::string& direction() const { return case_.id.direction; }
  bool backward() const { return case_.id.direction == "backward"; }

 private:
  struct Word {
    std::string text;
    bool used = false;
  };
  struct Size {
    std::string name;
    std::int64_t value;
    bool used = false;
  };
  [[noreturn]] void refuse(const std::string& why) const;
  void check_words() const;
  /// What follows the prefix, when it is a number.
  bool take_number(const std::string& prefix, double* value);

  Case& case_;
  std::vector<Size> sizes_;
  std::vector<Word> words_;
  mutable std::vector<std::string> known_;
};

struct Op {
  std::string name;
  std::vector<std::string> directions;
  std::vector<Dtype> dtypes;
  /// Fills in inputs and attributes of the direction from the id. Throws UsageError.
  void (*describe)(IdReader& id, Case& c);
  /// Runs our kernels on the default stream; returns what the direction computes.
  Outputs (*run)(const Case& c, const Inputs& inputs);
  /// Roundings to the dtype between inputs and an output, for halves (verdicts b.3, rho).
  double roundings = 1;
};

/// All ops, in the order of impl/ops.txt.
const std::vector<Op>& ops();
/// Throws UsageError naming the nearest op.
const Op& find_op(const std::string& name);
/// Puts a mutant in an op's place, for this process; null: the op itself again.
void replace_op(const std::string& name, const Op* mutant);

/// The case that an id describes. Throws UsageError, one line, for an op, direction, dtype, size or
/// option that does not exist.
Case make_case(const std::string& id);

}  // namespace plumb::golden
