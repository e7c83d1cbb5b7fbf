// audit.h - a training run of ours beside LibTorch's: step by step from LibTorch's state, and free.
#pragma once

#include <functional>
#include <nlohmann/json.hpp>
#include <string>

#include "golden/client/client.h"
#include "impl/train/trainer.h"

namespace plumb::audit {

struct AuditOptions {
  std::int64_t steps = 0;  // teacher-forced steps; 0: all
  int seeds = 8;           // LibTorch runs whose final losses give the spread
};

/// Progress: what is being done, done so far, of how many. False stops the audit, which is then
/// inconclusive.
using Watch = std::function<bool(const std::string& stage, std::int64_t done, std::int64_t of)>;

/// Two comparisons (verdicts b.4):
///   teacher-forced  before each step our model takes LibTorch's f32 state; loss, logits,
///   gradients, parameters and momentum
///                   buffers after the step must lie within the bounds that the reference derives
///                   for that very step
///   free            from the same initial weights: relative L2 distance of the parameters <= 1e-6
///   at step 10 and
///                   <= max(1e-5, 10 x LibTorch f32 against f64) at step 100; the final loss over
///                   all training images within the spread of LibTorch's over `seeds` seeds, each
///                   with weights and order of its own
/// The result holds "verdicts" (name, outcome PASS | FAIL | MISTRUSTED | UNTESTED, figure, limit,
/// detail), the trajectories, the worst tensor of every step, accuracies, images a second,
/// versions.
nlohmann::json run(const train::Config& config, const AuditOptions& options,
                   client::Client& libtorch, const Watch& watch);

/// 0 all PASS, 2 any FAIL or UNTESTED, 3 stopped or MISTRUSTED alone, 4 nothing was checked.
int exit_code(const nlohmann::json& result);

}  // namespace plumb::audit
