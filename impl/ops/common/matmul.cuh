// matmul.cuh - the tiled, register-blocked matrix product under linear and whatever else is one.
//
// Maths     out[m, n] = sum_k a(m, k) * b(k, n) + bias[n], in Accum, rounded to Scalar at the end
// Layout    a is [M, K] or, transposed, [K, M]; b is [K, N] or, transposed, [N, K]; out is [M, N];
//           all row-major, dense
// Mapping   a block makes a tile of out. The lanes of a warp lie along consecutive columns, so an
//           element of a is one broadcast for the warp and 32 elements of b are one row of shared
//           memory. A thread owns kThreadRows rows by kThreadColumns columns that are 32 apart.
//           While a block multiplies one slice of k out of shared memory, its threads already
//           hold the next slice in registers (two buffers, one barrier a slice)
// Numerics  k runs upwards in chunks of kChunk; a chunk is summed by fma from 0, then added to the
//           total. The order is the same for every tile, so the bits do not depend on the choice
// Determinism  bitwise repeatable: one thread sums an element, no atomics
#pragma once

#include <cstdint>

#include "impl/core/launch.cuh"
#include "impl/ops/common/scalar.cuh"

namespace plumb::matmul {

constexpr int kWarp = 32;
constexpr int kChunk = 128;  // bounds the growth of rounding: chunk + K / chunk instead of K

/// How a matrix lies in memory, seen from the product.
enum class Layout { plain, transposed };

/// The shape of a block's work. kDepth is the slice of k that is in shared memory at a time.
template <int kWarps_, int kThreadRows_, int kThreadColumns_, int kDepth_>
struct Tile {
  static constexpr int kWarps = kWarps_, kThreadRows = kThreadRows_,
                       kThreadColumns = kThreadColumns_, kDepth = kDepth_;
  static constexpr int kThreads = kWarps * kWarp;
  static constexpr int kRows = kWarps * kThreadRows;
  static constexpr int kColumns = kWarp * kThreadColumns;
  // 4 words of padding: quads stay aligned to 16 bytes, and a warp's quads of consecutive rows meet
  // no bank twice.
  static constexpr int kRowPitch = kDepth + 4;               // a's slice is [kRows][kRowPitch]
  static constexpr int kColumnPitch = kColumns + 4;          // b's slice is [kDepth][kColumnPitch]
  static constexpr int kAWords = kRows * kDepth / kThreads;  // staged by one thread
  static constexpr int kBWords = kColumns * kDepth / kThreads;
  static_assert(kAWords % 4 == 0 && kBWords % 4 == 0, "a thread stages whole quads");
  static_assert(kChunk % kDepth == 0, "a chunk is whole slices");
};

struct Extent {
  std::int64_t m, n, k;
};

/// Tiles of `edge` that cover `count`.
__host__ __device__ constexpr unsigned tiles(std::int64_t count, int edge) {
  return static_cast<unsigned>((count + edge - 1) / edge);
}

/// A bundle that is moved by 16-byte instructions.
template <class Scalar>
struct alignas(sizeof(Scalar) < 4 ? 4 * sizeof(Scalar) : 16) Quad {
  Scalar at[4];
};

// --- device helpers ---

/// One operand's slice of k on its way from global to shared memory. `outer` counts rows of a or
/// columns of b.
template <class Scalar, class T, Layout kKind, bool kIsA>
struct Stage {
  using Accum = accum_t<Scalar>;
  static constexpr int kOuter = kIsA ? T::kRows : T::kColumns;
  static constexpr int kWords = kIsA ? T::kAWords : T::kBWords;
  // Lanes run along what is contiguous in memory: k for a plain a and a transposed b, outer
  // otherwise.
  static constexpr bool kAlongDepth = kIsA == (kKind == Layout::plain);
  // Shared memory has k innermost for a, outer innermost for b. Where memory disagrees a thread
  // takes 4 lines at the same place and turns them into one quad; where it agrees a wide tile of b
  // moves quads, all else single words.
  static constexpr bool kTurns = kAlongDepth != kIsA;
  static constexpr int kAcross = kAlongDepth ? T::kDepth : kOuter;
  static constexpr bool kMayMoveQuads = !kTurns && !kAlongDepth && kAcross % (4 * kWarp) == 0;
  static constexpr int kLines = T::kThreads / kAcross;  // lines that the block covers in one go

