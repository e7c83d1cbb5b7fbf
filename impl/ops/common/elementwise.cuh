// elementwise.cuh - out[i] = function(in[i]...) over tensors of one shape and dtype.
//
// Layout    dense vectors; `apply` copies what is not
// Mapping   a thread takes kPerThread neighbours, moved as one word of up to 16 bytes where every
//           pointer is aligned to it; the ragged end, and misaligned vectors, go one by one
// Determinism  bitwise repeatable: an element depends on its own inputs alone
#pragma once

#include <cstdint>

#include "impl/core/launch.cuh"
#include "impl/core/tensor.h"
#include "impl/ops/common/scalar.cuh"

namespace plumb::elementwise {

constexpr int kThreads = 256;

template <class Scalar>
struct alignas(16) Pack {
  static constexpr int kCount = 16 / sizeof(Scalar);
  Scalar at[kCount];
};

// --- kernels ---

/// One pack a thread; the threads after the last whole pack take one element of the rest each.
template <class Scalar, class Function, class... Inputs>
__global__ void __launch_bounds__(kThreads)
    packed_kernel(Function function, Scalar* out, std::int64_t count, const Inputs*... in) {
  constexpr int kCount = Pack<Scalar>::kCount;
  const std::int64_t i = static_cast<std::int64_t>(blockIdx.x) * kThreads + threadIdx.x;
  const std::int64_t packs = count / kCount;
  if (i < packs) {
    auto apply = [&](Pack<Inputs>... packed) {  // by value: one load of 16 bytes
      Pack<Scalar> result;
#pragma unroll
      for (int k = 0; k < kCount; ++k) result.at[k] = function(packed.at[k]...);
      return result;
    };
    reinterpret_cast<Pack<Scalar>*>(out)[i] =
        apply(reinterpret_cast<const Pack<Inputs>*>(in)[i]...);
    return;
  }
  const std::int64_t rest = packs * kCount + (i - packs);
  if (rest < count) out[rest] = function(in[rest]...);
}

/// One element a thread.
template <class Scalar, class Function, class... Inputs>
__global__ void __launch_bounds__(kThreads)
    single_kernel(Function function, Scalar* out, std::int64_t count, const Inputs*... in) {
  const std::int64_t i = static_cast<std::int64_t>(blockIdx.x) * kThreads + threadIdx.x;
  if (i < count) out[i] = function(in[i]...);
}

// --- launchers ---

/// Queued on `stream`. `function` is a __host__ __device__ functor: Scalar of one Scalar an input.
template <class Scalar, class Function, class... Inputs>
void map(const char* name, Function function, Scalar* out, std::int64_t count, Stream stream,
         const Inputs*... in) {
  static_assert((std::is_same_v<Scalar, Inputs> && ...), "one dtype");
  auto aligned = [](const void* p) { return reinterpret_cast<std::uintptr_t>(p) % 16 == 0; };
  auto blocks = [](std::int64_t threads) {
    return LaunchShape{dim3(static_cast<unsigned>((threads + kThreads - 1) / kThreads)), kThreads};
  };
  constexpr int kCount = Pack<Scalar>::kCount;
  if (aligned(out) && (aligned(in) && ...)) {
    launch(name, packed_kernel<Scalar, Function, Inputs...>,
           blocks(count / kCount + count % kCount), stream, function, out, count, in...);
  } else {
    launch(name, single_kernel<Scalar, Function, Inputs...>, blocks(count), stream, function, out,
           count, in...);
  }
}

// --- tensors ---

/// An argument of an op and its name there.
struct Operand {
  const char* name;
  const Tensor& tensor;
};

inline void check_same(const Operand& a, const Operand& b) {
  PLUMB_CHECK(ShapeError, a.tensor.shape() == b.tensor.shape(),
              "{} has shape {}, {} has {} [the same]", a.name, to_string(a.tensor.shape()), b.name,
              to_string(b.tensor.shape()));
  PLUMB_CHECK(ShapeError, a.tensor.dtype() == b.tensor.dtype(),
              "{} has dtype {}, {} has {} [the same]", a.name, name_of(a.tensor.dtype()), b.name,
              name_of(b.tensor.dtype()));
}

/// function(operands...), element by element; returns the shape and dtype of `x`, contiguous.
/// Throws ShapeError when x is not floating or another operand is not like x. Queued on `stream`.
/// Scratch: a contiguous copy of each operand that is not.
template <class Function, class... Others>
Tensor apply(const char* name, Function function, Stream stream, Operand x, Others... others) {
  (check_same(others, x), ...);
  return with_floating(x.tensor.dtype(), x.name, [&](auto tag) {
    using Scalar = decltype(tag);
    const Tensor out = Tensor::empty(x.tensor.shape(), x.tensor.dtype(), stream);
    map(name, function, out.data_as<Scalar>(), out.numel(), stream,
        x.tensor.contiguous(stream).template data_as<const Scalar>(),
        others.tensor.contiguous(stream).template data_as<const Scalar>()...);
    return out;
  });
}

}  // namespace plumb::elementwise
