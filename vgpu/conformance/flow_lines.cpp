// flow_lines.cpp - branches, calls and ends; address spaces and special registers.
//
// Each kernel, here and in sync_lines.cpp, gives every thread something to find that is wrong when
// the instruction does nothing, or does it for other threads than it names.
#include "vgpu/conformance/flow_line.h"
#include "vgpu/conformance/kernel_text.h"

namespace vgpu::conformance {
namespace {

constexpr u32 kWarp = 32;

void branches(FlowTable& out) {
  out.add("bra: a trip count for each lane", {"bra"}, "",
          R"(
mov.u32 %o0, 0;
and.b32 %t0, %in0, 15;
setp.eq.u32 %p, %t0, 0;
@%p bra AFTER;
LOOP:
mad.lo.u32 %o0, %o0, 3, %t0;
sub.u32 %t0, %t0, 1;
setp.ne.u32 %p, %t0, 0;
@%p bra LOOP;
AFTER:
bra LAST;
mov.u32 %o0, 7;
LAST:
)",
          [](const FlowCase& c, u32 t, u32* o) {
            o[0] = 0;
            for (u32 i = c.of(t, 0) & 15; i != 0; --i) o[0] = o[0] * 3 + i;
          });
  out.add("bra.uni: the whole block takes one way", {"bra.uni"}, "",
          R"(
and.b32 %t0, %block, 1;
setp.eq.u32 %p, %t0, 0;
@%p bra.uni EVEN;
add.u32 %o0, %in0, 1;
bra.uni OUT;
EVEN:
sub.u32 %o0, %in0, 1;
OUT:
)",
          [](const FlowCase& c, u32 t, u32* o) {
            o[0] = c.block % 2 ? c.of(t, 0) + 1 : c.of(t, 0) - 1;
          });
  out.add("brx.idx: a target for each lane", {"brx.idx"}, "",
          R"(
and.b32 %t0, %in0, 3;
TARGETS: .branchtargets ZERO, ONE, TWO, ONE;
brx.idx %t0, TARGETS;
ZERO:
add.u32 %o0, %in1, 5;
bra.uni OUT;
ONE:
xor.b32 %o0, %in1, 99;
bra.uni OUT;
TWO:
not.b32 %o0, %in1;
OUT:
)",
          [](const FlowCase& c, u32 t, u32* o) {
            const u32 a = c.of(t, 1), way = c.of(t, 0) & 3;
            o[0] = way == 0 ? a + 5 : way == 2 ? ~a : a ^ 99;
          });
}

void ends(FlowTable& out) {
  const auto reference = [](const FlowCase& c, u32 t, u32* o) {
    o[2] = c.of(t, 1);
    if ((c.of(t, 0) & 1) == 0) o[0] = c.of(t, 0);
  };
  for (const std::string opcode : {"ret", "exit"})
    out.add(opcode + ": some lanes end, what they stored stays", {opcode}, "",
            replaced(R"(
mov.u32 %o2, %in1;
st.global.u32 [%out+8], %in1;
and.b32 %t0, %in0, 1;
setp.ne.u32 %p, %t0, 0;
@%p ENDS;
mov.u32 %o0, %in0;
)",
                     "ENDS", opcode),
            reference);
  out.add("exit: out of a function", {"exit", "call.uni"},
          ".func leave(.param .b32 p_odd)\n{\n.reg .b32 %x; .reg .pred %odd;\n"
          "ld.param.u32 %x, [p_odd];\nsetp.ne.u32 %odd, %x, 0;\n@%odd exit;\nret;\n}\n",
          R"(
mov.u32 %o2, %in1;
st.global.u32 [%out+8], %in1;
and.b32 %t0, %in0, 1;
{
.param .b32 a;
st.param.b32 [a], %t0;
call.uni leave, (a);
}
mov.u32 %o0, %in0;
)",
          reference);
  out.add("trap: where a thread asks for it", {"trap"}, "",
          "setp.eq.u32 %p, %in3, 13;\n@%p trap;\nmov.u32 %o0, %in0;\n",
          [](const FlowCase& c, u32 t, u32* o) { o[0] = c.of(t, 0); })
      .fault = Fault::Kind::trap;
}

