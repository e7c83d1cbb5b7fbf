// warp.cuh - reductions over the 32 lanes of a warp by exchange; every lane gets the result, in a
// fixed order.
#pragma once

namespace plumb {

constexpr unsigned kFullWarp = 0xffffffffu;

/// Sum over groups of `kLanes` neighbouring lanes (a power of two up to 32): a butterfly,
/// log2(kLanes) roundings deep.
template <int kLanes = 32, class Accum>
__device__ Accum warp_sum(Accum x) {
#pragma unroll
  for (int offset = kLanes / 2; offset > 0; offset /= 2) x += __shfl_xor_sync(kFullWarp, x, offset);
  return x;
}

/// Maximum over groups of `kLanes` neighbouring lanes; a NaN loses against any number, as in fmax.
template <int kLanes = 32, class Accum>
__device__ Accum warp_max(Accum x) {
#pragma unroll
  for (int offset = kLanes / 2; offset > 0; offset /= 2)
    x = fmax(x, __shfl_xor_sync(kFullWarp, x, offset));
  return x;
}

}  // namespace plumb
