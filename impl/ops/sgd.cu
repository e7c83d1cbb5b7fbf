// sgd.cu - one step of stochastic gradient descent over many parameters.
//
// Maths     sgd.h
// Layout    a table of parameters (pointers, count, first block) travels as a kernel parameter
// Mapping   a block takes kPerBlock elements of one parameter, found by bisection; lanes lie along
//           consecutive elements
// Numerics  explicit fma where LibTorch's kernels have one; arithmetic in float (double for f64)
// Determinism  bitwise repeatable: an element depends on its own inputs alone
#include "impl/ops/sgd.h"

#include <vector>

#include "impl/core/launch.cuh"
#include "impl/ops/common/scalar.cuh"

namespace plumb {
namespace {

constexpr int kThreads = 256;
constexpr int kPerThread = 8;
constexpr int kPerBlock = kThreads * kPerThread;
constexpr int kMostEntries = 64;  // the table stays below the 4 KB of kernel parameters

// --- device helpers ---

template <class Accum>
struct Coefficients {
  Accum lr, momentum, kept, weight_decay;       // kept = 1 - dampening
  bool decays, has_buffer, nesterov, maximize;  // decays, has_buffer: the option is not 0
};

/// The step of one element; `buffer` is in/out, and not read on the first step.
template <class Accum>
struct SgdElement {
  Coefficients<Accum> options;

