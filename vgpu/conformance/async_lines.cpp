// async_lines.cpp - copies that end later and the barrier objects that wait for them: cp.async,
// cp.async.bulk, mbarrier, st.async, red.async; addresses in a cluster of one block.
#include <algorithm>

#include "vgpu/conformance/flow_line.h"

namespace vgpu::conformance {
namespace {

constexpr u32 kBytes = 16;  // of a thread's inputs

/// 16 bytes of shared memory for each thread, at %w0, full of 0xaa.
const std::string kRoom = ".shared .align 16 .b8 room[1536];\n";
const std::string kOwnRoom = R"(
mov.u64 %w0, room;
mad.wide.u32 %w0, %thread, 16, %w0;
mov.u32 %t0, 0xaaaaaaaa;
st.shared.v4.u32 [%w0], {%t0, %t0, %t0, %t0};
)";
const std::string kTakeRoom = "ld.shared.v4.u32 {%o0, %o1, %o2, %o3}, [%w0];\n";

/// A barrier object for all active threads of the block, which the first of them has made: %p.
const std::string kGate = ".shared .align 8 .b64 gate;\n.shared .align 16 .b32 cells[96];\n";
std::string open_gate(int arrivals_of_a_thread) {
  return "brev.b32 %t0, %mask;\nclz.b32 %t0, %t0;\nsetp.eq.u32 %p, %thread, %t0;\n"
         "popc.b32 %t1, %mask;\nmul.lo.u32 %t1, %t1, " +
         std::to_string(3 * arrivals_of_a_thread) +
         ";\n@%p mbarrier.init.shared.b64 [gate], %t1;\nbar.sync 0;\n"
         "mov.u64 %w1, cells;\nmad.wide.u32 %w2, %thread, 4, %w1;\n"  // one's own cell
         "add.u32 %t2, %thread, 32;\nrem.u32 %t2, %t2, 96;\nmad.wide.u32 %w3, %t2, 4, %w1;\n";
}
/// The thread whose cell %w3 is.
u32 partner(u32 thread) { return (thread + 32) % kFlowThreads; }

/// A barrier object of each thread's own, at %w4.
const std::string kGates = ".shared .align 8 .b64 gates[96];\n";
std::string own_gate(const std::string& count) {
  return "mov.u64 %w4, gates;\nmad.wide.u32 %w4, %thread, 8, %w4;\n"
         "mbarrier.init.shared::cta.b64 [%w4], " +
         count + ";\n";
}
std::string test(const std::string& result, const std::string& opcode, const std::string& state) {
  return opcode + " %q, [%w4], " + state + ";\nselp.u32 " + result + ", 1, 0, %q;\n";
}

void whole_inputs(const FlowCase& c, u32 t, u32* o) {
  for (int k = 0; k < kFlowInputs; ++k) o[k] = c.of(t, k);
}

/// The first `count` bytes of a thread's inputs, then `after` bytes of zeros; the rest untouched.
void partly(const FlowCase& c, u32 t, u32 count, u32 bytes, u32* o) {
  for (u32 at = 0; at < kBytes; ++at) {
    const u32 given = c.of(t, static_cast<int>(at / 4)) >> at % 4 * 8 & 255;
    const u32 byte = at < count ? given : at < bytes ? 0 : 0xaa;
    o[at / 4] = (o[at / 4] & ~(255u << at % 4 * 8)) | byte << at % 4 * 8;
  }
}

void copies(FlowTable& out) {
  const std::string done = "cp.async.commit_group;\ncp.async.wait_group 0;\n";
  for (const std::string space : {".shared", ".shared::cta"})
    for (const auto& [cache, bytes] :
         {std::pair{".ca", 4u}, {".ca", 8u}, {".ca", 16u}, {".cg", 16u}})
      for (const std::string prefetch : {"", ".L2::64B", ".L2::128B", ".L2::256B"}) {
        const std::string opcode = "cp.async" + std::string(cache) + space + ".global" + prefetch;
        const std::string size = std::to_string(bytes);
        out.add(
            opcode + ": " + size + " bytes",
            {opcode, "cp.async.commit_group", "cp.async.wait_group"}, kRoom,
            kOwnRoom + opcode + " [%w0], [%from], " + size + ";\n" + done + kTakeRoom,
            [bytes = bytes](const FlowCase& c, u32 t, u32* o) { partly(c, t, bytes, bytes, o); });
      }
  for (const auto& [opcode, bytes] : {std::pair{"cp.async.ca.shared.global", 4u},
                                      {"cp.async.ca.shared.global", 8u},
                                      {"cp.async.cg.shared.global", 16u}}) {
    const std::string size = std::to_string(bytes), name = opcode;
    out.add(name + ": a source size for each lane", {name, "cp.async.wait_all"}, kRoom,
            kOwnRoom + "and.b32 %t1, %in0, " + std::to_string(bytes - 1) + ";\n" + name +
                " [%w0], [%from], " + size + ", %t1;\ncp.async.wait_all;\n" + kTakeRoom,
            [bytes = bytes](const FlowCase& c, u32 t, u32* o) {
              partly(c, t, c.of(t, 0) & (bytes - 1), bytes, o);
            });
    out.add(name + ": a source that some lanes ignore", {name, "cp.async.wait_all"}, kRoom,
            kOwnRoom +
                "and.b32 %t1, %in0, 1;\nsetp.ne.u32 %q, %t1, 0;\nmov.u64 %w1, 0;\nselp.b64 "
                "%w1, %w1, %from, %q;\n" +
                name + " [%w0], [%w1], " + size + ", %q;\ncp.async.wait_all;\n" + kTakeRoom,
            [bytes = bytes](const FlowCase& c, u32 t, u32* o) {
              partly(c, t, c.of(t, 0) & 1 ? 0 : bytes, bytes, o);
            });
  }
}

void copies_at_barriers(FlowTable& out) {
  for (const std::string space : {".shared", ".shared::cta"}) {
    const std::string name = "cp.async.mbarrier.arrive" + space + ".b64",
                      noinc = "cp.async.mbarrier.arrive.noinc" + space + ".b64";
    out.add(
        name + ": counts itself in and out", {name, "cp.async.ca.shared.global"}, kRoom + kGates,
        kOwnRoom + own_gate("2") +
            "cp.async.ca.shared.global [%w0], [%from], 16;\nmbarrier.arrive.shared.b64 %w5, "
            "[%w4];\n" +
            name + " [%w4];\n" + test("%o0", "mbarrier.test_wait.shared.b64", "%w5") +
            "mbarrier.arrive.shared.b64 _, [%w4];\n" +
            test("%o1", "mbarrier.test_wait.shared.b64", "%w5") + "ld.shared.u32 %o2, [%w0+4];\n",
        [](const FlowCase& c, u32 t, u32* o) { o[0] = 0, o[1] = 1, o[2] = c.of(t, 1); });
    out.add(noinc + ": an arrival", {noinc}, kRoom + kGates,
            kOwnRoom + own_gate("2") +
                "cp.async.ca.shared.global [%w0], [%from], 16;\nmbarrier.arrive.shared.b64 %w5, "
                "[%w4];\n" +
                test("%o0", "mbarrier.test_wait.shared.b64", "%w5") + noinc + " [%w4];\n" +
                test("%o1", "mbarrier.test_wait.shared.b64", "%w5") +
                "ld.shared.u32 %o2, [%w0+4];\n",
            [](const FlowCase& c, u32 t, u32* o) { o[0] = 0, o[1] = 1, o[2] = c.of(t, 1); });
  }
}

/// Every thread arrives, waits for the others and reads what another wrote before.
void meetings(FlowTable& out) {
  for (const std::string space : {".shared", ".shared::cta", ""})
    for (const char* wait : {"test_wait", "try_wait"}) {
      const std::string arrive = "mbarrier.arrive" + space + ".b64",
                        tested = std::string("mbarrier.") + wait + space + ".b64";
      const std::string gate = space.empty() ? "[%w6]" : "[gate]";
      out.add(tested + ": waits for the last arrival",
              {"mbarrier.init.shared.b64", arrive, tested, "mbarrier.inval.shared.b64"}, kGate,
              open_gate(1) +
                  "mov.u64 %w5, gate;\ncvta.shared.u64 %w6, %w5;\n"
                  "st.shared.u32 [%w2], %in0;\n" +
                  arrive + " %w7, " + gate + ";\nWAIT:\n" + tested + " %q, " + gate +
                  ", %w7;\n@!%q bra WAIT;\nld.shared.u32 %o0, [%w3];\nbar.sync 0;\n"
                  "@%p mbarrier.inval.shared.b64 [gate];\n",
              [](const FlowCase& c, u32 t, u32* o) { o[0] = c.of(partner(t), 0); });
    }
  for (const char* name : {"mbarrier.test_wait.parity.shared.b64",
                           "mbarrier.test_wait.parity.acquire.cta.shared::cta.b64",
                           "mbarrier.try_wait.parity.shared::cta.b64"})
    out.add(std::string(name) + ": phase after phase",
            {name, "mbarrier.arrive.release.cta.shared::cta.b64"}, kGate,
            open_gate(1) +
                "mov.u32 %o0, 0;\nmov.u32 %t3, 0;\nLOOP:\n"
                "add.u32 %t4, %in0, %t3;\nst.shared.u32 [%w2], %t4;\n"
                "mbarrier.arrive.release.cta.shared::cta.b64 %w7, [gate];\nWROTE:\n" +
                name +
                " %q, [gate], 0;\n@!%q bra WROTE;\nld.shared.u32 %t4, [%w3];\nmad.lo.u32 %o0, %o0, "
                "7, %t4;\nmbarrier.arrive.release.cta.shared::cta.b64 _, [gate];\nREAD:\n" +
                name +
                " %q, [gate], 1;\n@!%q bra READ;\nadd.u32 %t3, %t3, 1;\nsetp.lt.u32 %q, %t3, "
                "5;\n@%q bra LOOP;\n",
            [](const FlowCase& c, u32 t, u32* o) {
              o[0] = 0;
              for (u32 i = 0; i < 5; ++i) o[0] = o[0] * 7 + c.of(partner(t), 0) + i;
            });
  out.add("mbarrier.try_wait: with a time to wait", {"mbarrier.try_wait.shared::cta.b64"}, kGate,
          open_gate(3) +
              "st.shared.u32 [%w2], %in1;\nmbarrier.arrive.noComplete.shared.b64 %w6, [gate], 2;\n"
              "mbarrier.arrive.shared::cta.b64 %w7, [gate], 1;\nWAIT:\n"
              "mbarrier.try_wait.shared::cta.b64 %q, [gate], %w7, 1000;\n@!%q bra WAIT;\n"
              "ld.shared.u32 %o0, [%w3];\n",
          [](const FlowCase& c, u32 t, u32* o) { o[0] = c.of(partner(t), 1); });
}

/// One thread's own object: what each arrival leaves.
void counts(FlowTable& out) {
  const std::string state = "mbarrier.test_wait.shared.b64";
  out.add("mbarrier.pending_count: before each arrival",
          {"mbarrier.pending_count.b64", "mbarrier.arrive.shared.b64"}, kGates,
          "and.b32 %t1, %in0, 7;\nadd.u32 %t2, %t1, 4;\n" + own_gate("%t2") +
              "mbarrier.arrive.shared.b64 %w5, [%w4];\n"
              "mbarrier.arrive.noComplete.shared.b64 %w6, [%w4], 2;\n"
              "mbarrier.pending_count.b64 %o0, %w5;\nmbarrier.pending_count.b64 %o1, %w6;\n"
              "add.u32 %t1, %t1, 1;\nmbarrier.arrive.shared.b64 %w7, [%w4], %t1;\n"
              "mbarrier.pending_count.b64 %o2, %w7;\n" +
              test("%o3", state, "%w7"),
          [](const FlowCase& c, u32 t, u32* o) {
            const u32 more = c.of(t, 0) & 7;
            o[0] = more + 4, o[1] = more + 3, o[2] = more + 1, o[3] = 1;
          });
  out.add("mbarrier.arrive_drop: the next phase waits for fewer",
          {"mbarrier.arrive_drop.shared.b64"}, kGates,
          own_gate("3") +
              "mbarrier.arrive_drop.shared.b64 %w5, [%w4];\n"
              "mbarrier.arrive.shared.b64 _, [%w4], 2;\n" +
              test("%o0", state, "%w5") + "mbarrier.arrive.shared.b64 %w6, [%w4];\n" +
              test("%o1", state, "%w6") + "mbarrier.arrive.shared.b64 %w7, [%w4];\n" +
              test("%o2", state, "%w6") + "mbarrier.pending_count.b64 %o3, %w7;\n",
          [](const FlowCase&, u32, u32* o) { o[0] = 1, o[1] = 0, o[2] = 1, o[3] = 1; });
  for (const std::string order : {"", ".relaxed.cta"}) {
    const std::string expect = "mbarrier.expect_tx" + order + ".shared::cta.b64",
                      complete = "mbarrier.complete_tx" + order + ".shared::cta.b64";
    out.add(expect + ": a phase waits for its bytes too", {expect, complete}, kGates,
            own_gate("1") + expect + " [%w4], 24;\nmbarrier.arrive.shared.b64 %w5, [%w4];\n" +
                test("%o0", state, "%w5") + complete + " [%w4], 16;\n" + test("%o1", state, "%w5") +
                complete + " [%w4], 8;\n" + test("%o2", state, "%w5"),
            [](const FlowCase&, u32, u32* o) { o[0] = 0, o[1] = 0, o[2] = 1; });
  }
  out.add("mbarrier.arrive.expect_tx: bytes that came before",
          {"mbarrier.arrive.expect_tx.shared::cta.b64",
           "mbarrier.arrive_drop.expect_tx.shared::cta.b64"},
          kGates,
          own_gate("2") +
              "mbarrier.complete_tx.shared::cta.b64 [%w4], 8;\n"
              "mbarrier.arrive.expect_tx.shared::cta.b64 %w5, [%w4], 4;\n"
              "mbarrier.arrive_drop.expect_tx.shared::cta.b64 %w6, [%w4], 12;\n" +
              test("%o0", state, "%w5") + "mbarrier.complete_tx.shared::cta.b64 [%w4], 8;\n" +
              test("%o1", state, "%w5") + "mbarrier.arrive.shared.b64 %w6, [%w4];\n" +
              test("%o2", state, "%w6"),
          [](const FlowCase&, u32, u32* o) { o[0] = 0, o[1] = 1, o[2] = 1; });
}

void faults(FlowTable& out) {
  const std::string misplaced =
      "setp.eq.u32 %p, %in3, 13;\nselp.b64 %w1, 2, 0, %p;\n"
      "add.u64 %w0, %w0, %w1;\n";
  out.add("cp.async: an address that is no multiple of the size", {"cp.async.ca.shared.global"},
          kRoom,
          kOwnRoom + misplaced + "cp.async.ca.shared.global [%w0], [%from], 4;\nmov.u32 %o0, 5;\n",
          [](const FlowCase&, u32, u32* o) { o[0] = 5; })
      .fault = Fault::Kind::misaligned_address;
  out.add("ldmatrix: a row that does not begin at 16 bytes",
          {"ldmatrix.sync.aligned.m8n8.x4.shared.b16"}, kRoom,
          kOwnRoom + misplaced +
              "ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%t1, %t2, %t3, %t4}, [%w0];\n"
              "mov.u32 %o0, 5;\n",
          [](const FlowCase&, u32, u32* o) { o[0] = 5; })
      .fault = Fault::Kind::misaligned_address;
  const auto stops = [&](const std::string& name, const std::string& opcode,
                         const std::string& body) {
    out.add(name, {opcode}, kGates,
            own_gate("2") + "setp.eq.u32 %p, %in3, 13;\n" + body + "mov.u32 %o0, 5;\n",
            [](const FlowCase&, u32, u32* o) { o[0] = 5; })
        .fault = Fault::Kind::trap;
  };
  stops("mbarrier.arrive: more arrivals than are pending", "mbarrier.arrive.shared.b64",
        "@%p mbarrier.arrive.shared.b64 _, [%w4], 3;\n");
  stops("mbarrier.init: for none", "mbarrier.init.shared.b64",
        "mov.u32 %t1, 0;\n@%p mbarrier.init.shared.b64 [%w4], %t1;\n");
  stops("mbarrier.expect_tx: more bytes than can be counted", "mbarrier.expect_tx.shared::cta.b64",
        "@%p mbarrier.expect_tx.shared::cta.b64 [%w4], 1048576;\n");
}

void bulk_copies(FlowTable& out) {
  const std::string state = "mbarrier.test_wait.shared.b64";
  for (const std::string to : {".shared::cta", ".shared::cluster"}) {
    const std::string opcode = "cp.async.bulk" + to + ".global.mbarrier::complete_tx::bytes";
    out.add(
        opcode + ": into shared memory", {opcode}, kRoom + kGates,
        kOwnRoom + own_gate("1") + "mbarrier.arrive.expect_tx.shared::cta.b64 %w5, [%w4], 16;\n" +
            opcode + " [%w0], [%from], 16, [%w4];\n" + test("%o0", state, "%w5") +
            "ld.shared.v2.u32 {%o1, %o2}, [%w0+8];\n",
        [](const FlowCase& c, u32 t, u32* o) { o[0] = 1, o[1] = c.of(t, 2), o[2] = c.of(t, 3); });
  }
  const std::string fill =
                        "st.shared.v4.u32 [%w0], {%in0, %in1, %in2, %in3};\n"
                        "fence.proxy.async.shared::cta;\n",
                    done =
                        "cp.async.bulk.commit_group;\ncp.async.bulk.wait_group.read 0;\n"
                        "cp.async.bulk.wait_group 0;\n"
                        "ld.global.v4.u32 {%o0, %o1, %o2, %o3}, [%out];\n";
  out.add(
      "cp.async.bulk: out of shared memory",
      {"cp.async.bulk.global.shared::cta.bulk_group", "cp.async.bulk.commit_group",
       "cp.async.bulk.wait_group.read", "cp.async.bulk.wait_group",
       "fence.proxy.async.shared::cta"},
      kRoom,
      kOwnRoom + fill + "cp.async.bulk.global.shared::cta.bulk_group [%out], [%w0], 16;\n" + done,
      whole_inputs);
  out.add("cp.async.bulk.prefetch: changes nothing", {"cp.async.bulk.prefetch.L2.global"}, "",
          "cp.async.bulk.prefetch.L2.global [%from], 16;\nmov.u32 %o0, %in0;\n",
          [](const FlowCase& c, u32 t, u32* o) { o[0] = c.of(t, 0); });
  const auto reduce = [&](const std::string& what, auto f) {
    const std::string opcode = "cp.reduce.async.bulk.global.shared::cta.bulk_group." + what;
    out.add(opcode, {opcode}, kRoom,
            kOwnRoom +
                "mov.u32 %t1, 0x70000001;\nst.global.v4.u32 [%out], {%t1, %t1, %t1, %t1};\n" +
                fill + opcode + " [%out], [%w0], 16;\n" + done,
            [f](const FlowCase& c, u32 t, u32* o) {
              for (int k = 0; k < kFlowResults; ++k) o[k] = f(0x70000001u, c.of(t, k));
            });
  };
  reduce("add.u32", [](u32 x, u32 a) { return x + a; });
  reduce("min.s32", [](u32 x, u32 a) {
    return static_cast<u32>(std::min(static_cast<s32>(x), static_cast<s32>(a)));
  });
  reduce("max.u32", [](u32 x, u32 a) { return std::max(x, a); });
  reduce("and.b32", [](u32 x, u32 a) { return x & a; });
  reduce("or.b32", [](u32 x, u32 a) { return x | a; });
  reduce("xor.b32", [](u32 x, u32 a) { return x ^ a; });
  reduce("inc.u32", [](u32 x, u32 a) { return x >= a ? 0 : x + 1; });
  reduce("dec.u32", [](u32 x, u32 a) { return x == 0 || x > a ? a : x - 1; });
}

void stores_at_barriers(FlowTable& out) {
  const std::string state = "mbarrier.test_wait.shared.b64", done = ".mbarrier::complete_tx::bytes";
  const auto add = [&](const std::string& opcode, const std::string& value, const char* bytes,
                       auto reference) {
    out.add(opcode, {opcode}, kRoom + kGates,
            kOwnRoom + own_gate("1") + "mbarrier.arrive.expect_tx.shared::cta.b64 %w5, [%w4], " +
                bytes + ";\n" + opcode + " [%w0], " + value + ", [%w4];\n" +
                test("%o0", state, "%w5") + "ld.shared.v2.u32 {%o1, %o2}, [%w0];\n",
            [reference](const FlowCase& c, u32 t, u32* o) {
              o[0] = 1, o[1] = o[2] = 0xaaaaaaaa;
              reference(c, t, o);
            });
  };
  add("st.async.weak.shared::cluster" + done + ".u32", "%in0", "4",
      [](const FlowCase& c, u32 t, u32* o) { o[1] = c.of(t, 0); });
  add("st.async.weak.shared::cluster" + done + ".v2.b32", "{%in1, %in0}", "8",
      [](const FlowCase& c, u32 t, u32* o) { o[1] = c.of(t, 1), o[2] = c.of(t, 0); });
  add("red.async.relaxed.cluster.shared::cluster" + done + ".add.u32", "%in0", "4",
      [](const FlowCase& c, u32 t, u32* o) { o[1] += c.of(t, 0); });
  add("red.async.relaxed.cluster.shared::cluster" + done + ".xor.b32", "%in0", "4",
      [](const FlowCase& c, u32 t, u32* o) { o[1] ^= c.of(t, 0); });
}

void cluster_addresses(FlowTable& out) {
  out.add(
      "mapa, getctarank: of the only block",
      {"mapa.shared::cluster.u32", "mapa.u64", "getctarank.shared::cluster.u32", "getctarank.u64"},
      kRoom,
      kOwnRoom +
          "cvt.u32.u64 %t1, %w0;\nmapa.shared::cluster.u32 %t2, %t1, 0;\nst.shared::cluster.u32 "
          "[%t2], %in0;\nld.shared.u32 %o0, [%w0];\ncvta.shared.u64 %w1, %w0;\nmapa.u64 %w2, "
          "%w1, 0;\nst.u32 [%w2+4], %in1;\nld.shared.u32 %o1, "
          "[%w0+4];\ngetctarank.shared::cluster.u32 %o2, %t1;\ngetctarank.u64 %o3, %w1;\n",
      [](const FlowCase& c, u32 t, u32* o) {
        o[0] = c.of(t, 0), o[1] = c.of(t, 1), o[2] = o[3] = 0;
      });
}

void cache_policies(FlowTable& out) {
  const std::string load = "ld.global.L2::cache_hint.u32";
  for (const std::string policy :
       {"createpolicy.fractional.L2::evict_last.b64",
        "createpolicy.fractional.L2::evict_first.L2::evict_unchanged.b64"})
    out.add(policy + ": loads and stores as without", {policy, load}, "",
            policy + " %w5, 0.5;\n" + load + " %o0, [%from+4], %w5;\n",
            [](const FlowCase& c, u32 t, u32* o) { o[0] = c.of(t, 1); });
}

}  // namespace

std::vector<FlowLine> async_lines() {
  FlowTable out;
  copies(out);
  copies_at_barriers(out);
  meetings(out);
  counts(out);
  faults(out);
  bulk_copies(out);
  stores_at_barriers(out);
  cluster_addresses(out);
  cache_policies(out);
  return std::move(out.lines);
}

}  // namespace vgpu::conformance