  const Scalar* source;
  std::int64_t pitch, outer_count, depth_count, outer_begin;
  bool aligned;  // every group of 4 along `outer` is aligned in memory and wholly inside or outside
  Accum word[kWords];

  __device__ Stage(const Scalar* data, std::int64_t outer, std::int64_t depth, std::int64_t begin)
      : source(data),
        pitch(kAlongDepth ? depth : outer),
        outer_count(outer),
        depth_count(depth),
        outer_begin(begin),
        aligned(outer % 4 == 0 &&
                reinterpret_cast<std::uintptr_t>(data) % sizeof(Quad<Scalar>) == 0) {}

  __device__ static int across() { return static_cast<int>(threadIdx.x) % kAcross; }
  /// The line (place along the other dimension) of this thread's word i.
  __device__ static int line(int i) {
    const int group = static_cast<int>(threadIdx.x) / kAcross;
    return kTurns ? 4 * (group + i / 4 * kLines) + i % 4 : group + i * kLines;
  }

  __device__ void fetch_words(std::int64_t depth_begin, bool whole) {
    const std::int64_t across_begin = kAlongDepth ? depth_begin : outer_begin;
    const std::int64_t line_begin = kAlongDepth ? outer_begin : depth_begin;
    const Scalar* place = source + line_begin * pitch + across_begin + across();
    if (whole) {
#pragma unroll
      for (int i = 0; i < kWords; ++i) word[i] = widen(place[line(i) * pitch]);
      return;
    }
    const std::int64_t across_left = (kAlongDepth ? depth_count : outer_count) - across_begin;
    const std::int64_t lines_left = (kAlongDepth ? outer_count : depth_count) - line_begin;
#pragma unroll
    for (int i = 0; i < kWords; ++i) {
      const bool inside = across() < across_left && line(i) < lines_left;
      word[i] = inside ? widen(place[line(i) * pitch]) : Accum{0};
    }
  }

  static constexpr int kQuadsAcross = kAcross / 4;
  __device__ static int quad_column() { return 4 * (static_cast<int>(threadIdx.x) % kQuadsAcross); }
  __device__ static int quad_line(int q) {
    return static_cast<int>(threadIdx.x) / kQuadsAcross + q * (T::kThreads / kQuadsAcross);
  }

  __device__ void fetch_quads(std::int64_t depth_begin) {
    const Scalar* place = source + depth_begin * pitch + outer_begin + quad_column();
#pragma unroll
    for (int q = 0; q < kWords / 4; ++q) {
      const bool inside =
          outer_begin + quad_column() < outer_count && depth_begin + quad_line(q) < depth_count;
      Quad<Scalar> quad{};
      if (inside) quad = *reinterpret_cast<const Quad<Scalar>*>(place + quad_line(q) * pitch);
#pragma unroll
      for (int i = 0; i < 4; ++i) word[4 * q + i] = widen(quad.at[i]);
    }
  }

  /// Reads the slice that begins at `depth_begin` into registers; what lies outside the matrix is
  /// 0.
  __device__ void fetch(std::int64_t depth_begin) {
    const bool whole =
        outer_begin + kOuter <= outer_count && depth_begin + T::kDepth <= depth_count;
    if (kMayMoveQuads && aligned) {
      fetch_quads(depth_begin);
    } else {
      fetch_words(depth_begin, whole);
    }
  }

