// sync_lines.cpp - barriers of a block and of a warp, their votes, and fences.
#include "vgpu/conformance/flow_line.h"
#include "vgpu/conformance/kernel_text.h"

namespace vgpu::conformance {
namespace {

constexpr u32 kWarp = 32;

/// Of the active lanes the one with the highest number.
u32 highest(u32 mask) { return 31 - static_cast<u32>(__builtin_clz(mask)); }

/// Each thread reads what the same lane of the next warp wrote before the barrier.
void block_barriers(FlowTable& out) {
  const std::string cells = ".shared .align 4 .b8 cells[384];\n";
  const std::string find = R"(
.reg .b32 %mine, %other;
mov.u32 %mine, cells;
mad.lo.u32 %mine, %thread, 4, %mine;
add.u32 %t0, %thread, 32;
rem.u32 %t0, %t0, 96;
mov.u32 %other, cells;
mad.lo.u32 %other, %t0, 4, %other;
)";
  const std::string body = find + R"(
st.shared.u32 [%mine], %in0;
BARRIER;
ld.shared.u32 %o0, [%other];
BARRIER;
st.shared.u32 [%mine], %in1;
BARRIER;
ld.shared.u32 %o1, [%other];
)";
  const auto reference = [](const FlowCase& c, u32 t, u32* o) {
    o[0] = c.of((t + 32) % 96, 0);
    o[1] = c.of((t + 32) % 96, 1);
  };
  const auto add = [&](const std::string& opcode, const std::string& operands) {
    out.add(opcode + operands + ": all warps have stored", {opcode}, cells,
            replaced(body, "BARRIER", opcode + operands), reference);
  };
  add("bar.sync", " 0");
  add("bar.sync", " 3, 96");
  add("barrier.sync", " 0");
  add("barrier.sync", " 1, 96");
  add("barrier.sync.aligned", " 0");
  // Warps 1 and 2 announce what they stored and go on; warp 0 waits for both.
  for (const std::string family : {"bar", "barrier"})
    out.add(family + ".arrive: who arrives does not wait", {family + ".arrive", family + ".sync"},
            cells,
            find + replaced(R"(
st.shared.u32 [%mine], %in0;
setp.lt.u32 %p, %thread, 32;
@%p bra WAIT;
FAMILY.arrive 2, 96;
mov.u32 %o0, 1;
bra STORE;
WAIT:
FAMILY.sync 2, 96;
ld.shared.u32 %o0, [%other];
ld.shared.u32 %o1, [%other+128];
)",
                            "FAMILY", family),
            [](const FlowCase& c, u32 t, u32* o) {
              o[0] = t < kWarp ? c.of(t + 32, 0) : 1;
              if (t < kWarp) o[1] = c.of(t + 64, 0);
            });
}

/// A vote of the block: random in block 0, unanimous in the others.
void block_reductions(FlowTable& out) {
  const auto votes = [](const FlowCase& c, u32 t) {
    return c.block == 0 ? c.of(t, 0) % 3 == 0 : c.block == 1;
  };
  for (const std::string family : {"bar.red.", "barrier.red."})
    out.add(family + ": the block's votes",
            {family + "popc.u32", family + "and.pred", family + "or.pred"}, "",
            replaced(R"(
rem.u32 %t0, %in0, 3;
setp.eq.u32 %p, %t0, 0;
setp.eq.u32 %q, %block, 1;
@%q setp.eq.u32 %p, 0, 0;
setp.eq.u32 %q, %block, 2;
@%q setp.ne.u32 %p, 0, 0;
FAMILYpopc.u32 %o0, 0, %p;
FAMILYand.pred %q, 0, %p;
selp.u32 %o1, 1, 0, %q;
FAMILYor.pred %q, 0, %p;
selp.u32 %o2, 1, 0, %q;
FAMILYpopc.u32 %o3, 1, 96, !%p;
)",
                     "FAMILY", family),
            [votes](const FlowCase& c, u32, u32* o) {
              u32 yes = 0, all = 0;
              for (u32 other = 0; other < kFlowThreads; ++other) {
                all += c.runs(other);
                yes += c.runs(other) && votes(c, other);
              }
              o[0] = yes;
              o[1] = yes == all;
              o[2] = yes > 0;
              o[3] = all - yes;
            });
}

/// Lanes come late, each by its own count; the highest one's value is there for all.
void warp_barriers(FlowTable& out) {
  out.add("bar.warp.sync: the lanes of the mask have stored", {"bar.warp.sync"},
          ".shared .align 4 .b8 cells[384];\n",
          R"(
.reg .b32 %mine, %first;
mov.u32 %mine, cells;
mad.lo.u32 %mine, %thread, 4, %mine;
and.b32 %t0, %in0, 31;
DELAY:
sub.u32 %t0, %t0, 1;
setp.gt.s32 %p, %t0, 0;
@%p bra DELAY;
st.shared.u32 [%mine], %in1;
bar.warp.sync %mask;
bfind.u32 %t1, %mask;
sub.u32 %t2, %thread, %lane;
add.u32 %t2, %t2, %t1;
mov.u32 %first, cells;
mad.lo.u32 %first, %t2, 4, %first;
ld.shared.u32 %o0, [%first];
)",
          [](const FlowCase& c, u32 t, u32* o) {
            o[0] = c.of(t / kWarp * kWarp + highest(c.mask), 1);
          });
}

/// The last warp's highest active lane stores a value, then a flag; all wait for the flag and read
/// the value. Flags differ from run to run: the mask.
void fences(FlowTable& out) {
  const auto add = [&](const std::string& fence, bool within_block) {
    const std::string space = within_block ? "shared" : "global";
    std::string body = R"(
bfind.u32 %t0, %mask;
add.u32 %t0, %t0, 64;
setp.eq.u32 %p, %thread, %t0;
ONE_BLOCK
@!%p bra SPIN;
st.SPACE.u32 [value], %in0;
FENCE;
st.volatile.SPACE.u32 [flag], %mask;
SPIN:
ld.volatile.SPACE.u32 %t1, [flag];
setp.ne.u32 %q, %t1, %mask;
@%q bra SPIN;
FENCE;
ld.SPACE.u32 %o0, [value];
)";
    body = replaced(body, "ONE_BLOCK", within_block ? "" : "setp.eq.and.u32 %p, %block, 0, %p;");
    body = replaced(replaced(body, "SPACE", space), "FENCE", fence);
    const std::string variables =
        "." + space + " .align 4 .u32 value;\n." + space + " .align 4 .u32 flag;\n";
    // A block's shared memory is not cleared.
    const std::string begin =
        within_block ? "st.volatile.shared.u32 [flag], 0;\nbar.sync 0;\n" : "";
    out.add(fence + ": a value before its flag", {fence}, variables, begin + body,
            [within_block](const FlowCase& c, u32, u32* o) {
              const u32* block = within_block ? c.in : c.in - c.block * kFlowThreads * kFlowInputs;
              o[0] = block[(64 + highest(c.mask)) * kFlowInputs];
            });
  };
  for (const char* fence : {"membar.cta", "fence.sc.cta", "fence.acq_rel.cta"}) add(fence, true);
  for (const char* fence : {"membar.gl", "membar.sys", "fence.sc.gpu", "fence.acq_rel.gpu",
                            "fence.sc.sys", "fence.acq_rel.sys", "fence.sc.cluster"})
    add(fence, false);
}

}  // namespace

std::vector<FlowLine> sync_lines() {
  FlowTable out;
  block_barriers(out);
  block_reductions(out);
  warp_barriers(out);
  fences(out);
  return out.lines;
}

}  // namespace vgpu::conformance
