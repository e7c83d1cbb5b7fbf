// pool.h - judges many cases over warm processes: what a small case costs is its kernels.
#pragma once

#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace plumb::golden {

struct PoolOptions {
  int jobs = 1;
  double timeout_seconds = 120;        // of one case
  std::vector<std::string> arguments;  // of this program, that make it a worker
};

/// One case to be judged; tasks of one group share kernels and go to one worker.
struct Task {
  std::string id, group;
};

/// Gives every task to a worker and each verdict (verdict.h, as JSON) to `done`, one call at a
/// time, in no order; `done` returns false to stop. A worker that dies or does not answer in time
/// is a FAIL of its case, and another takes its place.
void run_pool(const PoolOptions& options, const std::vector<Task>& tasks,
              const std::function<bool(const nlohmann::json& verdict)>& done);

/// The worker's side: reads {"verb": "case", "id": ...} lines on stdin until it ends, answers with
/// what `judge` returns. Says so and ends as soon as `spent`: another takes its place then.
void serve(const std::function<nlohmann::json(const std::string& id)>& judge,
           const std::function<bool()>& spent);

}  // namespace plumb::golden