  /// Writes the registers to the slice in shared memory: [kRows][kRowPitch] of a or
  /// [kDepth][kColumnPitch] of b.
  __device__ void store(Accum* slice) const {
    constexpr int kPitch = kIsA ? T::kRowPitch : T::kColumnPitch;
    if (kTurns) {
#pragma unroll
      for (int i = 0; i < kWords; i += 4) store_quad(slice + across() * kPitch + line(i), i);
    } else if (kMayMoveQuads && aligned) {
#pragma unroll
      for (int i = 0; i < kWords; i += 4)
        store_quad(slice + quad_line(i / 4) * kPitch + quad_column(), i);
    } else {
#pragma unroll
      for (int i = 0; i < kWords; ++i) slice[line(i) * kPitch + across()] = word[i];
    }
  }

 private:
  __device__ void store_quad(Accum* place, int i) const {
    *reinterpret_cast<Quad<Accum>*>(place) = {word[i], word[i + 1], word[i + 2], word[i + 3]};
  }
};

/// acc += a slice times b slice, k upwards, by fma.
template <class T, class Accum>
__device__ void multiply_slices(const Accum* a, const Accum* b,
                                Accum (&acc)[T::kThreadRows][T::kThreadColumns]) {
  const int lane = static_cast<int>(threadIdx.x) % kWarp;
  const Accum* a_rows = a + static_cast<int>(threadIdx.x) / kWarp * T::kThreadRows * T::kRowPitch;
  constexpr int kUnroll = T::kThreadRows * T::kThreadColumns <= 8 ? 2 : 1;  // 64 to 128 fma a round
#pragma unroll kUnroll
  for (int k = 0; k < T::kDepth; k += 4) {
    Quad<Accum> left[T::kThreadRows];
#pragma unroll
    for (int i = 0; i < T::kThreadRows; ++i)
      left[i] = *reinterpret_cast<const Quad<Accum>*>(a_rows + i * T::kRowPitch + k);
#pragma unroll
    for (int step = 0; step < 4; ++step) {
      Accum right[T::kThreadColumns];
#pragma unroll
      for (int j = 0; j < T::kThreadColumns; ++j)
        right[j] = b[(k + step) * T::kColumnPitch + lane + j * kWarp];
#pragma unroll
      for (int i = 0; i < T::kThreadRows; ++i)
#pragma unroll
        for (int j = 0; j < T::kThreadColumns; ++j)
          acc[i][j] = fma(left[i].at[step], right[j], acc[i][j]);
    }
  }
}

/// total += acc; acc = 0.
template <class T, class Accum>
__device__ void end_chunk(Accum (&acc)[T::kThreadRows][T::kThreadColumns],
                          Accum (&total)[T::kThreadRows][T::kThreadColumns]) {
#pragma unroll
  for (int i = 0; i < T::kThreadRows; ++i)
#pragma unroll
    for (int j = 0; j < T::kThreadColumns; ++j) {
      total[i][j] += acc[i][j];
      acc[i][j] = 0;
    }
}

/// out tile = total + bias, rounded once.
template <class T, class Scalar, class Accum>
__device__ void write_tile(Scalar* out, const Scalar* bias, Extent extent, std::int64_t row_begin,
                           std::int64_t column_begin,
                           const Accum (&total)[T::kThreadRows][T::kThreadColumns]) {
  const int lane = static_cast<int>(threadIdx.x) % kWarp;
  const std::int64_t first_row = row_begin + static_cast<int>(threadIdx.x) / kWarp * T::kThreadRows;
#pragma unroll
  for (int j = 0; j < T::kThreadColumns; ++j) {
    const std::int64_t column = column_begin + lane + j * kWarp;
    if (column >= extent.n) continue;
    const Accum offset = bias == nullptr ? Accum{0} : widen(bias[column]);
#pragma unroll
    for (int i = 0; i < T::kThreadRows; ++i)
      if (first_row + i < extent.m)
        out[(first_row + i) * extent.n + column] = narrow<Scalar>(total[i][j] + offset);
  }
}

// --- kernels ---

/// One block a tile of out; tiles are numbered along the columns first. bias may be null.
template <class Scalar, class T, Layout kALayout, Layout kBLayout>
__global__ void __launch_bounds__(T::kThreads)
    matmul_kernel(const Scalar* a, const Scalar* b, const Scalar* bias, Scalar* out,
                  Extent extent) {
  using Accum = accum_t<Scalar>;
  __shared__ alignas(16) Accum a_slice[2][T::kRows * T::kRowPitch];
  __shared__ alignas(16) Accum b_slice[2][T::kDepth * T::kColumnPitch];
  const unsigned tiles_across = tiles(extent.n, T::kColumns);
  const std::int64_t row_begin = static_cast<std::int64_t>(blockIdx.x / tiles_across) * T::kRows;
  const std::int64_t column_begin =
      static_cast<std::int64_t>(blockIdx.x % tiles_across) * T::kColumns;

  Stage<Scalar, T, kALayout, true> a_stage(a, extent.m, extent.k, row_begin);
  Stage<Scalar, T, kBLayout, false> b_stage(b, extent.n, extent.k, column_begin);
  Accum acc[T::kThreadRows][T::kThreadColumns] = {}, total[T::kThreadRows][T::kThreadColumns] = {};

  // Round -1 only brings in the first slice; the last one only multiplies.
  const int slices = static_cast<int>(tiles(extent.k, T::kDepth));
  for (int slice = -1; slice < slices; ++slice) {
    const int next = slice + 1;
    if (next < slices) {
      a_stage.fetch(static_cast<std::int64_t>(next) * T::kDepth);
      b_stage.fetch(static_cast<std::int64_t>(next) * T::kDepth);
    }
    if (slice >= 0) {
      multiply_slices<T>(a_slice[slice % 2], b_slice[slice % 2], acc);
      if (next % (kChunk / T::kDepth) == 0) end_chunk<T>(acc, total);
    }
    if (next < slices) {
      a_stage.store(a_slice[next % 2]);
      b_stage.store(b_slice[next % 2]);
    }
    __syncthreads();
  }
  end_chunk<T>(acc, total);
  write_tile<T>(out, bias, extent, row_begin, column_begin, total);
}

// --- launchers ---

/// Three tiles: the large one where it still gives every multiprocessor a block, the small one
/// elsewhere (a batch of 64 rows is two of them), one for double, whose words are twice as wide.
using LargeTile = Tile<16, 8, 4, 16>;  // 128 x 128, 512 threads
using SmallTile = Tile<8, 4, 2, 32>;   // 32 x 64, 256 threads
using WideTile = Tile<4, 8, 1, 16>;    // 32 x 32, 128 threads

template <class Scalar, class T, Layout kALayout, Layout kBLayout>
void run_tiles(const char* name, const Scalar* a, const Scalar* b, const Scalar* bias, Scalar* out,
               Extent extent, Stream stream) {
  const unsigned blocks = tiles(extent.m, T::kRows) * tiles(extent.n, T::kColumns);
  launch(name, matmul_kernel<Scalar, T, kALayout, kBLayout>, {blocks, T::kThreads}, stream, a, b,
         bias, out, extent);
}

/// out [m, n] = a b + bias. bias may be null; k may be 0 (out is the bias, or 0). Queued on
/// `stream`.
template <Layout kALayout, Layout kBLayout, class Scalar>
void multiply(const char* name, const Scalar* a, const Scalar* b, const Scalar* bias, Scalar* out,
              Extent extent, Stream stream) {
  if constexpr (sizeof(Scalar) == 8) {
    run_tiles<Scalar, WideTile, kALayout, kBLayout>(name, a, b, bias, out, extent, stream);
  } else {
    int device = 0, multiprocessors = 0;
    PLUMB_CUDA(cudaGetDevice(&device));
    PLUMB_CUDA(cudaDeviceGetAttribute(&multiprocessors, cudaDevAttrMultiProcessorCount, device));
    const std::int64_t large =
        std::int64_t{tiles(extent.m, LargeTile::kRows)} * tiles(extent.n, LargeTile::kColumns);
    if (large >= multiprocessors)
      run_tiles<Scalar, LargeTile, kALayout, kBLayout>(name, a, b, bias, out, extent, stream);
    else
      run_tiles<Scalar, SmallTile, kALayout, kBLayout>(name, a, b, bias, out, extent, stream);
  }
}

}  // namespace plumb::matmul
