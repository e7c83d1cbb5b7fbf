// Blocks whose warps hold several rows of threads: indices and accesses that are affine row by row.
#include <gtest/gtest.h>

#include "vgpu/machine/test_program.h"

namespace vgpu {
namespace {

/// %x and %y are the thread's coordinates in the grid, %at and %to point at element y * 1000 + x of
/// in and out.
std::string matrix_kernel(const std::string& body) {
  return kernel_text(
      ".reg .b32 %x, %y, %e; .reg .b64 %wide;\n"
      "mov.u32 %r20, %ntid.y;\nmov.u32 %r21, %ctaid.y;\nmov.u32 %r22, %tid.y;\n"
      "mad.lo.s32 %x, %r0, %r1, %r2;\nmad.lo.s32 %y, %r21, %r20, %r22;\n"
      "mad.lo.s32 %e, %y, 1000, %x;\nmul.wide.s32 %wide, %e, 4;\n"
      "add.s64 %at, %in, %wide;\nadd.s64 %to, %out, %wide;\n" +
      body + "\nret;");
}

struct Case {
  Dim3 grid, block;
};

class Rows : public Machine, public testing::WithParamInterface<Case> {
 protected:
  static constexpr int kPitch = 1000;
  int width() const { return static_cast<int>(GetParam().grid.x * GetParam().block.x); }
  int height() const { return static_cast<int>(GetParam().grid.y * GetParam().block.y); }

  std::vector<int> run(const std::string& body) const {
    std::vector<int> in(static_cast<std::size_t>(kPitch * height())), out(in.size(), -1);
    for (std::size_t i = 0; i < in.size(); ++i) in[i] = static_cast<int>(i * 7 + 3);
    Program(matrix_kernel(body))
        .run(GetParam().grid, GetParam().block, in.data(), out.data(), kPitch);
    return out;
  }
  static int in(int x, int y) { return (y * kPitch + x) * 7 + 3; }

  template <class Want>
  void expect(const std::vector<int>& out, Want want) const {
    for (int y = 0; y < height(); ++y)
      for (int x = 0; x < kPitch; ++x)
        ASSERT_EQ(out[static_cast<std::size_t>(y * kPitch + x)], x < width() ? want(x, y) : -1)
            << "x " << x << " y " << y;
  }
};

TEST_P(Rows, EachThreadsElementOfAMatrix) {
  const auto out =
      run("ld.global.u32 %r3, [%at];\nadd.s32 %r3, %r3, %y;\nst.global.u32 [%to], %r3;");
  expect(out, [](int x, int y) { return in(x, y) + y; });
}

TEST_P(Rows, TheFirstElementsOfARowAndOfAColumn) {
  const auto out =
      run("mul.wide.s32 %rd1, %x, 4;\nadd.s64 %rd1, %in, %rd1;\nld.global.u32 %r3, [%rd1];\n"
          "mul.lo.s32 %r4, %y, 1000;\nmul.wide.s32 %rd2, %r4, 4;\nadd.s64 %rd2, %in, %rd2;\n"
          "ld.global.u32 %r5, [%rd2];\nsub.s32 %r3, %r3, %r5;\nst.global.u32 [%to], %r3;");
  expect(out, [](int x, int y) { return in(x, 0) - in(0, y); });
}

TEST_P(Rows, GuardsAndTails) {
  const auto out =
      run("setp.lt.s32 %p1, %x, 13;\nmov.u32 %r3, 5;\n@%p1 ld.global.u32 %r3, [%at];\n"
          "setp.gt.s32 %p2, %y, 2;\nst.global.u32 [%to], %r3;\n@%p2 st.global.u32 [%to], %y;");
  expect(out, [](int x, int y) { return y > 2 ? y : x < 13 ? in(x, y) : 5; });
}

TEST_P(Rows, BranchesThatPartRows) {
  const auto out = run(
      "and.b32 %r4, %y, 1;\nsetp.eq.s32 %p1, %r4, 0;\nld.global.u32 %r3, [%at];\n@%p1 bra EVEN;\n"
      "add.s32 %r3, %r3, %x;\nbra DONE;\nEVEN: sub.s32 %r3, %r3, %y;\nDONE: st.global.u32 [%to], "
      "%r3;");
  expect(out, [](int x, int y) { return y % 2 == 0 ? in(x, y) - y : in(x, y) + x; });
}

TEST_P(Rows, LoopsOverATileInSharedMemory) {
  // Sums column tid.x of the block, written row by row; then a store that runs against the lanes.
  const auto out = run(
      ".shared .align 4 .b32 tile[1024];\n"
      "mad.lo.s32 %r4, %r22, %r1, %r2;\nshl.b32 %r4, %r4, 2;\nmov.u32 %r5, tile;\nadd.s32 %r6, "
      "%r5, %r4;\n"
      "ld.global.u32 %r3, [%at];\nst.shared.u32 [%r6], %r3;\nbar.sync 0;\n"
      "mov.u32 %r7, 0;\nmov.u32 %r8, 0;\nshl.b32 %r9, %r2, 2;\nadd.s32 %r9, %r5, %r9;\nshl.b32 "
      "%r10, %r1, 2;\n"
      "LOOP: ld.shared.u32 %r11, [%r9];\nadd.s32 %r7, %r7, %r11;\nadd.s32 %r9, %r9, %r10;\n"
      "add.s32 %r8, %r8, 1;\nsetp.lt.s32 %p1, %r8, %r20;\n@%p1 bra LOOP;\n"
      "sub.s32 %r12, %r1, %r2;\nadd.s32 %r12, %r12, -1;\nmad.lo.s32 %r13, %r0, %r1, %r12;\n"
      "mad.lo.s32 %r13, %y, 1000, %r13;\nmul.wide.s32 %rd1, %r13, 4;\nadd.s64 %rd1, %out, %rd1;\n"
      "st.global.u32 [%rd1], %r7;");
  const int bx = static_cast<int>(GetParam().block.x), by = static_cast<int>(GetParam().block.y);
  expect(out, [&](int x, int y) {
    const int mirrored = x / bx * bx + bx - 1 - x % bx;
    int sum = 0;
    for (int row = y / by * by; row < y / by * by + by; ++row) sum += in(mirrored, row);
    return sum;
  });
}

TEST_P(Rows, BundlesAndBytes) {
  const auto out = run(
      "ld.global.v2.u8 {%r3, %r4}, [%at];\nadd.s32 %r3, %r3, %r4;\nld.global.u16 %r5, [%at+2];\n"
      "mad.lo.s32 %r3, %r5, 512, %r3;\nst.global.v2.u16 [%to], {%r3, %y};");
  expect(out, [](int x, int y) {
    const auto word = static_cast<unsigned>(in(x, y));
    const unsigned low = (word & 0xff) + (word >> 8 & 0xff) + (word >> 16) * 512;
    return static_cast<int>((low & 0xffff) | static_cast<unsigned>(y) << 16);
  });
}

INSTANTIATE_TEST_SUITE_P(Blocks, Rows,
                         testing::Values(Case{{3, 2}, {16, 4}}, Case{{2, 3}, {8, 8}},
                                         Case{{1, 2}, {16, 16}}, Case{{2, 2}, {16, 5}},
                                         Case{{3, 1}, {8, 6}}, Case{{2, 2}, {4, 8}},
                                         Case{{2, 2}, {32, 4}}, Case{{1, 3}, {33, 3}}),
                         [](const auto& given) {
                           return "x" + std::to_string(given.param.block.x) + "y" +
                                  std::to_string(given.param.block.y);
                         });

}  // namespace
}  // namespace vgpu
