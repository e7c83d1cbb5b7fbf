// cross_entropy.cu - cross entropy of class indices or probabilities, forward and backward.
//
// Maths     see cross_entropy.h; dinput_c = g ((sum_k a_k) softmax_c - a_c), a_c = what -log_prob_c is multiplied by
// Layout    classes moved last: rows [rows, classes], contiguous
// Mapping   one warp a row: lanes stride over the classes, exchange sums; one block sums the rows
// Numerics  log_softmax = (x - max) - log(sum exp(x - max)) in f32 (f64); butterfly sums within a warp
// Determinism  bitwise repeatable: no atomics on floats, fixed order
#include "impl/core/launch.cuh"
#include "impl/ops/common/dispatch.cuh"
#include "impl/ops/common/scalar.cuh"
#include "impl/ops/common/warp.cuh"
#include "impl/ops/cross_entropy.h"

namespace plumb {
namespace {

constexpr int kWarp = 32, kWarpsPerBlock = 8, kThreads = kWarp * kWarpsPerBlock;

/// A row's targets: one of the three pointers is not null.
template <class Scalar>
struct Targets {
  const std::int64_t* index64;
  const std::uint8_t* index8;
  const Scalar* probability;  // [rows, classes]
  std::int64_t ignore_index;

  __device__ std::int64_t index(std::int64_t row) const { return index64 ? index64[row] : index8[row]; }
};

template <class Scalar>
struct Problem {
  std::int64_t rows;
  int classes;
  const Scalar* weight;  // may be null
  Targets<Scalar> targets;
  accum_t<Scalar> smoothing;  // 0: none
};

// --- device helpers ---

template <class Scalar>
__device__ accum_t<Scalar> class_weight(const Problem<Scalar>& p, int c) {
  return p.weight ? widen(p.weight[c]) : accum_t<Scalar>{1};
}

/// a_c: what -log_prob_c is multiplied by in row's loss; `own` is the row's class, -1 for none.
template <class Scalar>
__device__ accum_t<Scalar> coefficient(const Problem<Scalar>& p, std::int64_t row, std::int64_t own, int c) {
  using Accum = accum_t<Scalar>;
  const Accum spread = p.smoothing / static_cast<Accum>(p.classes);
  const Accum target = p.targets.probability ? widen(p.targets.probability[row * p.classes + c]) : (own == c ? Accum{1} : Accum{0});
  return class_weight(p, c) * ((1 - p.smoothing) * target + spread);
}

// --- kernels ---

/// log_prob, and each row's loss and weight. The first row with a class out of range goes to *bad_row.
template <class Scalar>
__global__ void __launch_bounds__(kThreads)
    cross_entropy_forward_kernel(const Scalar* x, Problem<Scalar> p, accum_t<Scalar>* log_prob, accum_t<Scalar>* row_loss,
                                 accum_t<Scalar>* row_weight, unsigned long long* bad_row) {
  using Accum = accum_t<Scalar>;
  const int lane = threadIdx.x % kWarp;
  const std::int64_t row = static_cast<std::int64_t>(blockIdx.x) * kWarpsPerBlock + threadIdx.x / kWarp;
  if (row >= p.rows) return;
  const Scalar* in = x + row * p.classes;
  Accum largest = -INFINITY;
  bool has_nan = false;
  for (int c = lane; c < p.classes; c += kWarp) {
    const Accum value = widen(in[c]);
    has_nan |= value != value;
    largest = fmax(largest, value);
  }
  largest = warp_max(largest);
  if (__any_sync(kFullWarp, has_nan)) largest = NAN;
  Accum sum = 0;
  for (int c = lane; c < p.classes; c += kWarp) sum += exp(widen(in[c]) - largest);
  const Accum log_sum = log(warp_sum(sum));
  const std::int64_t own = p.targets.probability ? -1 : p.targets.index(row);
  const bool ignored = !p.targets.probability && own == p.targets.ignore_index;
  const bool bad = !p.targets.probability && !ignored && (own < 0 || own >= p.classes);
  Accum loss = 0;
  for (int c = lane; c < p.classes; c += kWarp) {
    const Accum lp = (widen(in[c]) - largest) - log_sum;
    log_prob[row * p.classes + c] = lp;
    const Accum a = coefficient(p, row, own, c);
    if (a != 0) loss -= a * lp;
  }
  loss = warp_sum(loss);
  if (lane != 0) return;
  if (bad) atomicMin(bad_row, static_cast<unsigned long long>(row));
  row_loss[row] = ignored ? Accum{0} : loss;
  row_weight[row] = ignored || bad ? Accum{0} : p.targets.probability ? Accum{1} : class_weight(p, static_cast<int>(own));
}

/// Sums both arrays; loss = sum, or sum / total.
template <class Scalar>
__global__ void __launch_bounds__(kThreads)
    cross_entropy_reduce_kernel(const accum_t<Scalar>* row_loss, const accum_t<Scalar>* row_weight, std::int64_t rows, bool mean,
                                Scalar* loss, accum_t<Scalar>* total_weight) {
  using Accum = accum_t<Scalar>;
  __shared__ Accum losses[kThreads], weights[kThreads];
  Accum sum = 0, total = 0;
  for (std::int64_t i = threadIdx.x; i < rows; i += kThreads) {
    sum += row_loss[i];
    total += row_weight[i];
  }
  losses[threadIdx.x] = sum;
  weights[threadIdx.x] = total;
  __syncthreads();
  for (int half = kThreads / 2; half > 0; half /= 2) {
    if (threadIdx.x < half) {
      losses[threadIdx.x] += losses[threadIdx.x + half];
      weights[threadIdx.x] += weights[threadIdx.x + half];
    }
    __syncthreads();
  }
  if (threadIdx.x != 0) return;
  *loss = narrow<Scalar>(mean ? losses[0] / weights[0] : losses[0]);
  *total_weight = weights[0];
}

template <class Scalar>
__global__ void narrow_rows_kernel(const accum_t<Scalar>* row_loss, Scalar* loss, std::int64_t rows) {
  const std::int64_t i = static_cast<std::int64_t>(blockIdx.x) * blockDim.x + threadIdx.x;
  if (i < rows) loss[i] = narrow<Scalar>(row_loss[i]);
}

template <class Scalar>
__global__ void __launch_bounds__(kThreads)
    cross_entropy_backward_kernel(const Scalar* dloss, const accum_t<Scalar>* log_prob, const accum_t<Scalar>* total_weight,
                                  Problem<Scalar> p, Reduction reduction, Scalar* dx) {
  using Accum = accum_t<Scalar>;
  const int lane = threadIdx.x % kWarp;
  const std::int64_t row = static_cast<std::int64_t>(blockIdx.x) * kWarpsPerBlock + threadIdx.x / kWarp;
  if (row >= p.rows) return;
  const std::int64_t own = p.targets.probability ? -1 : p.targets.index(row);
  const bool ignored = !p.targets.probability && own == p.targets.ignore_index;
  Accum sum = 0;
  for (int c = lane; c < p.classes; c += kWarp) sum += coefficient(p, row, own, c);
  sum = warp_sum(sum);
  Accum g = widen(dloss[reduction == Reduction::none ? row : 0]);
  if (reduction == Reduction::mean) g /= *total_weight;
  for (int c = lane; c < p.classes; c += kWarp) {
    const Accum softmax = exp(log_prob[row * p.classes + c]);
    const Accum value = g * (softmax * sum - coefficient(p, row, own, c));
    dx[row * p.classes + c] = narrow<Scalar>(ignored ? Accum{0} : value);
  }
}

// --- launchers ---

LaunchShape warp_a_row(std::int64_t rows) {
  return {dim3(static_cast<unsigned>((rows + kWarpsPerBlock - 1) / kWarpsPerBlock)), dim3(kThreads)};
}

/// The input's dimensions, with the classes' one named.
struct Sizes {
  int class_dimension;
  std::int64_t rows, classes;
  Shape without_classes;
};

Sizes sizes_of(const Tensor& input) {
  PLUMB_CHECK(ShapeError, input.dim() >= 1, "Expected 1 or more dimensions (got 0)");
  Sizes s{input.dim() == 1 ? 0 : 1, 0, 0, input.shape()};
  s.classes = input.size(s.class_dimension);
  s.without_classes.erase(s.without_classes.begin() + s.class_dimension);
  s.rows = count_of(s.without_classes);
  return s;
}

/// [rows, classes], contiguous.
Tensor classes_last(const Tensor& t, const Sizes& s, Stream stream) {
  Tensor moved = t;
  for (int d = s.class_dimension; d + 1 < t.dim(); ++d) moved = moved.transpose(d, d + 1);
  return moved.contiguous(stream).view({s.rows, s.classes});
}

bool has_probabilities(const Tensor& input, const Tensor& target) { return is_floating(target.dtype()) && target.shape() == input.shape(); }

void check_arguments(const Tensor& input, const Tensor& target, const Tensor* weight, const CrossEntropyOptions& o, const Sizes& s) {
  PLUMB_CHECK(ValueError, !(o.label_smoothing > 1), "label_smoothing must be between 0.0 and 1.0. Got: {}", o.label_smoothing);
  if (weight) {
    PLUMB_CHECK(ShapeError, weight->shape() == Shape{s.classes},
                "weight tensor should be defined either for all {} classes or no classes but got weight tensor of shape: {}", s.classes, to_string(weight->shape()));
    PLUMB_CHECK(ShapeError, weight->dtype() == input.dtype(), "expected scalar type {} but found {}", name_of(input.dtype()), name_of(weight->dtype()));
  }
  if (has_probabilities(input, target)) {
    PLUMB_CHECK(ShapeError, target.dtype() == input.dtype(), "expected scalar type {} but found {}", name_of(input.dtype()), name_of(target.dtype()));
    PLUMB_CHECK(ValueError, o.ignore_index < 0, "ignore_index is not supported for floating point target");
    return;
  }
  PLUMB_CHECK(ShapeError, target.dtype() == Dtype::i64 || target.dtype() == Dtype::u8, "expected target dtype to be Long or Byte, but got {}", name_of(target.dtype()));
  if (input.dim() == 2 && target.dim() == 1)
    PLUMB_CHECK(ShapeError, target.size(0) == input.size(0), "Expected input batch_size ({}) to match target batch_size ({}).", input.size(0), target.size(0));
  PLUMB_CHECK(ShapeError, target.shape() == s.without_classes, "size mismatch (got input: {} , target: {})", to_string(input.shape()), to_string(target.shape()));
}

/// What the kernels read, and the tensors that hold it.
template <class Scalar>
struct Operands {
  Tensor target, weight;
  Problem<Scalar> problem;

