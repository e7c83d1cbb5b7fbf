// Calls that cannot be inlined: functions that call themselves or each other, and calls through
// pointers, by lanes that stand at different depths.
#include <gtest/gtest.h>

#include "vgpu/machine/test_program.h"

namespace vgpu {
namespace {

int fibonacci(int n) { return n < 2 ? n : fibonacci(n - 1) + fibonacci(n - 2); }

const std::string kFibonacci = R"(
.func (.param .b32 f_r) fib(.param .b32 f_n)
{
.reg .pred %p<2>; .reg .b32 %r<9>;
ld.param.u32 %r8, [f_n];
setp.lt.s32 %p1, %r8, 2;
@%p1 bra END;
add.s32 %r4, %r8, -1;
{ .param .b32 param0; st.param.b32 [param0+0], %r4; .param .b32 retval0;
call.uni (retval0), fib, (param0);
ld.param.b32 %r5, [retval0+0]; }
add.s32 %r6, %r8, -2;
{ .param .b32 param0; st.param.b32 [param0+0], %r6; .param .b32 retval0;
call.uni (retval0), fib, (param0);
ld.param.b32 %r7, [retval0+0]; }
add.s32 %r8, %r7, %r5;
END: st.param.b32 [f_r+0], %r8;
ret;
}
)";

const std::string kCallFibonacci = R"(
{ .param .b32 param0; st.param.b32 [param0+0], %r3; .param .b32 retval0;
call.uni (retval0), fib, (param0);
ld.param.b32 %r4, [retval0+0]; }
st.global.u32 [%to], %r4;
ret;)";

TEST_F(Machine, AFunctionCallsItselfWithADepthOfItsOwnInEachLane) {
  Program program(kernel_text("ld.global.u32 %r3, [%at];" + kCallFibonacci, kFibonacci));
  std::vector<int> in(96);
  for (std::size_t i = 0; i < in.size(); ++i) in[i] = static_cast<int>(i % 13);
  const std::vector<int> out = program.run_ints({3}, {32}, in);
  for (std::size_t i = 0; i < in.size(); ++i) EXPECT_EQ(out[i], fibonacci(in[i])) << i;
  EXPECT_EQ(program.run_ints({1}, {32}, std::vector<int>(32, 12)), std::vector<int>(32, 144));
}

TEST_F(Machine, AGuardedCallIsMadeByItsLanesAlone) {
  Program program(
      kernel_text("ld.global.u32 %r3, [%at];\nmov.u32 %r4, 1000;\n"
                  "setp.gt.s32 %p1, %r3, 6;\n"
                  "{ .param .b32 param0; st.param.b32 [param0+0], %r3; .param .b32 retval0;\n"
                  "st.param.b32 [retval0+0], -5;\n"
                  "@!%p1 call.uni (retval0), fib, (param0);\n"
                  "ld.param.b32 %r4, [retval0+0]; }\nst.global.u32 [%to], %r4;\nret;",
                  kFibonacci));
  const std::vector<int> out = program.run_ints({1}, {32}, ascending(32));
  for (int i = 0; i < 32; ++i)
    EXPECT_EQ(out[static_cast<std::size_t>(i)], i > 6 ? -5 : fibonacci(i));
}

/// even(n) and odd(n) call each other; a predicate lives over the call.
TEST_F(Machine, TwoFunctionsCallEachOther) {
  const auto half = [](const std::string& name, const std::string& other, int at_zero) {
    return ".func (.param .b32 r_) " + name +
           "(.param .b32 n_)\n{\n.reg .pred %p<3>; .reg .b32 %r<5>;\n" +
           "ld.param.u32 %r1, [n_];\nmov.u32 %r2, " + std::to_string(at_zero) +
           ";\nsetp.eq.s32 %p1, %r1, 0;\nand.b32 %r3, %r1, 4;\nsetp.ne.s32 %p2, %r3, 0;\n"
           "@%p1 bra END;\nadd.s32 %r1, %r1, -1;\n"
           "{ .param .b32 param0; st.param.b32 [param0], %r1; .param .b32 retval0;\n"
           "call (retval0), " +
           other +
           ", (param0);\nld.param.b32 %r2, [retval0]; }\n"
           "@%p2 add.s32 %r2, %r2, 100;\nEND: st.param.b32 [r_], %r2;\nret;\n}\n";
  };
  const std::string heads = ".func (.param .b32 r_) odd(.param .b32 n_);\n";
  Program program(
      kernel_text("ld.global.u32 %r3, [%at];\n{ .param .b32 param0; st.param.b32 [param0], %r3; "
                  ".param .b32 retval0;\n"
                  "call (retval0), even, (param0);\nld.param.b32 %r4, [retval0]; }\nst.global.u32 "
                  "[%to], %r4;\nret;",
                  heads + half("even", "odd", 1) + half("odd", "even", 0)));
  const std::vector<int> out = program.run_ints({2}, {32}, ascending(64));
  for (int n = 0; n < 64; ++n) {
    int want = n % 2 == 0 ? 1 : 0;
    for (int k = 1; k <= n; ++k) want += (k & 4) ? 100 : 0;
    EXPECT_EQ(out[static_cast<std::size_t>(n)], want) << n;
  }
}

