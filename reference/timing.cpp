#include "reference/timing.h"

#include <ATen/Parallel.h>

#include <chrono>
#include <stdexcept>

#include "reference/ops/op.h"

namespace plumb::reference {
namespace {

constexpr std::int64_t kMostElements = std::int64_t{1} << 28;  // 1 GiB of f32
constexpr std::int64_t kMostRows = std::int64_t{1} << 14;

/// Seconds of each of `repeats` calls.
template <class Call>
nlohmann::json time_each(std::int64_t repeats, Call call) {
  using Clock = std::chrono::steady_clock;
  nlohmann::json seconds = nlohmann::json::array();
  for (std::int64_t i = 0; i < repeats; ++i) {
    const auto start = Clock::now();
    call();
    seconds.push_back(std::chrono::duration<double>(Clock::now() - start).count());
  }
  return {{"seconds", seconds}, {"timed_threads", at::get_num_threads()}};
}

}  // namespace

struct PreparedOp {
  nlohmann::json request;  // but for repeats and threads
  OpCall call;
  Work work;

  explicit PreparedOp(const nlohmann::json& given)
      : request(given),
        call{request.at("direction"), request.at("attributes"), make_inputs(request.at("inputs"))} {
    const ReferenceOp& op = find_reference(request.at("op"));
    if (op.work != nullptr && call.direction != "forward")
      work = op.work(call);
    else
      work = [this, &op] { op.run(call); };
  }
};

Timing::Timing() = default;
Timing::~Timing() = default;

std::int64_t integer_of(const nlohmann::json& request, const char* name, std::int64_t least,
                        std::int64_t most) {
  const auto found = request.find(name);
  const bool given = found != request.end();
  if (given && found->is_number_integer()) {
    const auto value = found->get<std::int64_t>();
    if (value >= least && value <= most) return value;
  }
  throw std::invalid_argument(std::string(name) + " is " + (given ? found->dump() : "missing") +
                              "; allowed: an integer from " + std::to_string(least) + " to " +
                              std::to_string(most));
}

ThreadScope::ThreadScope(const nlohmann::json& request) : before_(at::get_num_threads()) {
  if (request.contains("threads"))
    at::set_num_threads(static_cast<int>(integer_of(request, "threads", 1, 1024)));
}

ThreadScope::~ThreadScope() { at::set_num_threads(before_); }

std::int64_t repeats_of(const nlohmann::json& request) {
  return integer_of(request, "repeats", 1, 1000000);
}

nlohmann::json Timing::adam(const nlohmann::json& request) {
  const std::int64_t count = integer_of(request, "count", 1, kMostElements);
  const std::int64_t repeats = repeats_of(request);
  const ThreadScope threads(request);
  if (adam_.empty() || adam_[0].numel() != count)
    adam_ = {at::ones({count}), at::full({count}, 0.01), at::zeros({count}), at::zeros({count}),
             at::zeros({})};
  return time_each(repeats, [&] {
    adam_[4].add_(1);
    at::_fused_adam_({adam_[0]}, {adam_[1]}, {adam_[2]}, {adam_[3]}, {}, {adam_[4]}, /*lr=*/1e-3,
                     /*beta1=*/0.9, /*beta2=*/0.999, /*weight_decay=*/0, /*eps=*/1e-8,
                     /*amsgrad=*/false, /*maximize=*/false);
  });
}

nlohmann::json Timing::mm(const nlohmann::json& request) {
  const std::int64_t m = integer_of(request, "m", 1, kMostRows),
                     n = integer_of(request, "n", 1, kMostRows),
                     k = integer_of(request, "k", 1, kMostRows);
  const std::int64_t repeats = repeats_of(request);
  const ThreadScope threads(request);
  if (!a_.defined() || a_.size(0) != m || a_.size(1) != k || b_.size(1) != n) {
    a_ = at::linspace(-1, 1, m * k).reshape({m, k});
    b_ = at::linspace(1, -1, k * n).reshape({k, n});
  }
  return time_each(repeats, [&] { at::mm(a_, b_); });
}

nlohmann::json Timing::op(const nlohmann::json& request) {
  const std::int64_t repeats = repeats_of(request);
  const ThreadScope threads(request);
  nlohmann::json wanted = request;
  wanted.erase("repeats");
  wanted.erase("threads");
  if (!op_ || op_->request != wanted) {
    op_.reset();  // before the next one: both may be large
    op_ = std::make_unique<PreparedOp>(wanted);
  }
  return time_each(repeats, op_->work);
}

}  // namespace plumb::reference