  __host__ __device__ Accum operator()(Accum p, Accum grad, Accum& buffer, bool first_step) const {
    Accum g = options.maximize ? -grad : grad;
    if (options.decays) g = fma(options.weight_decay, p, g);
    if (options.has_buffer) {
      buffer = first_step ? g : fma(options.kept, g, options.momentum * buffer);
      g = options.nesterov ? fma(options.momentum, buffer, g) : buffer;
    }
    return fma(-options.lr, g, p);
  }
};

template <class Scalar>
struct Entry {
  Scalar* param;
  const Scalar* grad;
  Scalar* buffer;
  std::int64_t count;
  unsigned first_block;
  bool first_step;
};

template <class Scalar>
struct Table {
  Entry<Scalar> entries[kMostEntries];
  int count;
};

/// The entry whose blocks include `block`: the last one that begins at or before it.
template <class Scalar>
__device__ const Entry<Scalar>& entry_of(const Table<Scalar>& table, unsigned block) {
  int low = 0, high = table.count;
  while (high - low > 1) {
    const int middle = (low + high) / 2;
    (table.entries[middle].first_block <= block ? low : high) = middle;
  }
  return table.entries[low];
}

// --- kernels ---

template <class Scalar>
__global__ void __launch_bounds__(kThreads)
    sgd_kernel(const __grid_constant__ Table<Scalar> table, SgdElement<accum_t<Scalar>> element) {
  using Accum = accum_t<Scalar>;
  const Entry<Scalar> entry = entry_of(table, blockIdx.x);
  const bool has_buffer = element.options.has_buffer;
  const std::int64_t begin = static_cast<std::int64_t>(blockIdx.x - entry.first_block) * kPerBlock;
#pragma unroll
  for (int k = 0; k < kPerThread; ++k) {
    const std::int64_t i = begin + k * kThreads + threadIdx.x;
    if (i >= entry.count) return;
    Accum buffer = has_buffer && !entry.first_step ? widen(entry.buffer[i]) : Accum{0};
    const Accum p = element(widen(entry.param[i]), widen(entry.grad[i]), buffer, entry.first_step);
    if (has_buffer) entry.buffer[i] = narrow<Scalar>(buffer);
    entry.param[i] = narrow<Scalar>(p);
  }
}

// --- launchers ---

template <class Scalar>
Entry<Scalar> entry_for(const SgdParam& p, const Tensor& grad, bool has_buffer) {
  return {p.param.data_as<Scalar>(),
          grad.data_as<const Scalar>(),
          has_buffer ? p.momentum_buffer.data_as<Scalar>() : nullptr,
          p.param.numel(),
          0,
          p.first_step};
}

/// All parameters of one dtype, kMostEntries a launch; `grads` are the dense gradients of `params`.
template <class Scalar>
void step(std::span<const SgdParam> params, std::span<const Tensor> grads, Dtype dtype,
          const SgdOptions& options, Stream stream) {
  using Accum = accum_t<Scalar>;
  const SgdElement<Accum> element{
      {static_cast<Accum>(options.lr), static_cast<Accum>(options.momentum),
       static_cast<Accum>(1 - options.dampening), static_cast<Accum>(options.weight_decay),
       options.weight_decay != 0, options.momentum != 0, options.nesterov, options.maximize}};
  Table<Scalar> table{};
  unsigned blocks = 0;
  auto flush = [&] {
    launch("sgd/step", sgd_kernel<Scalar>, {blocks, kThreads}, stream, table, element);
    table.count = 0;
    blocks = 0;
  };
  for (std::size_t i = 0; i < params.size(); ++i) {
    if (params[i].param.dtype() != dtype || params[i].param.numel() == 0) continue;
    Entry<Scalar>& entry = table.entries[table.count++];
    entry = entry_for<Scalar>(params[i], grads[i], options.momentum != 0);
    entry.first_block = blocks;
    blocks += static_cast<unsigned>((entry.count + kPerBlock - 1) / kPerBlock);
    if (table.count == kMostEntries) flush();
  }
  flush();
}

void check_param(const SgdParam& p, std::size_t place, bool has_buffer) {
  PLUMB_CHECK(ShapeError, p.param.defined() && is_floating(p.param.dtype()),
              "parameter {} has dtype {} [{}]", place,
              p.param.defined() ? name_of(p.param.dtype()) : "none: it is undefined",
              kFloatingNames);
  PLUMB_CHECK(ShapeError, p.param.is_contiguous(), "parameter {} of shape {} is not contiguous",
              place, to_string(p.param.shape()));
  auto check_like = [&](const Tensor& tensor, const char* what) {
    PLUMB_CHECK(ShapeError, tensor.defined(), "the {} of parameter {} is undefined", what, place);
    PLUMB_CHECK(ShapeError, tensor.shape() == p.param.shape() && tensor.dtype() == p.param.dtype(),
                "the {} of parameter {} is {} {}, need {} {}", what, place, name_of(tensor.dtype()),
                to_string(tensor.shape()), name_of(p.param.dtype()), to_string(p.param.shape()));
  };
  check_like(p.grad, "gradient");
  if (!has_buffer) return;
  check_like(p.momentum_buffer, "momentum buffer");
  PLUMB_CHECK(ShapeError, p.momentum_buffer.is_contiguous(),
              "the momentum buffer of parameter {} is not contiguous", place);
}

}  // namespace

// --- public functions ---

void check_sgd_options(const SgdOptions& o) {
  // LibTorch's words and tests: a NaN passes each of the first three.
  PLUMB_CHECK(ValueError, !(o.lr < 0), "Invalid learning rate: {}", o.lr);
  PLUMB_CHECK(ValueError, !(o.momentum < 0), "Invalid momentum value: {}", o.momentum);
  PLUMB_CHECK(ValueError, !(o.weight_decay < 0), "Invalid weight_decay value: {}", o.weight_decay);
  PLUMB_CHECK(ValueError, !o.nesterov || (o.momentum > 0 && o.dampening == 0),
              "Nesterov momentum requires a momentum and zero dampening");
}

void sgd_step(std::span<const SgdParam> params, const SgdOptions& options, Stream stream) {
  check_sgd_options(options);
  for (std::size_t i = 0; i < params.size(); ++i) check_param(params[i], i, options.momentum != 0);
  std::vector<Tensor> grads;
  for (const SgdParam& p : params) grads.push_back(p.grad.contiguous(stream));
  for (Dtype dtype : {Dtype::f64, Dtype::f32, Dtype::f16, Dtype::bf16})
    with_floating(dtype, "parameter",
                  [&](auto tag) { step<decltype(tag)>(params, grads, dtype, options, stream); });
}

}  // namespace plumb
