// cross_entropy.cu - log-softmax and negative log-likelihood, forward and backward.
//
// Maths     cross_entropy.h. Forward and backward share the row's target: factor(c) of -logp_c
// Layout    input [N, C, S], S = product of what follows the classes; a row is one (n, s)
// Mapping   S = 1: a warp a row, lanes along the classes, sums by exchange. S > 1: a thread a row,
//           lanes along s, so that both read consecutive words. One block adds the rows' losses
// Numerics  float for float, half and bf16, double for double; exp of x - max; one rounding
// Determinism  bitwise repeatable: fixed order; the one atomic finds the first bad label
#include "impl/ops/cross_entropy.h"

#include <cmath>

#include "impl/core/launch.cuh"
#include "impl/ops/common/scalar.cuh"
#include "impl/ops/common/warp.cuh"

namespace plumb {
namespace {

constexpr int kThreads = 128;
constexpr int kReduceThreads = 1024;
constexpr std::int64_t kNoBadRow =
    -1;  // the largest value as the unsigned number it is compared as

// --- device helpers ---

/// input [n, classes, spatial] as rows of `classes` logits that are `spatial` apart.
struct RowShape {
  std::int64_t rows, classes, spatial;
  __device__ std::int64_t first(std::int64_t row) const {
    return row / spatial * classes * spatial + row % spatial;
  }
};

/// keep = 1 - e, spread = e / C; without smoothing 1 and 0.
template <class Accum>
struct Smoothing {
  Accum keep, spread;
};

template <class Scalar>
__device__ accum_t<Scalar> class_weight(const Scalar* weight, std::int64_t c) {
  return weight == nullptr ? accum_t<Scalar>{1} : widen(weight[c]);
}

/// Rows whose target is one label.
template <class Scalar>
struct Labels {
  using Accum = accum_t<Scalar>;
  const void* data;
  bool bytes;  // u8, else i64
  std::int64_t ignore_index;
  const Scalar* weight;
  Smoothing<Accum> smoothing;

  struct Row {
    std::int64_t label;
    Accum weight;
    bool ignored, bad;
  };
  __device__ Row row(std::int64_t row, const RowShape& shape) const {
    Row r;
    r.label = bytes ? static_cast<const std::uint8_t*>(data)[row]
                    : static_cast<const std::int64_t*>(data)[row];
    r.ignored = r.label == ignore_index;
    r.bad = !r.ignored && (r.label < 0 || r.label >= shape.classes);
    r.weight = r.ignored ? Accum{0} : r.bad ? Accum(NAN) : class_weight(weight, r.label);
    return r;
  }
  /// What class c adds to the loss, without the label's own part.
  __device__ Accum part(const Row&, const RowShape&, std::int64_t, std::int64_t c,
                        Accum logp) const {
    return smoothing.spread > 0 ? -class_weight(weight, c) * logp : Accum{0};
  }
  __device__ Accum loss(const Row& r, Accum parts, const Scalar* logits, std::int64_t stride,
                        Accum largest, Accum log_sum) const {
    if (r.ignored || r.bad) return r.weight;
    const Accum likelihood = -r.weight * (widen(logits[r.label * stride]) - largest - log_sum);
    return smoothing.spread > 0 ? smoothing.keep * likelihood + smoothing.spread * parts
                                : likelihood;
  }
  __device__ Accum factor(const Row& r, const RowShape&, std::int64_t, std::int64_t c) const {
    const Accum own = c == r.label || r.bad ? smoothing.keep * r.weight : Accum{0};
    return smoothing.spread > 0 ? own + smoothing.spread * class_weight(weight, c) : own;
  }
  __device__ Accum slope(std::int64_t) const { return 0; }  // a label has no gradient
};

/// Rows whose target is a probability for every class, laid out like the input.
template <class Scalar>
struct Probabilities {
  using Accum = accum_t<Scalar>;
  const Scalar* data;
  const Scalar* weight;
  Smoothing<Accum> smoothing;

