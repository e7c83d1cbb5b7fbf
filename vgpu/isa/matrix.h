// matrix.h - what the emitter of matrix instructions and the helpers that compute them agree on.
//
// Fragments of mma lie as the PTX ISA documents them. A register of 32 bits holds, over the warp, a
// tile of 8 rows: lane 4 g + t has elements E t to E t + E - 1 of row g, E to a register. A's tiles
// follow each other down its 16 rows, then along k; B's are tiles of its transpose, along k; those
// of 32-bit accumulators come in pairs, the even and the odd columns of 8.
//
// Fragments of wmma, whose layout PTX leaves open: the elements of the warp's registers, register
// by register and lane by lane, are the matrix row by row (for A m x k, for B k x n, of integers
// its transpose), over again where the registers have room for more than one copy.
#pragma once

#include <cstdint>
#include <string_view>

namespace vgpu::isa {

enum class Element : std::uint8_t {
  none,
  f16,
  bf16,
  tf32,
  f32,
  f64,
  e4m3,
  e5m2,
  s8,
  u8,
  s4,
  u4,
  b1,
  s32,
};

Element element_from_name(std::string_view name);
const char* name_of(Element element);
int bits_of(Element element);
bool is_integer(Element element);  // of multiplicands

/// d = a b + c, as translated code passes it to vgpu_mma: in one number.
struct MatrixOperation {
  int m = 0, n = 0, k = 0;
  Element a = Element::none, b = Element::none, c = Element::none, d = Element::none;
  bool wmma = false;
  bool saturate = false;                    // of integers
  bool conjunction = false;                 // of single bits: and.popc instead of xor.popc
  bool a_column = false, b_column = false;  // mma.m8n8k4 of f16, whose fragments depend on it

  std::uint64_t packed() const;
  static MatrixOperation from(std::uint64_t packed);
};

/// One matrix in memory and in a wmma fragment: rows and columns as the fragment has them.
struct MatrixFragment {
  int rows = 0, columns = 0;
  Element element = Element::none;
  int registers = 0;
  bool transposed = false;  // memory has it column by column

  std::uint64_t packed() const;
  static MatrixFragment from(std::uint64_t packed);
};

}  // namespace vgpu::isa
