// What is known of a register's lanes: index arithmetic as compilers write it stays affine.
#include "vgpu/translate/shape.h"

#include <gtest/gtest.h>

namespace vgpu::translate {
namespace {

using ptx::Module;

/// The shape of register %out after the statements; %t is threadIdx.x, %n a kernel parameter.
Shape shape_of_out(const std::string& statements, WarpRows rows = {}) {
  const Module module = ptx::parse(
      ".version 8.0\n.target sm_80\n.address_size 64\n"
      ".visible .entry k(.param .u32 p)\n{\n"
      ".reg .pred %p<3>; .reg .b32 %r<9>; .reg .b32 %t; .reg .b32 %n; .reg .b32 %out;\n"
      ".reg .b64 %rd<9>;\n"
      "ld.param.u32 %n, [p];\nmov.u32 %t, %tid.x;\n" +
          statements + "\nret;\n}\n",
      "test.ptx");
  const ptx::Function& kernel = module.functions.front();
  const Shapes shapes = analyse_shapes(kernel, rows);
  for (std::size_t r = 0; r < kernel.registers.size(); ++r)
    if (kernel.registers[r].name == "%out") return shapes.of_register[r];
  ADD_FAILURE() << "no %out";
  return {};
}

/// threadIdx.x / 32 and % 32 on int: the compiler guards both against a negative index.
const std::string kSignedDivision =
    "shr.s32 %r1, %t, 31; shr.u32 %r2, %r1, 27; add.s32 %r3, %t, %r2;\n";

TEST(Shape, TheLaneOfASignedIndexIsAffine) {
  const Shape lane =
      shape_of_out(kSignedDivision + "and.b32 %r4, %r3, -32; sub.s32 %out, %t, %r4;");

  EXPECT_TRUE(lane.affine());
  EXPECT_EQ(lane.stride, 1);
}

TEST(Shape, TheWarpOfASignedIndexIsUniform) {
  EXPECT_TRUE(shape_of_out(kSignedDivision + "shr.s32 %out, %r3, 5;").uniform());
}

TEST(Shape, AnIndexThatMayBeNegativeKeepsItsGuard) {
  // hunts: a bound that is taken for granted: the parameter may be negative.
  const Shape shifted = shape_of_out("add.s32 %r5, %t, %n; shr.s32 %out, %r5, 31;");

  EXPECT_FALSE(shifted.constant.has_value());
}

TEST(Shape, ASumThatMayWrapHasNoBound) {
  const Shape sum = shape_of_out("mul.lo.s32 %r1, %n, %n; add.s32 %out, %r1, %t;");

  EXPECT_EQ(sum.value_bits, Shape::kAnyBits);
}

TEST(Shape, ACountThatALoopRaisesHasNoBound) {
  const Shape count = shape_of_out(
      "mov.u32 %out, 0;\n$loop: add.s32 %out, %out, 1; setp.lt.s32 %p1, %out, %n; @%p1 bra $loop;");

  EXPECT_TRUE(count.uniform());
  EXPECT_EQ(count.value_bits, Shape::kAnyBits);
}

TEST(Shape, AMaskBoundsWhatItIsTakenFrom) {
  EXPECT_EQ(shape_of_out("and.b32 %out, %n, 12;").value_bits, 4);
  EXPECT_EQ(shape_of_out("and.b32 %r1, %n, 12; shr.u32 %out, %r1, 4;").constant, 0);
  EXPECT_EQ(shape_of_out("and.b32 %r1, %n, 12; shl.b32 %out, %r1, 3;").value_bits, 7);
}

TEST(Shape, AGuardedWriteIsNotAffineButKeepsItsBound) {
  const Shape out = shape_of_out("mov.u32 %out, 3; setp.lt.s32 %p1, %t, 7; @%p1 mov.u32 %out, 12;");

  EXPECT_FALSE(out.affine());
  EXPECT_EQ(out.value_bits, 4);
}

TEST(Shape, AValueThatALoopCarriesWithoutAFirstOneIsAVectorToItsReaders) {
  // hunts: CUB's radix sort at compute_100, where a register's first value is never used: what was
  // computed from it stayed out of the meet, and the lanes of %out were taken for one.
  const Shape out = shape_of_out(
      "$loop: setp.eq.s32 %p1, %n, 3; selp.b32 %r1, 5, %r1, %p1;\n"
      "setp.gt.s32 %p2, %t, 31; selp.b32 %out, %r1, 7, %p2; @%p2 bra $next; shl.b32 %out, %n, 2;\n"
      "$next: setp.lt.s32 %p1, %out, %n; @%p1 bra $loop;");

  EXPECT_FALSE(out.affine());
}

TEST(Shape, ARowOfAMatrixIsAffineInRowsOf16) {
  const Shape at = shape_of_out(
      "mov.u32 %r1, %tid.y; mad.lo.s32 %r2, %r1, 100, %t; add.s32 %out, %r2, %n;", {16, true});

  EXPECT_TRUE(at.affine());
  EXPECT_FALSE(at.uniform());
  EXPECT_EQ(at.stride, 1);
  EXPECT_EQ(at.jump, 100);
  EXPECT_EQ(shape_of_out("mov.u32 %out, %tid.y;", {16, true}).jump, 1);
  EXPECT_TRUE(shape_of_out("mov.u32 %out, %tid.y;").uniform());
  EXPECT_TRUE(shape_of_out("mov.u32 %out, %tid.z;", {8, true}).uniform());
}

TEST(Shape, TheLaneIsAffineInRowsAndItsWarpUniform) {
  const Shape lane = shape_of_out("mov.u32 %out, %laneid;", {8, true});
  EXPECT_EQ(lane.stride, 1);
  EXPECT_EQ(lane.jump, 8);
  EXPECT_TRUE(shape_of_out("mov.u32 %r1, %laneid; shr.u32 %out, %r1, 5;", {8, true}).uniform());
  // Bits 3 and 4 belong to the row: a mask or a shift that parts them from the rest is no affine
  // one.
  EXPECT_FALSE(shape_of_out("mov.u32 %r1, %laneid; shr.u32 %out, %r1, 4;", {8, true}).affine());
  EXPECT_FALSE(shape_of_out("mov.u32 %r1, %laneid; and.b32 %out, %r1, 15;", {8, true}).affine());
}

TEST(Shape, ProductsOfTwoThatMoveAreVectors) {
  EXPECT_FALSE(shape_of_out("mov.u32 %r1, %tid.y; mul.lo.s32 %out, %r1, %t;", {16, true}).affine());
}

TEST(Shape, WithoutConsecutiveThreadsAnIndexIsAVectorWithABound) {
  const Shape index = shape_of_out("mov.u32 %out, %t;", {32, false});

  EXPECT_FALSE(index.affine());
  EXPECT_EQ(index.value_bits, 10);
}

}  // namespace
}  // namespace vgpu::translate
