// matrix_product.h - d = a b + c of the reference: element by element, every sum rounded by
// soft_float.
#pragma once

#include <string>
#include <vector>

#include "vgpu/conformance/line.h"
#include "vgpu/conformance/values.h"

namespace vgpu::conformance {

/// An element's type by PTX's name.
struct MatrixType {
  std::string name;
  int bits = 0;
};

MatrixType matrix_type(const std::string& name);
/// How a register or a cell of such elements compares.
ValueType value_type(const MatrixType& type);

/// Bits of a matrix's elements, row by row.
struct BitMatrix {
  BitMatrix(int row_count, int column_count)
      : rows(row_count), columns(column_count), bits(static_cast<std::size_t>(rows * columns)) {}
  u64& at(int row, int column) { return bits[static_cast<std::size_t>(row * columns + column)]; }
  u64 at(int row, int column) const {
    return bits[static_cast<std::size_t>(row * columns + column)];
  }
  int rows, columns;
  std::vector<u64> bits;
};

struct MatrixTypes {
  MatrixType a, b, c, d;
  bool saturate = false, conjunction = false;
};

BitMatrix product(const MatrixTypes& types, const BitMatrix& a, const BitMatrix& b,
                  const BitMatrix& c);

/// An element's bits. `which`: 0 small integers, 1 numbers of moderate size, 2 mostly zeros, with
/// edges, 3 any bits.
u64 draw_element(const MatrixType& type, int which, Random& random);

/// Element `index` of packed elements.
u64 packed_element(const std::uint8_t* bytes, int bits, std::size_t index);
void set_packed_element(std::uint8_t* bytes, int bits, std::size_t index, u64 value);

}  // namespace vgpu::conformance