  Operands(const Tensor& input, const Tensor& given_target, const Tensor* given_weight, const CrossEntropyOptions& o, const Sizes& s, Stream stream) {
    const bool probabilities = has_probabilities(input, given_target);
    target = probabilities ? classes_last(given_target, s, stream) : given_target.contiguous(stream);
    if (given_weight) weight = given_weight->contiguous(stream);
    problem = {s.rows, static_cast<int>(s.classes), given_weight ? weight.data_as<Scalar>() : nullptr, {},
               static_cast<accum_t<Scalar>>(o.label_smoothing > 0 ? o.label_smoothing : 0)};
    Targets<Scalar>& t = problem.targets;
    t.ignore_index = o.ignore_index;
    if (probabilities) t.probability = target.data_as<Scalar>();
    else if (target.dtype() == Dtype::i64) t.index64 = target.data_as<std::int64_t>();
    else t.index8 = target.data_as<std::uint8_t>();
  }
};

void check_classes(const Tensor& bad_row, const Tensor& target, Stream stream) {
  const std::int64_t row = bad_row.to_host<std::int64_t>(stream)[0];
  if (row == -1) return;
  const Tensor flat = target.reshape({-1}, stream).narrow(0, row, 1);
  PLUMB_THROW(ValueError, "Target {} is out of bounds. (row {})", static_cast<std::int64_t>(flat.item(stream)), row);
}

}  // namespace

// --- public functions ---

CrossEntropyResult cross_entropy_forward(const Tensor& input, const Tensor& target, const Tensor* weight,
                                         const CrossEntropyOptions& options, Stream stream) {
  const Sizes s = sizes_of(input);
  check_arguments(input, target, weight, options, s);
  const Tensor x = classes_last(input, s, stream);
  const Dtype accum = input.dtype() == Dtype::f64 ? Dtype::f64 : Dtype::f32;
  CrossEntropyResult result{Tensor::empty(options.reduction == Reduction::none ? s.without_classes : Shape{}, input.dtype(), stream),
                            Tensor::empty({s.rows, s.classes}, accum, stream), Tensor::empty({}, accum, stream)};
  const MemoryScope scope(Category::workspace);
  const Tensor rows = Tensor::empty({2, s.rows}, accum, stream);  // losses, weights
  const Tensor bad_row = Tensor::full({1}, -1, Dtype::i64, stream);  // as unsigned the largest number
  dispatch_floating(input.dtype(), "cross_entropy_forward", [&]<class Scalar>() {
    using Accum = accum_t<Scalar>;
    const Operands<Scalar> operands(input, target, weight, options, s, stream);
    Accum* row_loss = rows.data_as<Accum>();
    launch("cross_entropy/forward", cross_entropy_forward_kernel<Scalar>, warp_a_row(s.rows), stream, x.data_as<Scalar>(), operands.problem,
           result.log_prob.data_as<Accum>(), row_loss, row_loss + s.rows, reinterpret_cast<unsigned long long*>(bad_row.data_as<std::int64_t>()));
    const bool none = options.reduction == Reduction::none;
    const Tensor sum = none ? Tensor::empty({}, input.dtype(), stream) : result.loss;
    launch("cross_entropy/reduce", cross_entropy_reduce_kernel<Scalar>, {dim3(1), dim3(kThreads)}, stream, row_loss, row_loss + s.rows, s.rows,
           options.reduction == Reduction::mean, sum.data_as<Scalar>(), result.total_weight.data_as<Accum>());
    if (none)
      launch("cross_entropy/rows", narrow_rows_kernel<Scalar>, {dim3(static_cast<unsigned>((s.rows + kThreads - 1) / kThreads)), dim3(kThreads)},
             stream, row_loss, result.loss.data_as<Scalar>(), s.rows);
  });
  if (!has_probabilities(input, target)) check_classes(bad_row, target, stream);
  return result;
}

Tensor cross_entropy_backward(const Tensor& dloss, const CrossEntropyResult& saved, const Tensor& input, const Tensor& target,
                              const Tensor* weight, const CrossEntropyOptions& options, Stream stream) {
  const Sizes s = sizes_of(input);
  check_arguments(input, target, weight, options, s);
  PLUMB_CHECK(ShapeError, dloss.shape() == saved.loss.shape() && dloss.dtype() == input.dtype(), "dloss is {} {}, need {} {}",
              name_of(dloss.dtype()), to_string(dloss.shape()), name_of(input.dtype()), to_string(saved.loss.shape()));
  const Tensor g = dloss.contiguous(stream), rows = Tensor::empty({s.rows, s.classes}, input.dtype(), stream);
  dispatch_floating(input.dtype(), "cross_entropy_backward", [&]<class Scalar>() {
    using Accum = accum_t<Scalar>;
    const Operands<Scalar> operands(input, target, weight, options, s, stream);
    launch("cross_entropy/backward", cross_entropy_backward_kernel<Scalar>, warp_a_row(s.rows), stream, g.data_as<Scalar>(),
           saved.log_prob.data_as<Accum>(), saved.total_weight.data_as<Accum>(), operands.problem, options.reduction, rows.data_as<Scalar>());
  });
  if (input.dim() <= 2) return rows.view(input.shape());
  Shape last = s.without_classes;
  last.push_back(s.classes);
  Tensor moved = rows.view(last);
  for (int d = input.dim() - 1; d > s.class_dimension; --d) moved = moved.transpose(d, d - 1);
  return moved.contiguous(stream);
}

}  // namespace plumb