constexpr const char* kFunctions = R"(
.func (.param .b32 result) weigh(.param .b32 p_a, .param .b32 p_n)
{
.reg .b32 %a, %n; .reg .pred %more;
ld.param.b32 %a, [p_a];
ld.param.b32 %n, [p_n];
AGAIN:
setp.eq.u32 %more, %n, 0;
@%more bra END;
mad.lo.u32 %a, %a, 5, %n;
sub.u32 %n, %n, 1;
bra AGAIN;
END:
st.param.b32 [result], %a;
ret;
}
.func (.param .b64 result) mixed(.param .f64 p_d, .param .f32 p_f, .param .b64 p_w)
{
.reg .f64 %d, %g; .reg .f32 %f; .reg .b64 %w, %x; .reg .b32 %n; .param .b32 inner_a, inner_n, inner_r;
ld.param.f64 %d, [p_d];
ld.param.f32 %f, [p_f];
ld.param.b64 %w, [p_w];
cvt.f64.f32 %g, %f;
add.f64 %d, %d, %g;
cvt.rzi.u64.f64 %x, %d;
add.u64 %w, %w, %x;
cvt.u32.u64 %n, %w;
st.param.b32 [inner_a], %n;
st.param.b32 [inner_n], 2;
call (inner_r), weigh, (inner_a, inner_n);
ld.param.b32 %n, [inner_r];
cvt.u64.u32 %x, %n;
shl.b64 %x, %x, 32;
or.b64 %w, %w, %x;
st.param.b64 [result], %w;
ret;
}
)";

u32 weigh(u32 a, u32 n) {
  for (; n != 0; --n) a = a * 5 + n;
  return a;
}

void calls(FlowTable& out) {
  for (const std::string opcode : {"call", "call.uni"})
    out.add(opcode + ": arguments and results of each width, nested, guarded",
            {opcode, "st.param.b32", "st.param.b64", "st.param.f32", "st.param.f64", "ld.param.b32",
             "ld.param.b64", "ld.param.f32", "ld.param.f64"},
            kFunctions,
            replaced(R"(
.reg .f32 %f; .reg .f64 %d; .reg .b32 %a, %n;
and.b32 %n, %in1, 7;
{
.param .b32 a, n, r;
st.param.b32 [a], %in0;
st.param.b32 [n], %n;
CALL (r), weigh, (a, n);
ld.param.b32 %o0, [r];
}
and.b32 %a, %in2, 0xfff;
cvt.rn.f32.u32 %f, %a;
cvt.rn.f64.u32 %d, %n;
cvt.u64.u32 %w0, %a;
{
.param .f64 d; .param .f32 f; .param .b64 w, r;
st.param.f64 [d], %d;
st.param.f32 [f], %f;
st.param.b64 [w], %w0;
CALL (r), mixed, (d, f, w);
ld.param.b64 %w1, [r];
}
cvt.u32.u64 %o1, %w1;
shr.u64 %w1, %w1, 32;
cvt.u32.u64 %o2, %w1;
setp.gt.u32 %p, %n, 3;
{
.param .b32 a, n, r;
st.param.b32 [a], %in3;
st.param.b32 [n], 3;
@%p CALL (r), weigh, (a, n);
@%p ld.param.b32 %o3, [r];
}
)",
                     "CALL", opcode),
            [](const FlowCase& c, u32 t, u32* o) {
              const u32 n = c.of(t, 1) & 7, a = c.of(t, 2) & 0xfff;
              o[0] = weigh(c.of(t, 0), n);
              o[1] = a + a + n;
              o[2] = weigh(o[1], 2);
              if (n > 3) o[3] = weigh(c.of(t, 3), 3);
            });
}

void without_effect(FlowTable& out) {
  out.add("nanosleep: time does not run backwards", {"nanosleep.u32"}, "",
          R"(
mov.u64 %w0, %globaltimer;
nanosleep.u32 20;
and.b32 %t0, %in1, 127;
nanosleep.u32 %t0;
mov.u64 %w1, %globaltimer;
setp.ge.u64 %p, %w1, %w0;
selp.u32 %o1, 1, 0, %p;
mov.u32 %o0, %in0;
)",
          [](const FlowCase& c, u32 t, u32* o) { o[0] = c.of(t, 0), o[1] = 1; });
  for (const std::string opcode : {"prefetch.global.L2", "prefetch.global.L1", "prefetchu.L1"})
    out.add(opcode + ": the memory is as it was", {opcode}, "",
            opcode + " [%from];\nld.global.u32 %o0, [%from];\nld.global.u32 %o1, [%from+12];\n",
            [](const FlowCase& c, u32 t, u32* o) { o[0] = c.of(t, 0), o[1] = c.of(t, 3); });
}