  struct Row {
    Accum weight = 1;  // what the row adds to total_weight
    static constexpr bool ignored = false, bad = false;
  };
  __device__ Row row(std::int64_t, const RowShape&) const { return {}; }
  __device__ Accum part(const Row& r, const RowShape& shape, std::int64_t first, std::int64_t c,
                        Accum logp) const {
    return -factor(r, shape, first, c) * logp;
  }
  __device__ Accum loss(const Row&, Accum parts, const Scalar*, std::int64_t, Accum, Accum) const {
    return parts;
  }
  __device__ Accum factor(const Row&, const RowShape& shape, std::int64_t first,
                          std::int64_t c) const {
    const Accum p = widen(data[first + c * shape.spatial]);
    return class_weight(weight, c) * (smoothing.keep * p + smoothing.spread);
  }
  /// The derivative of the factor by the probability.
  __device__ Accum slope(std::int64_t c) const { return class_weight(weight, c) * smoothing.keep; }
};

// --- kernels ---

template <class Accum>
struct RowResults {
  Accum *largest, *sum, *loss, *weight;  // [rows] each
  unsigned long long* first_bad_row;
};

/// kLanes threads a row: 32 (a warp) or 1.
template <int kLanes, class Scalar, class Target>
__global__ void __launch_bounds__(kThreads)
    rows_kernel(RowShape shape, const Scalar* input, Target target,
                RowResults<accum_t<Scalar>> results) {
  using Accum = accum_t<Scalar>;
  const std::int64_t thread = static_cast<std::int64_t>(blockIdx.x) * kThreads + threadIdx.x;
  const std::int64_t row = thread / kLanes;
  const int lane = static_cast<int>(threadIdx.x) % kLanes;
  if (row >= shape.rows) return;
  const std::int64_t first = shape.first(row);
  const Scalar* logits = input + first;

  Accum largest = -Accum(INFINITY);
  for (std::int64_t c = lane; c < shape.classes; c += kLanes)
    largest = fmax(largest, widen(logits[c * shape.spatial]));
  largest = warp_max<kLanes>(largest);
  Accum sum = 0;
  for (std::int64_t c = lane; c < shape.classes; c += kLanes)
    sum += exp(widen(logits[c * shape.spatial]) - largest);
  sum = warp_sum<kLanes>(sum);

  const Accum log_sum = log(sum);
  const auto of_row = target.row(row, shape);
  Accum parts = 0;
  for (std::int64_t c = lane; c < shape.classes; c += kLanes)
    parts +=
        target.part(of_row, shape, first, c, widen(logits[c * shape.spatial]) - largest - log_sum);
  parts = warp_sum<kLanes>(parts);
  if (lane != 0) return;
  results.largest[row] = largest;
  results.sum[row] = sum;
  results.loss[row] = target.loss(of_row, parts, logits, shape.spatial, largest, log_sum);
  results.weight[row] = of_row.weight;
  if (of_row.bad) atomicMin(results.first_bad_row, static_cast<unsigned long long>(row));
}

/// total_weight = sum of weight; loss = sum of loss, divided by total_weight if `mean`. One block.
template <class Scalar>
__global__ void __launch_bounds__(kReduceThreads)
    reduce_kernel(std::int64_t rows, const accum_t<Scalar>* row_loss,
                  const accum_t<Scalar>* row_weight, bool mean, Scalar* loss,
                  accum_t<Scalar>* total_weight) {
  using Accum = accum_t<Scalar>;
  __shared__ Accum of_warp[2][kReduceThreads / 32];
  const int lane = static_cast<int>(threadIdx.x) % 32, warp = static_cast<int>(threadIdx.x) / 32;
  Accum losses = 0, weights = 0;
  for (std::int64_t row = threadIdx.x; row < rows; row += kReduceThreads) {
    losses += row_loss[row];
    weights += row_weight[row];
  }
  losses = warp_sum(losses);
  weights = warp_sum(weights);
  if (lane == 0) {
    of_warp[0][warp] = losses;
    of_warp[1][warp] = weights;
  }
  __syncthreads();
  if (warp != 0) return;
  losses = warp_sum(of_warp[0][lane]);
  weights = warp_sum(of_warp[1][lane]);
  if (lane != 0) return;
  *loss = narrow<Scalar>(mean ? losses / weights : losses);
  *total_weight = weights;
}

/// What the backward of a row needs; dinput and dtarget may be null.
template <class Scalar>
struct BackwardTensors {
  using Accum = accum_t<Scalar>;
  const Scalar* input;
  const Accum *row_max, *row_sum;
  const Scalar* dy;  // one number, or one a row
  bool dy_per_row;
  const Accum* total_weight;  // null: no mean
  Scalar *dinput, *dtarget;
};

/// kLanes threads a row.
template <int kLanes, class Scalar, class Target>
__global__ void __launch_bounds__(kThreads)
    backward_kernel(RowShape shape, Target target, BackwardTensors<Scalar> tensors) {
  using Accum = accum_t<Scalar>;
  const std::int64_t thread = static_cast<std::int64_t>(blockIdx.x) * kThreads + threadIdx.x;
  const std::int64_t row = thread / kLanes;
  const int lane = static_cast<int>(threadIdx.x) % kLanes;
  if (row >= shape.rows) return;
  const std::int64_t first = shape.first(row);
  const auto of_row = target.row(row, shape);
  Accum factors = 0;
  for (std::int64_t c = lane; c < shape.classes; c += kLanes)
    factors += target.factor(of_row, shape, first, c);
  factors = warp_sum<kLanes>(factors);
  const Accum dy = widen(tensors.dy[tensors.dy_per_row ? row : 0]);
  const Accum scale = tensors.total_weight == nullptr ? dy : dy / *tensors.total_weight;
  const Accum largest = tensors.row_max[row], sum = tensors.row_sum[row], log_sum = log(sum);
  for (std::int64_t c = lane; c < shape.classes; c += kLanes) {
    const std::int64_t at = first + c * shape.spatial;
    const Accum shifted = widen(tensors.input[at]) - largest;
    if (tensors.dinput != nullptr) {
      const Accum softmax = exp(shifted) / sum;
      const Accum factor = target.factor(of_row, shape, first, c);
      tensors.dinput[at] = narrow<Scalar>(of_row.ignored ? 0 * softmax  // NaN where softmax is
                                                         : scale * (factors * softmax - factor));
    }
    if (tensors.dtarget != nullptr)
      tensors.dtarget[at] = narrow<Scalar>(-scale * target.slope(c) * (shifted - log_sum));
  }
}

// --- launchers ---

/// A checked call: dense inputs and what follows from shapes and options.
struct Problem {
  RowShape shape;
  Tensor input, target, weight;  // weight may be undefined
  bool labels;
  CrossEntropyOptions options;
};

unsigned blocks_for(const RowShape& shape, int lanes) {
  const std::int64_t rows_per_block = kThreads / lanes;
  return static_cast<unsigned>((shape.rows + rows_per_block - 1) / rows_per_block);
}

/// Calls body with the target that the kernels of this problem take.
template <class Scalar, class Body>
void with_target(const Problem& p, Body&& body) {
  using Accum = accum_t<Scalar>;
  const double e = p.options.label_smoothing > 0 ? p.options.label_smoothing : 0;
  const Smoothing<Accum> smoothing{static_cast<Accum>(1 - e),
                                   static_cast<Accum>(e / static_cast<double>(p.shape.classes))};
  const Scalar* weight = p.weight.defined() ? p.weight.data_as<const Scalar>() : nullptr;
  if (p.labels) {
    body(Labels<Scalar>{p.target.data(), p.target.dtype() == Dtype::u8, p.options.ignore_index,
                        weight, smoothing});
  } else {
    body(Probabilities<Scalar>{p.target.data_as<const Scalar>(), weight, smoothing});
  }
}

template <class Scalar>
void run_rows(const Problem& p, const RowResults<accum_t<Scalar>>& results, Stream stream) {
  with_target<Scalar>(p, [&](auto target) {
    using Target = decltype(target);
    const bool warps = p.shape.spatial == 1;
    launch("cross_entropy/rows",
           warps ? rows_kernel<32, Scalar, Target> : rows_kernel<1, Scalar, Target>,
           {blocks_for(p.shape, warps ? 32 : 1), kThreads}, stream, p.shape,
           p.input.data_as<const Scalar>(), target, results);
  });
}

template <class Scalar>
void run_backward(const Problem& p, const BackwardTensors<Scalar>& tensors, Stream stream) {
  with_target<Scalar>(p, [&](auto target) {
    using Target = decltype(target);
    const bool warps = p.shape.spatial == 1;
    launch("cross_entropy/backward",
           warps ? backward_kernel<32, Scalar, Target> : backward_kernel<1, Scalar, Target>,
           {blocks_for(p.shape, warps ? 32 : 1), kThreads}, stream, p.shape, target, tensors);
  });
}

Shape row_index_shape(const Tensor& input) {
  Shape shape = input.shape();
  shape.erase(shape.begin() + (input.dim() > 1 ? 1 : 0));
  return shape;
}

void check_target(const Tensor& input, const Tensor& target, const CrossEntropyOptions& options) {
  if (is_floating(target.dtype())) {
    PLUMB_CHECK(ShapeError, target.dtype() == input.dtype(),
                "probabilities have dtype {}, input has {} [the same]", name_of(target.dtype()),
                name_of(input.dtype()));
    PLUMB_CHECK(ShapeError, target.shape() == input.shape(),
                "probabilities have shape {}, input has {} [the same]", to_string(target.shape()),
                to_string(input.shape()));
    PLUMB_CHECK(ValueError, options.ignore_index < 0,
                "ignore_index is {} with probabilities [negative]", options.ignore_index);
    return;
  }
  PLUMB_CHECK(ShapeError, target.dtype() == Dtype::i64 || target.dtype() == Dtype::u8,
              "target has dtype {} [labels: i64, u8; probabilities: {}]", name_of(target.dtype()),
              name_of(input.dtype()));
  PLUMB_CHECK(ShapeError, target.shape() == row_index_shape(input),
              "labels have shape {}, need {} for input of shape {}", to_string(target.shape()),
              to_string(row_index_shape(input)), to_string(input.shape()));
}

Problem checked_problem(const Tensor& input, const Tensor& target, const Tensor* weight,
                        const CrossEntropyOptions& options, Stream stream) {
  PLUMB_CHECK(ShapeError, is_floating(input.dtype()), "input has dtype {} [{}]",
              name_of(input.dtype()), kFloatingNames);
  PLUMB_CHECK(ShapeError, input.dim() >= 1, "input has no dimension [C; N, C; N, C, d1, ...]");
  const std::int64_t classes = input.size(input.dim() > 1 ? 1 : 0);
  PLUMB_CHECK(ShapeError, classes >= 1, "input of shape {} has no class [C >= 1]",
              to_string(input.shape()));
  PLUMB_CHECK(ValueError, !(options.label_smoothing > 1),
              "label_smoothing is {} [at most 1; 0 or less: none]", options.label_smoothing);
  check_target(input, target, options);
  if (weight != nullptr) {
    PLUMB_CHECK(ShapeError, weight->shape() == Shape{classes},
                "weight has shape {}, need [{}]: one for each class", to_string(weight->shape()),
                classes);
    PLUMB_CHECK(ShapeError, weight->dtype() == input.dtype(),
                "weight has dtype {}, input has {} [the same]", name_of(weight->dtype()),
                name_of(input.dtype()));
  }
  std::int64_t spatial = 1;
  for (int d = 2; d < input.dim(); ++d) spatial *= input.size(d);
  return {{input.numel() / classes, classes, spatial},
          input.contiguous(stream),
          target.contiguous(stream),
          weight != nullptr ? weight->contiguous(stream) : Tensor{},
          !is_floating(target.dtype()),
          options};
}

/// Waits for the stream; throws when the kernel met a bad label.
void check_labels(const Problem& p, const Tensor& first_bad_row, Stream stream) {
  const std::int64_t row = first_bad_row.to_host<std::int64_t>(stream)[0];
  if (row == kNoBadRow) return;
  const double label = p.target.view({-1}).select(0, row).item(stream);
  PLUMB_THROW(ValueError,
              "label {} in row {} is outside the {} classes [0 to {}, or ignore_index {}]",
              static_cast<std::int64_t>(label), row, p.shape.classes, p.shape.classes - 1,
              p.options.ignore_index);
}

}  // namespace

// --- public functions ---

CrossEntropyResult cross_entropy_forward(const Tensor& input, const Tensor& target,
                                         const Tensor* weight, const CrossEntropyOptions& options,
                                         Stream stream) {
  const Problem p = checked_problem(input, target, weight, options, stream);
  CrossEntropyResult result;
  const Tensor first_bad_row = Tensor::full({1}, kNoBadRow, Dtype::i64, stream);
  with_floating(input.dtype(), "input", [&](auto tag) {
    using Scalar = decltype(tag);
    using Accum = accum_t<Scalar>;
    auto per_row = [&] { return Tensor::empty({p.shape.rows}, accum_dtype<Scalar>(), stream); };
    result.row_max = per_row();
    result.row_sum = per_row();
    const Tensor row_loss = per_row(), row_weight = per_row();
    run_rows<Scalar>(p,
                     {result.row_max.data_as<Accum>(), result.row_sum.data_as<Accum>(),
                      row_loss.data_as<Accum>(), row_weight.data_as<Accum>(),
                      first_bad_row.data_as<unsigned long long>()},
                     stream);
    const Tensor loss = Tensor::empty({}, input.dtype(), stream);
    result.total_weight = Tensor::empty({}, accum_dtype<Scalar>(), stream);
    launch("cross_entropy/reduce", reduce_kernel<Scalar>, {1, kReduceThreads}, stream, p.shape.rows,
           row_loss.data_as<const Accum>(), row_weight.data_as<const Accum>(),
           options.reduction == Reduction::mean, loss.data_as<Scalar>(),
           result.total_weight.data_as<Accum>());
    result.loss = options.reduction == Reduction::none
                      ? row_loss.to(input.dtype(), stream).view(row_index_shape(input))
                      : loss;
  });
  if (p.labels) check_labels(p, first_bad_row, stream);
  return result;
}

CrossEntropyGrads cross_entropy_backward(const Tensor& dy, const Tensor& input,
                                         const Tensor& target, const Tensor* weight,
                                         const CrossEntropyOptions& options,
                                         const CrossEntropyResult& forward, CrossEntropyNeeds needs,
                                         Stream stream) {
  const Problem p = checked_problem(input, target, weight, options, stream);
  const bool per_row = options.reduction == Reduction::none;
  const Shape loss_shape = per_row ? row_index_shape(input) : Shape{};
  PLUMB_CHECK(ShapeError, dy.shape() == loss_shape, "dy has shape {}, need {}",
              to_string(dy.shape()), to_string(loss_shape));
  PLUMB_CHECK(ShapeError, dy.dtype() == input.dtype(), "dy has dtype {}, input has {} [the same]",
              name_of(dy.dtype()), name_of(input.dtype()));
  PLUMB_CHECK(ShapeError, !(needs.dtarget && p.labels),
              "target holds labels, which have no gradient [probabilities have]");
  const auto empty = [&](bool needed) {
    return needed ? Tensor::empty(input.shape(), input.dtype(), stream) : Tensor{};
  };
  const CrossEntropyGrads grads{empty(needs.dinput), empty(needs.dtarget)};
  const Tensor dense_dy = dy.contiguous(stream);
  with_floating(input.dtype(), "input", [&](auto tag) {
    using Scalar = decltype(tag);
    using Accum = accum_t<Scalar>;
    const bool mean = options.reduction == Reduction::mean;
    run_backward<Scalar>(p,
                         {p.input.data_as<const Scalar>(), forward.row_max.data_as<const Accum>(),
                          forward.row_sum.data_as<const Accum>(), dense_dy.data_as<const Scalar>(),
                          per_row, mean ? forward.total_weight.data_as<const Accum>() : nullptr,
                          needs.dinput ? grads.dinput.data_as<Scalar>() : nullptr,
                          needs.dtarget ? grads.dtarget.data_as<Scalar>() : nullptr},
                         stream);
  });
  return grads;
}

}  // namespace plumb
