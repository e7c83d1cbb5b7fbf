// column_sum.cuh - the sum over the rows of a matrix: the gradient of a bias.
//
// Maths     out[n] = sum_m x[m, n], summed in Accum, rounded to Out once
// Layout    x [M, N], row-major, dense
// Mapping   a block takes 32 columns and kRowsPerBlock rows: lanes along the columns, warps every
//           8th row; the warps' sums meet in shared memory. More rows than one block takes give a
//           matrix of partial sums, which is summed again
// Numerics  at most 128 + 8 terms in a row at each level
// Determinism  bitwise repeatable: the order depends on M alone
#pragma once

#include <cstdint>

#include "impl/core/launch.cuh"
#include "impl/core/tensor.h"
#include "impl/ops/common/scalar.cuh"

namespace plumb::column_sum {

// --- kernels ---

constexpr int kWarp = 32;
constexpr int kWarps = 8;
constexpr int kThreads = kWarps * kWarp;
constexpr int kRowsPerBlock = 1024;

/// Blocks that share the rows: the number of rows of partial sums.
constexpr std::int64_t row_blocks(std::int64_t rows) {
  return rows <= kRowsPerBlock ? 1 : (rows + kRowsPerBlock - 1) / kRowsPerBlock;
}

/// out [row_blocks(rows), columns]. Blocks are numbered along the columns first.
template <class In, class Out>
__global__ void __launch_bounds__(kThreads)
    column_sum_kernel(const In* x, Out* out, std::int64_t rows, std::int64_t columns) {
  using Accum = accum_t<In>;
  __shared__ Accum of_warp[kWarps][kWarp];
  const int lane = static_cast<int>(threadIdx.x) % kWarp,
            warp = static_cast<int>(threadIdx.x) / kWarp;
  const unsigned blocks_across = static_cast<unsigned>((columns + kWarp - 1) / kWarp);
  const std::int64_t column = static_cast<std::int64_t>(blockIdx.x % blocks_across) * kWarp + lane;
  const std::int64_t row_block = blockIdx.x / blocks_across;
  const std::int64_t begin = row_block * kRowsPerBlock;
  const std::int64_t end = begin + kRowsPerBlock < rows ? begin + kRowsPerBlock : rows;

  Accum sum = 0;
  if (column < columns)
    for (std::int64_t row = begin + warp; row < end; row += kWarps)
      sum += widen(x[row * columns + column]);
  of_warp[warp][lane] = sum;
  __syncthreads();
  if (warp != 0 || column >= columns) return;
  for (int other = 1; other < kWarps; ++other) sum += of_warp[other][lane];
  out[row_block * columns + column] = narrow<Out>(sum);
}

// --- launchers ---

/// out [columns] = sum of x [rows, columns] over its rows; 0 without rows. Queued on `stream`;
/// scratch: one number of `Accum` for each column and each 1024 rows, none up to 1024 rows.
template <class In, class Out>
void sum_rows(const char* name, const In* x, Out* out, std::int64_t rows, std::int64_t columns,
              Stream stream) {
  using Accum = accum_t<In>;
  const std::int64_t parts = row_blocks(rows);
  const unsigned blocks = static_cast<unsigned>(parts * ((columns + kWarp - 1) / kWarp));
  if (parts == 1) {
    launch(name, column_sum_kernel<In, Out>, {blocks, kThreads}, stream, x, out, rows, columns);
    return;
  }
  const Tensor partial = Tensor::empty({parts, columns}, accum_dtype<In>(), stream);
  Accum* sums = partial.data_as<Accum>();
  launch(name, column_sum_kernel<In, Accum>, {blocks, kThreads}, stream, x, sums, rows, columns);
  sum_rows<Accum, Out>(name, sums, out, parts, columns, stream);
}

}  // namespace plumb::column_sum