/// There and back through a generic address, and isspacep of it.
void address_spaces(FlowTable& out) {
  struct Row {
    const char *space, *variable, *others[2];
  };
  for (const Row& row : {Row{"shared", ".shared .align 4 .b8 place[384];", {"global", "local"}},
                         Row{"local", ".local .align 4 .b8 place[384];", {"global", "shared"}},
                         Row{"global", ".global .align 4 .b8 place[384];", {"shared", "local"}}}) {
    const std::string space = row.space;
    const bool module_scope = space == "global";
    std::string body = R"(
mov.u64 %w0, place;
mad.wide.u32 %w0, %thread, 4, %w0;
cvta.SPACE.u64 %w1, %w0;
cvta.to.SPACE.u64 %w2, %w1;
st.u32 [%w1], %in0;
ld.SPACE.u32 %o0, [%w0];
st.SPACE.u32 [%w2], %in1;
ld.u32 %o1, [%w1];
setp.eq.u64 %p, %w0, %w2;
selp.u32 %o2, 1, 0, %p;
isspacep.SPACE %p, %w1;
selp.u32 %o3, 4, 0, %p;
isspacep.OTHER0 %p, %w1;
@%p add.u32 %o3, %o3, 1;
isspacep.OTHER1 %p, %w1;
@%p add.u32 %o3, %o3, 2;
)";
    body = replaced(replaced(body, "OTHER0", row.others[0]), "OTHER1", row.others[1]);
    body = replaced(body, "SPACE", space);
    // All blocks share a variable of the module: each has its own third of the threads' cells.
    const std::string variable = row.variable;
    const std::string before = module_scope ? replaced(variable, "384", "1152") : "";
    const std::string mine =
        module_scope ? replaced(body, "%thread, 4", "%index, 4") : variable + "\n" + body;
    out.add("cvta." + space + ": there and back",
            {"cvta." + space + ".u64", "cvta.to." + space + ".u64"}, before, mine,
            [](const FlowCase& c, u32 t, u32* o) {
              o[0] = c.of(t, 0);
              o[1] = c.of(t, 1);
              o[2] = 1;
              o[3] = 4;
            });
  }
}

void special_registers(FlowTable& out) {
  out.add("mov.u32: where a thread is", {"mov.u32"}, "",
          R"(
mov.u32 %t0, %tid.x;
mov.u32 %t1, %ntid.x;
mov.u32 %t2, %ctaid.x;
mov.u32 %t3, %nctaid.x;
mad.lo.u32 %o0, %t0, 1000, %t1;
mad.lo.u32 %o1, %t2, 1000, %t3;
mov.u32 %t4, %tid.y;
mov.u32 %t5, %ntid.z;
mov.u32 %t6, %laneid;
mad.lo.u32 %o2, %t4, 1000, %t5;
mad.lo.u32 %o2, %t6, 100, %o2;
mov.u32 %t7, WARP_SZ;
mad.lo.u32 %o2, %t7, 100000, %o2;
)",
          [](const FlowCase& c, u32 t, u32* o) {
            o[0] = t * 1000 + kFlowThreads;
            o[1] = c.block * 1000 + kFlowBlocks;
            o[2] = 1 + t % kWarp * 100 + 3200000;
          });
  out.add("mov.u32: masks of lanes", {"mov.u32"}, "",
          R"(
mov.u32 %o0, %lanemask_lt;
mov.u32 %o1, %lanemask_ge;
mov.u32 %t0, %lanemask_eq;
mov.u32 %t1, %lanemask_le;
mov.u32 %t2, %lanemask_gt;
sub.u32 %o2, %t1, %t0;
not.b32 %o3, %t2;
)",
          [](const FlowCase&, u32 t, u32* o) {
            const u32 below = (1u << t % kWarp) - 1, own = 1u << t % kWarp;
            o[0] = below;
            o[1] = ~below;
            o[2] = below;
            o[3] = below | own;
          });
  out.add("mov.u64: clocks go forwards", {"mov.u64"}, "",
          R"(
mov.u64 %w0, %clock64;
mov.u64 %w2, %globaltimer;
and.b32 %t0, %in0, 63;
WORK:
sub.u32 %t0, %t0, 1;
setp.gt.s32 %p, %t0, 0;
@%p bra WORK;
mov.u64 %w1, %clock64;
mov.u64 %w3, %globaltimer;
setp.gt.u64 %p, %w1, %w0;
selp.u32 %o0, 1, 0, %p;
setp.ge.u64 %p, %w3, %w2;
selp.u32 %o1, 1, 0, %p;
)",
          [](const FlowCase&, u32, u32* o) { o[0] = o[1] = 1; });
}

}  // namespace

std::vector<FlowLine> flow_lines() {
  FlowTable out;
  branches(out);
  ends(out);
  calls(out);
  without_effect(out);
  address_spaces(out);
  special_registers(out);
  return out.lines;
}

}  // namespace vgpu::conformance
