// shape.h - what is known of a register's 32 lanes while all of them run together.
//
// In full code (all lanes at one place) control is the same for all lanes, so a register whose
// every definition has lane-independent operands is itself lane-independent. One step further, a
// register may be affine in the lane:
//   value(lane) = base + stride * (lane % row) + jump * (lane / row)   (modulo 2^width),
// with a constant stride and jump and a base that is one scalar. `row` is how many lanes of a warp
// share threadIdx.y: 32, or 16 or 8 where the block is as wide. Then an address costs scalar
// arithmetic and a memory access of consecutive lanes is one vector load without a test. Widening
// (cvt.s64.s32, mul.wide) keeps the form only while the narrow value does not wrap within the warp:
// full code checks that at run time and otherwise leaves to masked code, which holds each lane's
// own value.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "vgpu/ptx/module.h"
#include "vgpu/translate/flow.h"

namespace vgpu::translate {

struct Shape {
  static constexpr int kAnyBits = 64;  // nothing is known of a value's size
  enum class Kind : std::uint8_t { unknown, affine, vector };
  Kind kind = Kind::unknown;
  std::int64_t stride = 0, jump = 0;
  int aligned_bits = 0;  // low bits of the base known to be zero
  std::optional<std::int64_t>
      constant;               // the value, where all lanes are alike and every definition agrees
  int value_bits = kAnyBits;  // every lane's value, unsigned, is below 2^value_bits

  bool uniform() const { return kind == Kind::affine && stride == 0 && jump == 0; }
  bool affine() const { return kind == Kind::affine; }
  bool operator==(const Shape&) const = default;

  static Shape vector() { return {Kind::vector, 0, 0, 0, {}}; }
  static Shape scalar(int aligned_bits = 0) { return {Kind::affine, 0, 0, aligned_bits, {}}; }
  /// The same, of values below 2^bits.
  Shape below(int bits) const;
  static Shape literal(std::int64_t value);
  static Shape lanes(std::int64_t stride, std::int64_t jump, int aligned_bits) {
    return {Kind::affine, stride, jump, aligned_bits, {}};
  }
};

Shape meet(const Shape& a, const Shape& b);

struct Shapes {
  std::vector<Shape> of_register;
  /// Registers that have one value for the whole launch or block in every lane and on every path:
  /// their definition is unique and made of parameters, block coordinates and constants alone.
  /// Masked code keeps these as scalars too.
  std::vector<bool> invariant;
};

/// How a warp's lanes lie in its block: in rows of `lanes` with consecutive threadIdx.x, each row
/// one threadIdx.y further and threadIdx.z the same. Where they lie otherwise nothing is known of
/// threadIdx, and `lanes` is 32.
struct WarpRows {
  int lanes = 32;
  bool known = true;
  int count() const { return 32 / lanes; }
};

Shapes analyse_shapes(const ptx::Function& function, WarpRows rows);

/// Shape of an operand under the shapes found so far.
Shape shape_of(const ptx::Operand& operand, const Shapes& shapes, WarpRows rows);

/// Shape of what an instruction writes (to every destination), without its guard.
Shape result_shape(const ptx::Instruction& instruction, const Shapes& shapes, WarpRows rows);

/// Whether this instruction widens an affine value with a stride that may wrap within the warp:
/// full code must check that it does not.
bool widens_affine(const ptx::Instruction& instruction, const Shapes& shapes, WarpRows rows);

}  // namespace vgpu::translate