/// sum(p, n): a local array of each depth, its address handed down.
TEST_F(Machine, LocalVariablesBelongToTheirCall) {
  const std::string sum = R"(
.func sum(.param .b64 s_p, .param .b32 s_n)
{
.local .align 16 .b8 depot[16];
.reg .pred %p<2>; .reg .b32 %r<9>; .reg .b64 %rd<9>;
mov.u64 %rd1, depot;
cvta.local.u64 %rd2, %rd1;
ld.param.u64 %rd3, [s_p];
ld.param.u32 %r1, [s_n];
st.local.v2.u32 [%rd1], {%r1, %r1};
mov.u32 %r2, 0;
st.local.u32 [depot+8], %r2;
setp.lt.s32 %p1, %r1, 1;
@%p1 bra END;
add.s32 %r3, %r1, -1;
{ .param .b64 param0; st.param.b64 [param0], %rd2; .param .b32 param1; st.param.b32 [param1], %r3;
call.uni sum, (param0, param1); }
END: ld.local.u32 %r4, [%rd1+4];
ld.local.u32 %r5, [depot+8];
ld.u32 %r6, [%rd3+8];
add.s32 %r6, %r6, %r4;
add.s32 %r6, %r6, %r5;
st.u32 [%rd3+8], %r6;
ret;
}
)";
  Program program(
      kernel_text(".local .align 16 .b8 own[16];\nld.global.u32 %r3, [%at];\nmov.u64 %rd4, own;\n"
                  "cvta.local.u64 %rd5, %rd4;\nmov.u32 %r5, 7;\nst.local.u32 [own+8], %r5;\n"
                  "{ .param .b64 param0; st.param.b64 [param0], %rd5; .param .b32 param1; "
                  "st.param.b32 [param1], %r3;\n"
                  "call.uni sum, (param0, param1); }\nld.local.u32 %r4, [own+8];\nst.global.u32 "
                  "[%to], %r4;\nret;",
                  sum));
  const std::vector<int> out = program.run_ints({1}, {64}, ascending(64));
  for (int n = 0; n < 64; ++n)
    EXPECT_EQ(out[static_cast<std::size_t>(n)], 7 + n * (n + 1) / 2) << n;
}

const std::string kOperations = R"(
.func (.param .b32 r_) add5(.param .b32 x_) { .reg .b32 %r<3>; ld.param.u32 %r1, [x_];
 add.s32 %r2, %r1, 5; st.param.b32 [r_], %r2; ret; }
.func (.param .b32 r_) times3(.param .b32 x_) { .reg .b32 %r<3>; ld.param.u32 %r1, [x_];
 mul.lo.s32 %r2, %r1, 3; st.param.b32 [r_], %r2; ret; }
.func (.param .b64 r_) wide(.param .b64 x_) { .reg .b64 %r<3>; ld.param.u64 %r1, [x_];
 st.param.b64 [r_], %r1; ret; }
.global .align 8 .u64 table[4] = {add5, times3, wide, 0};
)";

/// Lane i calls table[in[i]].
const std::string kCallTable = R"(
ld.global.u32 %r3, [%at];
mul.wide.u32 %rd4, %r3, 8;
mov.u64 %rd5, table;
add.s64 %rd5, %rd5, %rd4;
ld.global.u64 %rd6, [%rd5];
{ .param .b32 param0; st.param.b32 [param0], %i; .param .b32 retval0;
proto: .callprototype (.param .b32 _) _ (.param .b32 _);
call (retval0), %rd6, (param0), proto;
ld.param.b32 %r4, [retval0]; }
st.global.u32 [%to], %r4;
ret;)";

