// matrix_multiply.cpp - d = a b + c over a warp's fragments (matrix.h).
//
// Numbers: each element of d begins as c's and takes the k products in ascending order. Products
// are exact and each sum is rounded once to nearest even, to f32 for multiplicands of 8, 16 or 19
// bits (fma of two f32), to f64 for f64. Accumulators of f16 are widened first and rounded once at
// the end; a NaN becomes 0x7fff. tf32 multiplicands lose their low 13 bits. Integers are summed
// exactly, then wrap or saturate at 32 bits.
#include <immintrin.h>

#include <bit>
#include <cmath>
#include <cstring>

#include "vgpu/isa/helpers.h"
#include "vgpu/isa/matrix.h"
#include "vgpu/isa/matrix_values.h"

namespace vgpu::isa {
namespace {

constexpr int kWarp = 32;
constexpr int kTileRows = 8;
constexpr int kMostMultiplicands = 1024;  // elements of one matrix: 16 x 64 of 4 bits
constexpr int kMostSums = 256;            // of c and d
constexpr int kMostBytes = 2048;          // of a multiplicand: 16 x 16 of f64

/// Registers of tiles side by side, `down` of them below each other, become rows.
template <std::size_t register_bytes>
void rows_of_tiles(const std::uint8_t* tiles, int down, int across, std::uint8_t* rows) {
  constexpr std::size_t tile = 4 * register_bytes;  // bytes of a tile's row
  for (int x = 0; x < across; ++x)
    for (int y = 0; y < down; ++y)
      for (int g = 0; g < kTileRows; ++g, tiles += tile)
        std::memcpy(rows + static_cast<std::size_t>((y * kTileRows + g) * across + x) * tile, tiles,
                    tile);
}

/// A multiplicand's elements, rows as matrix.h has them.
class Rows {
 public:
  Rows(const MatrixOperation& op, int rows, Element element, const void* fragment)
      : data_(static_cast<const std::uint8_t*>(fragment)) {
    if (op.wmma) return;
    const int row_bits = op.k * bits_of(element);
    if (element == Element::f64)
      rows_of_tiles<8>(data_, rows / kTileRows, row_bits / 256, room_);
    else
      rows_of_tiles<4>(data_, rows / kTileRows, row_bits / 128, room_);
    data_ = room_;
  }
  const std::uint8_t* data() const { return data_; }

