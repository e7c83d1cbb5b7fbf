// sgd.cu - SGD step over a table of parameters.
//
// Maths     see sgd.h
// Layout    each parameter contiguous; its gradient and buffer lie the same way
// Mapping   blockIdx.y chooses the parameter, a grid-stride loop along x its elements; the table is
// a kernel parameter Numerics  the computing type is f32 for halves; a product and the sum it goes
// into are one fma Determinism  bitwise repeatable
#include <algorithm>
#include <vector>

#include "impl/core/launch.cuh"
#include "impl/ops/common/dispatch.cuh"
#include "impl/ops/common/scalar.cuh"
#include "impl/ops/sgd.h"

namespace plumb {
namespace {

constexpr int kThreads = 256;
constexpr int kParamsPerLaunch = 64;  // 64 * 40 bytes of a kernel's 4 KiB of parameters
constexpr std::int64_t kMostBlocksAcross = 4096;

template <class Scalar>
struct Entry {
  Scalar* param;
  const Scalar* grad;
  Scalar* buffer;
  std::int64_t count;
  bool first;  // the buffer is made by this step
};

template <class Scalar>
struct Table {
  Entry<Scalar> entries[kParamsPerLaunch];
};

template <class Accum>
struct Factors {
  Accum lr, momentum, one_minus_dampening, weight_decay;
  bool has_momentum, nesterov, maximize;
};

// --- kernels ---

template <class Scalar, class Accum>
__global__ void sgd_kernel(const __grid_constant__ Table<Scalar> table, Factors<Accum> f) {
  const Entry<Scalar>& e = table.entries[blockIdx.y];
  const std::int64_t step = static_cast<std::int64_t>(gridDim.x) * blockDim.x;
  for (std::int64_t i = static_cast<std::int64_t>(blockIdx.x) * blockDim.x + threadIdx.x;
       i < e.count; i += step) {
    const Accum param = widen(e.param[i]);
    Accum g = f.maximize ? -widen(e.grad[i]) : widen(e.grad[i]);
    if (f.weight_decay != 0) g = fma(f.weight_decay, param, g);
    if (f.has_momentum) {
      const Accum buffer =
          e.first ? g : fma(f.one_minus_dampening, g, f.momentum * widen(e.buffer[i]));
      e.buffer[i] = narrow<Scalar>(buffer);
      g = f.nesterov ? fma(f.momentum, buffer, g) : buffer;
    }
    e.param[i] = narrow<Scalar>(fma(-f.lr, g, param));
  }
}

// --- launchers ---

template <class Scalar>
void step_all(const std::vector<Entry<Scalar>>& entries, const SgdOptions& options, Stream stream) {
  using Accum = accum_t<Scalar>;
  const Factors<Accum> factors{static_cast<Accum>(options.lr),
                               static_cast<Accum>(options.momentum),
                               static_cast<Accum>(1 - options.dampening),
                               static_cast<Accum>(options.weight_decay),
                               options.momentum != 0,
                               options.nesterov,
                               options.maximize};
  for (std::size_t begin = 0; begin < entries.size(); begin += kParamsPerLaunch) {
    const std::size_t count = std::min<std::size_t>(kParamsPerLaunch, entries.size() - begin);
    Table<Scalar> table{};
    std::int64_t longest = 0;
    for (std::size_t i = 0; i < count; ++i) {
      table.entries[i] = entries[begin + i];
      longest = std::max(longest, table.entries[i].count);
    }
    const std::int64_t blocks = std::min(kMostBlocksAcross, (longest + kThreads - 1) / kThreads);
    launch("sgd/step", sgd_kernel<Scalar, Accum>,
           {dim3(static_cast<unsigned>(blocks), static_cast<unsigned>(count)), dim3(kThreads)},
           stream, table, factors);
  }
}

void check_param(const SgdParam& p, bool has_momentum) {
  PLUMB_CHECK(ShapeError, is_floating(p.param.dtype()), "sgd_step of a {} param, allowed: f64, f32, f16, bf16", name_of(p.param.dtype()));
  PLUMB_CHECK(ShapeError, p.grad.shape() == p.param.shape() && p.grad.dtype() == p.param.dtype(),
              "param is {} {}, its gradient {} {}; need the same", name_of(p.param.dtype()),
              to_string(p.param.shape()), name_of(p.grad.dtype()), to_string(p.grad.shape()));
  PLUMB_CHECK(ShapeError, p.param.is_contiguous(), "a param of shape {} is not contiguous",
              to_string(p.param.shape()));
  if (!has_momentum) return;
  PLUMB_CHECK(ShapeError, p.momentum_buffer != nullptr,
              "momentum needs a momentum_buffer for each param");
  const Tensor& buffer = *p.momentum_buffer;
  PLUMB_CHECK(ShapeError,
              !buffer.defined() || (buffer.shape() == p.param.shape() &&
                                    buffer.dtype() == p.param.dtype() && buffer.is_contiguous()),
              "momentum_buffer is {} {}, its param {} {}; need the same, contiguous",
              name_of(buffer.dtype()), to_string(buffer.shape()), name_of(p.param.dtype()),
              to_string(p.param.shape()));
}

}  // namespace

// --- public functions ---

void check_sgd_options(const SgdOptions& o) {
  PLUMB_CHECK(ValueError, !(o.lr < 0), "Invalid learning rate: {}", o.lr);
  PLUMB_CHECK(ValueError, !(o.momentum < 0), "Invalid momentum value: {}", o.momentum);
  PLUMB_CHECK(ValueError, !(o.weight_decay < 0), "Invalid weight_decay value: {}", o.weight_decay);
  PLUMB_CHECK(ValueError, !o.nesterov || (o.momentum > 0 && o.dampening == 0),
              "Nesterov momentum requires a momentum and zero dampening");
}

void sgd_step(std::span<const SgdParam> params, const SgdOptions& options, Stream stream) {
  check_sgd_options(options);
  for (const SgdParam& p : params) check_param(p, options.momentum != 0);
  std::vector<Tensor> grads;  // strided ones live until the launches are queued
  for (const Dtype dtype : {Dtype::f64, Dtype::f32, Dtype::f16, Dtype::bf16}) {
    dispatch_floating(dtype, "sgd_step", [&]<class Scalar>() {
      std::vector<Entry<Scalar>> entries;
      for (const SgdParam& p : params) {
        if (p.param.dtype() != dtype || p.param.numel() == 0) continue;
        grads.push_back(p.grad.contiguous(stream));
        Entry<Scalar> e{p.param.data_as<Scalar>(), grads.back().template data_as<Scalar>(), nullptr,
                        p.param.numel(), false};
        if (options.momentum != 0) {
          e.first = !p.momentum_buffer->defined();
          if (e.first) {
            const MemoryScope scope(Category::optimizer_state);
            *p.momentum_buffer = Tensor::empty(p.param.shape(), dtype, stream);
          }
          e.buffer = p.momentum_buffer->data_as<Scalar>();
        }
        entries.push_back(e);
      }
      step_all<Scalar>(entries, options, stream);
    });
  }
  for (const SgdParam& p : params)
    PLUMB_CHECK(ShapeError, is_floating(p.param.dtype()),
                "sgd_step of a {} param, allowed: f64, f32, f16, bf16", name_of(p.param.dtype()));
}

}  // namespace plumb