TEST_F(Machine, ACallThroughAPointerGoesWhereEachLanePoints) {
  Program program(kernel_text(kCallTable, kOperations));
  std::vector<int> in(64);
  for (int i = 0; i < 64; ++i) in[static_cast<std::size_t>(i)] = i < 32 ? i % 2 : 1;
  const std::vector<int> out = program.run_ints({2}, {32}, in);
  for (int i = 0; i < 64; ++i)
    EXPECT_EQ(out[static_cast<std::size_t>(i)], in[static_cast<std::size_t>(i)] ? i * 3 : i + 5)
        << i;
}

TEST_F(Machine, ACallThroughAPointerToNothingOrToAnotherPrototypeFaults) {
  const auto text_with = [](int entry) {
    return kernel_text(
        "mov.u32 %r9, " + std::to_string(entry) + ";\nst.global.u32 [%at], %r9;" + kCallTable,
        kOperations);
  };
  for (const int entry : {2, 3})
    EXPECT_NE(fault_of(text_with(entry), Fault::Kind::illegal_address)
                  .find("no function of this prototype has this address"),
              std::string::npos);
}

TEST_F(Machine, EndlessRecursionOverflowsTheStackAndSaysSo) {
  const std::string endless =
      ".func down(.param .b32 n_) { .local .align 16 .b8 room[1024]; .reg .b32 %r<3>; .reg .b64 "
      "%rd<3>;\n"
      "mov.u64 %rd1, room; ld.param.u32 %r1, [n_]; st.local.u32 [%rd1], %r1;\n"
      "{ .param .b32 param0; st.param.b32 [param0], %r1; call.uni down, (param0); } ret; }\n";
  const std::string said = fault_of(
      kernel_text(
          "{ .param .b32 param0; st.param.b32 [param0], %i; call.uni down, (param0); } ret;",
          endless),
      Fault::Kind::illegal_address);
  EXPECT_NE(said.find("the stack of 65664 bytes overflows"), std::string::npos) << said;
}

TEST_F(Machine, ABarrierInsideARecursiveFunctionMeetsAllThreads) {
  const std::string rounds = R"(
.shared .align 4 .b32 cells[128];
.func (.param .b32 r_) rounds(.param .b32 n_, .param .b32 t_)
{
.reg .pred %p<2>; .reg .b32 %r<12>;
ld.param.u32 %r1, [n_]; ld.param.u32 %r2, [t_];
mov.u32 %r9, 0;
setp.eq.s32 %p1, %r1, 0;
@%p1 bra END;
mov.u32 %r3, cells;
shl.b32 %r4, %r2, 2;
add.s32 %r5, %r3, %r4;
st.shared.u32 [%r5], %r2;
bar.sync 0;
xor.b32 %r6, %r2, 127;
shl.b32 %r6, %r6, 2;
add.s32 %r6, %r3, %r6;
ld.shared.u32 %r7, [%r6];
bar.sync 0;
add.s32 %r8, %r1, -1;
{ .param .b32 param0; st.param.b32 [param0], %r8; .param .b32 param1; st.param.b32 [param1], %r2;
.param .b32 retval0; call (retval0), rounds, (param0, param1); ld.param.b32 %r9, [retval0]; }
add.s32 %r9, %r9, %r7;
END: st.param.b32 [r_], %r9;
ret;
}
)";
  Program program(
      kernel_text("{ .param .b32 param0; st.param.b32 [param0], 3; .param .b32 param1; "
                  "st.param.b32 [param1], %r2;\n"
                  ".param .b32 retval0; call (retval0), rounds, (param0, param1); ld.param.b32 "
                  "%r4, [retval0]; }\n"
                  "st.global.u32 [%to], %r4;\nret;",
                  rounds));
  const std::vector<int> out = program.run_ints({1}, {128}, ascending(128));
  for (int i = 0; i < 128; ++i) EXPECT_EQ(out[static_cast<std::size_t>(i)], 3 * (127 - i)) << i;
}

}  // namespace
}  // namespace vgpu
