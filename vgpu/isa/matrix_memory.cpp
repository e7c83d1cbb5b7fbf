// matrix_memory.cpp - moves matrices between memory and a warp's fragments: wmma.load, wmma.store,
// ldmatrix, stmatrix, movmatrix.
#include <cstring>

#include "vgpu/isa/helpers.h"
#include "vgpu/isa/matrix.h"

namespace vgpu::isa {
namespace {

constexpr int kWarp = 32;
constexpr int kRows = 8;  // of ldmatrix's matrices of 16-bit elements
constexpr std::size_t kRowBytes = 16;

std::size_t bytes_of(const MatrixFragment& f, std::int64_t elements) {
  return static_cast<std::size_t>(elements * bits_of(f.element) / 8);
}

/// Calls move(in the fragment, in memory, bytes) for each piece that is contiguous in both; offsets
/// in bytes.
template <class Move>
void for_pieces(const MatrixFragment& f, std::int64_t stride, Move move) {
  for (int r = 0; r < f.rows; ++r) {
    if (!f.transposed) {
      move(bytes_of(f, std::int64_t{r} * f.columns), bytes_of(f, r * stride),
           bytes_of(f, f.columns));
      continue;
    }
    for (int c = 0; c < f.columns; ++c)
      move(bytes_of(f, std::int64_t{r} * f.columns + c), bytes_of(f, c * stride + r),
           bytes_of(f, 1));
  }
}

/// `stride`: elements from one row to the next in memory, or from one column to the next.
void load_fragment(std::uint64_t packed, const std::uint8_t* from, std::int64_t stride,
                   std::uint8_t* out) {
  const MatrixFragment f = MatrixFragment::from(packed);
  for_pieces(f, stride, [&](std::size_t inside, std::size_t outside, std::size_t bytes) {
    std::memcpy(out + inside, from + outside, bytes);
  });
  const std::size_t matrix = bytes_of(f, std::int64_t{f.rows} * f.columns);
  const std::size_t room =
      static_cast<std::size_t>(f.registers) * kWarp * (f.element == Element::f64 ? 8 : 4);
  for (std::size_t at = matrix; at < room; at += matrix) std::memcpy(out + at, out, matrix);
}

void store_fragment(std::uint64_t packed, std::uint8_t* to, std::int64_t stride,
                    const std::uint8_t* in) {
  for_pieces(MatrixFragment::from(packed), stride,
             [&](std::size_t inside, std::size_t outside, std::size_t bytes) {
               std::memcpy(to + outside, in + inside, bytes);
             });
}

/// 8 x 8 elements of 16 bits.
void transpose(const void* from, void* to) {
  std::uint16_t in[kRows][kRows], out[kRows][kRows];
  std::memcpy(in, from, sizeof in);
  for (int r = 0; r < kRows; ++r)
    for (int c = 0; c < kRows; ++c) out[c][r] = in[r][c];
  std::memcpy(to, out, sizeof out);
}

/// `rows`: each lane's address; of matrix i those of lanes 8 i to 8 i + 7 count. A register holds a
/// matrix, row by row over the lanes. Lanes that are not active give zeros.
void load_matrices(std::uint32_t active, const void* const* rows, std::int32_t count,
                   std::int32_t transposed, std::uint8_t* out) {
  for (std::int32_t row = 0; row < count * kRows; ++row) {
    if ((active >> row & 1) != 0)
      std::memcpy(out + static_cast<std::size_t>(row) * kRowBytes, rows[row], kRowBytes);
    else
      std::memset(out + static_cast<std::size_t>(row) * kRowBytes, 0, kRowBytes);
  }
  for (std::int32_t i = 0; transposed && i < count; ++i)
    transpose(out + static_cast<std::size_t>(i) * kRows * kRowBytes,
              out + static_cast<std::size_t>(i) * kRows * kRowBytes);
}

void store_matrices(std::uint32_t active, void* const* rows, std::int32_t count,
                    std::int32_t transposed, const std::uint8_t* in) {
  for (std::int32_t i = 0; i < count; ++i) {
    std::uint8_t matrix[kRows * kRowBytes];
    std::memcpy(matrix, in + static_cast<std::size_t>(i) * sizeof matrix, sizeof matrix);
    if (transposed) transpose(matrix, matrix);
    for (std::int32_t row = i * kRows; row < (i + 1) * kRows; ++row)
      if ((active >> row & 1) != 0)
        std::memcpy(rows[row], matrix + static_cast<std::size_t>(row % kRows) * kRowBytes,
                    kRowBytes);
  }
}

void move_matrix(const void* in, void* out) { transpose(in, out); }

template <class F>
void* address(F* f) {
  return reinterpret_cast<void*>(f);
}

}  // namespace

std::span<const HelperSymbol> matrix_memory_symbols() {
  static const HelperSymbol table[] = {{"vgpu_wmma_load", address(&load_fragment)},
                                       {"vgpu_wmma_store", address(&store_fragment)},
                                       {"vgpu_ldmatrix", address(&load_matrices)},
                                       {"vgpu_stmatrix", address(&store_matrices)},
                                       {"vgpu_movmatrix", address(&move_matrix)}};
  return table;
}

}  // namespace vgpu::isa
