// timing.h - how long LibTorch takes for one operation: operands stay between requests, so that
// runs which alternate with another program's find them as they left them.
#pragma once

#include <ATen/ATen.h>

#include <memory>
#include <nlohmann/json.hpp>
#include <vector>

namespace plumb::reference {

/// The integer in request[name]. Throws std::invalid_argument, one line: what was given, what is
/// allowed.
std::int64_t integer_of(const nlohmann::json& request, const char* name, std::int64_t least,
                        std::int64_t most);

/// LibTorch's threads while it lives: request["threads"] (1 to 1024), or as they are when it has
/// none.
class ThreadScope {
 public:
  explicit ThreadScope(const nlohmann::json& request);
  ThreadScope(const ThreadScope&) = delete;
  ThreadScope& operator=(const ThreadScope&) = delete;
  ~ThreadScope();

 private:
  int before_;
};

/// request["repeats"]: 1 to 1,000,000.
std::int64_t repeats_of(const nlohmann::json& request);

/// A case of an op, ready to be called.
struct PreparedOp;

class Timing {
 public:
  Timing();
  ~Timing();

  /// {count, repeats, threads?}: seconds of each of `repeats` steps of the fused Adam over `count`
  /// f32 elements.
  nlohmann::json adam(const nlohmann::json& request);
  /// {m, n, k, repeats, threads?}: seconds of each of `repeats` products [m, k] [k, n] in f32.
  nlohmann::json mm(const nlohmann::json& request);
  /// {op, direction, dtype, attributes, inputs, repeats, threads?}, a case as op.answer takes it:
  /// seconds of each of `repeats` calls (ReferenceOp::work).
  nlohmann::json op(const nlohmann::json& request);

 private:
  std::unique_ptr<PreparedOp> op_;
  std::vector<at::Tensor> adam_;  // parameter, gradient, exp_avg, exp_avg_sq, step
  at::Tensor a_, b_;
};

}  // namespace plumb::reference