 private:
  alignas(64) std::uint8_t room_[kMostBytes];
  const std::uint8_t* data_;
};

template <class T>
void transpose(const T* in, int rows, int columns, T* out) {
  for (int r = 0; r < rows; ++r)
    for (int c = 0; c < columns; ++c) out[c * rows + r] = in[r * columns + c];
}

/// 8 rows of a multiple of 8 columns.
__attribute__((target("avx"))) void transpose_wide(const float* in, int columns, float* out) {
  for (int at = 0; at < columns; at += 8) {
    __m256 rows[8], pairs[8], quads[8];
    for (int i = 0; i < 8; ++i) rows[i] = _mm256_loadu_ps(in + i * columns + at);
    for (int i = 0; i < 8; i += 2) {
      pairs[i] = _mm256_unpacklo_ps(rows[i], rows[i + 1]);
      pairs[i + 1] = _mm256_unpackhi_ps(rows[i], rows[i + 1]);
    }
    for (int i = 0; i < 8; i += 4)
      for (int k = 0; k < 2; ++k) {
        quads[i + 2 * k] = _mm256_shuffle_ps(pairs[i + k], pairs[i + k + 2], 0x44);
        quads[i + 2 * k + 1] = _mm256_shuffle_ps(pairs[i + k], pairs[i + k + 2], 0xee);
      }
    for (int i = 0; i < 4; ++i) {
      _mm256_storeu_ps(out + (at + i) * 8, _mm256_permute2f128_ps(quads[i], quads[i + 4], 0x20));
      _mm256_storeu_ps(out + (at + i + 4) * 8,
                       _mm256_permute2f128_ps(quads[i], quads[i + 4], 0x31));
    }
  }
}

// --- accumulators ---

/// mma's accumulators of 32 or 64 bits: registers 2 i and 2 i + 1 hold the even and the odd columns
/// of rows 8 i on.
template <class T>
void sums_from_registers(const MatrixOperation& op, const T* registers, T* sums) {
  if (op.wmma) {
    std::memcpy(sums, registers, sizeof(T) * static_cast<std::size_t>(op.m * op.n));
    return;
  }
  for (int pair = 0; pair < op.m / kTileRows; ++pair, registers += 2 * kWarp, sums += 2 * kWarp)
    for (int lane = 0; lane < kWarp; ++lane) {
      sums[2 * lane] = registers[lane];
      sums[2 * lane + 1] = registers[kWarp + lane];
    }
}

template <class T>
void registers_from_sums(const MatrixOperation& op, const T* sums, T* registers) {
  if (op.wmma) {
    std::memcpy(registers, sums, sizeof(T) * static_cast<std::size_t>(op.m * op.n));
    return;
  }
  for (int pair = 0; pair < op.m / kTileRows; ++pair, registers += 2 * kWarp, sums += 2 * kWarp)
    for (int lane = 0; lane < kWarp; ++lane) {
      registers[lane] = sums[2 * lane];
      registers[kWarp + lane] = sums[2 * lane + 1];
    }
}

// --- floating point ---

template <class T>
void multiply_portable(int m, int n, int k, const T* a, const T* b, T* sums) {
  for (int i = 0; i < m; ++i)
    for (int j = 0; j < n; ++j)
      for (int l = 0; l < k; ++l)
        sums[i * n + j] = std::fma(a[i * k + l], b[l * n + j], sums[i * n + j]);
}

constexpr int kVectorBytes = 32;
constexpr int kAccumulators = 8;  // vectors at once: more than an fma's latency

__attribute__((target("avx2,fma"))) inline __m256 fused(__m256 a, __m256 b, __m256 c) {
  return _mm256_fmadd_ps(a, b, c);
}
__attribute__((target("avx2,fma"))) inline __m256d fused(__m256d a, __m256d b, __m256d c) {
  return _mm256_fmadd_pd(a, b, c);
}

/// `across` vectors make a row of b.
template <class V, class T, int across>
__attribute__((target("avx2,fma"))) void multiply_wide(int m, int k, const T* a, const T* b,
                                                       T* sums) {
  constexpr int width = kVectorBytes / static_cast<int>(sizeof(T)), n = across * width;
  constexpr int rows = kAccumulators / across;
  for (int i = 0; i < m; i += rows) {
    V sum[rows][across];
    std::memcpy(&sum, sums + i * n, sizeof sum);
    for (int l = 0; l < k; ++l) {
      V row[across];
      std::memcpy(&row, b + l * n, sizeof row);
      for (int r = 0; r < rows; ++r) {
        const V factor = a[(i + r) * k + l] - V{};
        for (int x = 0; x < across; ++x) sum[r][x] = fused(factor, row[x], sum[r][x]);
      }
    }
    std::memcpy(sums + i * n, &sum, sizeof sum);
  }
}

bool has_fma() {
  static const bool has = __builtin_cpu_supports("fma") && __builtin_cpu_supports("avx2");
  return has;
}

/// a m x k, b k x n, both row by row.
void multiply(int m, int n, int k, const float* a, const float* b, float* sums) {
  if (!has_fma()) return multiply_portable(m, n, k, a, b, sums);
  if (n == 8) return multiply_wide<__m256, float, 1>(m, k, a, b, sums);
  if (n == 16) return multiply_wide<__m256, float, 2>(m, k, a, b, sums);
  multiply_wide<__m256, float, 4>(m, k, a, b, sums);
}

void multiply(int m, int n, int k, const double* a, const double* b, double* sums) {
  if (!has_fma()) return multiply_portable(m, n, k, a, b, sums);
  multiply_wide<__m256d, double, 2>(m, k, a, b, sums);
}

void load_sums(const MatrixOperation& op, const void* c, float* sums) {
  if (op.c == Element::f16) return floats_of(op.c, c, op.m * op.n, sums);
  sums_from_registers(op, static_cast<const float*>(c), sums);
}

void store_sums(const MatrixOperation& op, const float* sums, void* d) {
  if (op.d == Element::f16) return halves_of(sums, op.m * op.n, static_cast<std::uint16_t*>(d));
  registers_from_sums(op, sums, static_cast<float*>(d));
}

void multiply_floats(const MatrixOperation& op, const void* a, const void* b, const void* c,
                     void* d) {
  alignas(64) float left[kMostMultiplicands], right[kMostMultiplicands], turned[kMostMultiplicands];
  alignas(64) float sums[kMostSums];
  floats_of(op.a, Rows(op, op.m, op.a, a).data(), op.m * op.k, left);
  floats_of(op.b, Rows(op, op.n, op.b, b).data(), op.k * op.n, right);
  if (!op.wmma && has_fma() && op.k % 8 == 0)
    transpose_wide(right, op.k, turned);
  else if (!op.wmma)
    transpose(right, op.n, op.k, turned);
  load_sums(op, c, sums);
  multiply(op.m, op.n, op.k, left, op.wmma ? right : turned, sums);
  store_sums(op, sums, d);
}

void multiply_doubles(const MatrixOperation& op, const void* a, const void* b, const void* c,
                      void* d) {
  alignas(64) double left[kMostSums], right[kMostSums], turned[kMostSums], sums[kMostSums];
  std::memcpy(left, Rows(op, op.m, op.a, a).data(),
              sizeof(double) * static_cast<std::size_t>(op.m * op.k));
  std::memcpy(right, Rows(op, op.n, op.b, b).data(),
              sizeof(double) * static_cast<std::size_t>(op.n * op.k));
  if (!op.wmma) transpose(right, op.n, op.k, turned);
  sums_from_registers(op, static_cast<const double*>(c), sums);
  multiply(op.m, op.n, op.k, left, op.wmma ? right : turned, sums);
  registers_from_sums(op, sums, static_cast<double*>(d));
}

// mma.m8n8k4 of f16: four products at once, each of lanes 4 q to 4 q + 3 and 16 more.

struct QuadPlace {
  int lane, i;
};

/// Where element (row, column) of an accumulator lies.
QuadPlace place_in_quad(Element type, int quad, int row, int column) {
  const int high = row / 4 * 16 + 4 * quad;
  if (type == Element::f16) return {high + row % 4, column};
  return {high + (row & 1) + (column & 2), (row & 2) + (column & 4) + (column & 1)};
}

/// Where the i-th half of a lane lies among a fragment's.
int half_in_fragment(QuadPlace at) { return (at.i / 2 * kWarp + at.lane) * 2 + at.i % 2; }
int in_fragment(Element type, QuadPlace at) {
  return type == Element::f16 ? half_in_fragment(at) : at.i * kWarp + at.lane;
}

constexpr int kQuadMultiplicands = 4 * 8 * 4;

void multiply_quads(const MatrixOperation& op, const void* a, const void* b, const void* c,
                    void* d) {
  float left[kQuadMultiplicands], right[kQuadMultiplicands], before[kMostSums], after[kMostSums];
  floats_of(op.a, a, kQuadMultiplicands, left);
  floats_of(op.b, b, kQuadMultiplicands, right);
  if (op.c == Element::f16)
    floats_of(op.c, c, kMostSums, before);
  else
    std::memcpy(before, c, sizeof before);
  const auto multiplicand = [](const float* fragment, int quad, int major, int l, bool along_k) {
    const int first = major / 4 * 16 + 4 * quad;  // lane
    return fragment[half_in_fragment(along_k ? QuadPlace{first + l, major % 4}
                                             : QuadPlace{first + major % 4, l})];
  };
  for (int quad = 0; quad < 4; ++quad)
    for (int row = 0; row < 8; ++row)
      for (int column = 0; column < 8; ++column) {
        float sum = before[in_fragment(op.c, place_in_quad(op.c, quad, row, column))];
        for (int l = 0; l < 4; ++l)
          sum += multiplicand(left, quad, row, l, op.a_column) *  // exact
                 multiplicand(right, quad, column, l, !op.b_column);
        after[in_fragment(op.d, place_in_quad(op.d, quad, row, column))] = sum;
      }
  if (op.d == Element::f16)
    halves_of(after, kMostSums, static_cast<std::uint16_t*>(d));
  else
    std::memcpy(d, after, sizeof after);
}

// --- integers ---

/// Sums of a's rows times b's, both k long.
inline __attribute__((always_inline)) void multiply_words_any(int m, int n, int k,
                                                              const std::int16_t* a,
                                                              const std::int16_t* b,
                                                              std::int32_t* sums) {
  for (int i = 0; i < m; ++i)
    for (int j = 0; j < n; ++j) {
      std::int32_t sum = 0;
      for (int l = 0; l < k; ++l) sum += a[i * k + l] * b[j * k + l];
      sums[i * n + j] = sum;
    }
}

__attribute__((target("avx2"), optimize("O3"))) void multiply_words_wide(int m, int n, int k,
                                                                         const std::int16_t* a,
                                                                         const std::int16_t* b,
                                                                         std::int32_t* sums) {
  multiply_words_any(m, n, k, a, b, sums);
}

void multiply_words(int m, int n, int k, const std::int16_t* a, const std::int16_t* b,
                    std::int32_t* sums) {
  if (has_fma()) return multiply_words_wide(m, n, k, a, b, sums);
  multiply_words_any(m, n, k, a, b, sums);
}

void count_bits(const MatrixOperation& op, const std::uint8_t* a, const std::uint8_t* b,
                std::int32_t* sums) {
  const int bytes = op.k / 8;
  for (int i = 0; i < op.m; ++i)
    for (int j = 0; j < op.n; ++j) {
      int sum = 0;
      for (int at = 0; at < bytes; at += 8) {
        std::uint64_t x, y;
        std::memcpy(&x, a + i * bytes + at, sizeof x);
        std::memcpy(&y, b + j * bytes + at, sizeof y);
        sum += std::popcount(op.conjunction ? x & y : x ^ y);
      }
      sums[i * op.n + j] = sum;
    }
}

std::int32_t finished(std::int64_t sum, bool saturate) {
  if (saturate) {
    if (sum > INT32_MAX) return INT32_MAX;
    if (sum < INT32_MIN) return INT32_MIN;
  }
  return static_cast<std::int32_t>(static_cast<std::uint32_t>(sum));
}

void multiply_integers(const MatrixOperation& op, const void* a, const void* b, const void* c,
                       void* d) {
  alignas(64) std::int32_t sums[kMostSums], products[kMostSums];
  const Rows left(op, op.m, op.a, a), right(op, op.n, op.b, b);
  if (op.a == Element::b1) {
    count_bits(op, left.data(), right.data(), products);
  } else {
    alignas(64) std::int16_t x[kMostMultiplicands], y[kMostMultiplicands];
    words_of(op.a, left.data(), op.m * op.k, x);
    words_of(op.b, right.data(), op.n * op.k, y);
    multiply_words(op.m, op.n, op.k, x, y, products);
  }
  sums_from_registers(op, static_cast<const std::int32_t*>(c), sums);
  for (int i = 0; i < op.m * op.n; ++i)
    sums[i] = finished(std::int64_t{sums[i]} + products[i], op.saturate);
  registers_from_sums(op, sums, static_cast<std::int32_t*>(d));
}

void multiply_fragments(std::uint64_t packed, const void* a, const void* b, const void* c,
                        void* d) {
  const MatrixOperation op = MatrixOperation::from(packed);
  if (op.a == Element::f64) return multiply_doubles(op, a, b, c, d);
  if (is_integer(op.a)) return multiply_integers(op, a, b, c, d);
  if (op.a == Element::f16 && op.k == 4) return multiply_quads(op, a, b, c, d);
  multiply_floats(op, a, b, c, d);
}

}  // namespace

std::span<const HelperSymbol> matrix_multiply_symbols() {
  static const HelperSymbol table[] = {{"vgpu_mma", reinterpret_cast<void*>(&multiply_fragments)}};
  return table;
}

}  // namespace vgpu::isa
