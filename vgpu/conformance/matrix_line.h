// matrix_line.h - instructions that a whole warp carries out on matrices: mma, wmma, ldmatrix,
// stmatrix, movmatrix. Each line is a kernel, bytes that a warp is given and bytes that it leaves.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "vgpu/conformance/line.h"
#include "vgpu/conformance/values.h"

namespace vgpu::conformance {

struct MatrixLine {
  std::string name;
  std::vector<std::string> opcodes;
  std::string ptx;                          // kernel `matrix`, see matrix_kernel
  std::size_t in_bytes = 0, out_bytes = 0;  // of a warp
  ValueType result;                         // what a warp leaves is a row of these
  std::function<void(Random&, int which, std::uint8_t* in)> fill;  // `which`: the kind of values
  /// `out` holds kUntouched's bytes before.
  std::function<void(const std::uint8_t* in, u32 mask, std::uint8_t* out)> reference;
};

std::vector<MatrixLine> mma_lines();
std::vector<MatrixLine> wmma_lines();
std::vector<MatrixLine> matrix_memory_lines();  // ldmatrix, stmatrix, movmatrix

inline constexpr int kMatrixFills = 4;

/// Kernel `matrix`(in, out, mask), a warp a block. Its head gives %in and %out, the addresses of
/// the warp's bytes, %lane, and %take: whether the mask has the lane. `body` ends at the label END.
std::string matrix_kernel(const std::string& body, std::size_t in_bytes, std::size_t out_bytes,
                          const char* target = "sm_90a");

/// What differs, as mismatches() says it.
std::string matrix_mismatches(const MatrixLine& line);

}  // namespace vgpu::conformance
