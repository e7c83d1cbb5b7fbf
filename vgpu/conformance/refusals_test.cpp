// That an instruction which asks for what there is not stops with its text and the reason.
#include <gtest/gtest.h>

#include "vgpu/conformance/kernel_text.h"
#include "vgpu/machine/machine.h"

namespace vgpu::conformance {
namespace {

struct Refused {
  const char* text;
  const char* reason;
};

std::ostream& operator<<(std::ostream& out, const Refused& r) { return out << r.text; }

class Refusals : public testing::TestWithParam<Refused> {};

TEST_P(Refusals, NameTheInstructionAndWhatIsAllowed) {
  const std::string text = std::string(kHeader) +
                           ".visible .entry k()\n{\n.shared .align 16 .b8 room[512];\n"
                           ".reg .b32 %r<8>; .reg .f32 %f<8>; .reg .b64 %w<4>; .reg .pred %p;\n" +
                           GetParam().text + ";\nret;\n}\n";
  std::string said;
  try {
    const auto module = LoadedModule::load(ptx::parse(text, "refusals"));
    launch({module->kernel("k"), {1}, {32}, 0, nullptr, false}, profile("b200"));
  } catch (const Fault& fault) {
    EXPECT_EQ(fault.kind, Fault::Kind::unsupported_instruction);
    said = fault.what();
  }
  EXPECT_NE(said.find(GetParam().text), std::string::npos) << said;
  EXPECT_NE(said.find(GetParam().reason), std::string::npos) << said;
}

INSTANTIATE_TEST_SUITE_P(
    Matrices, Refusals,
    testing::Values(
        Refused{"mma.sync.aligned.m16n8k9.row.col.f32.f16.f16.f32 {%f0, %f1, %f2, %f3}, {%r0, "
                "%r1}, {%r2}, {%f0, %f1, %f2, %f3}",
                "shape of f16"},
        Refused{"mma.sync.aligned.m16n8k8.row.col.f32.f16.f16.f32 {%f0, %f1, %f2, %f3}, {%r0}, "
                "{%r2}, {%f0, %f1, %f2, %f3}",
                "1 registers, allowed: 2"},
        Refused{"mma.sync.aligned.m16n8k8.col.col.f32.f16.f16.f32 {%f0, %f1, %f2, %f3}, {%r0, "
                "%r1}, {%r2}, {%f0, %f1, %f2, %f3}",
                "layout: row.col"},
        Refused{"mma.sync.aligned.m16n8k8.row.col.f32.bf16.f16.f32 {%f0, %f1, %f2, %f3}, {%r0, "
                "%r1}, {%r2}, {%f0, %f1, %f2, %f3}",
                "do not go together"},
        Refused{"mma.sync.aligned.m16n8k8.row.col.f16.bf16.bf16.f32 {%r3, %r4}, {%r0, %r1}, "
                "{%r2}, {%f0, %f1, %f2, %f3}",
                "accumulators of f16"},
        Refused{"mma.sp.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {%f0, %f1, %f2, %f3}, {%r0, "
                "%r1}, {%r2, %r3}, {%f0, %f1, %f2, %f3}",
                "modifier .sp"},
        Refused{"wmma.mma.sync.aligned.row.col.m16n16k16.f32.f32 {%f0}, {%r0}",
                "2 operands, allowed: 4"},
        Refused{"wmma.load.b.sync.aligned.row.m8n8k32.s4 {%r0}, [%w0]", "layout: a row, b col"},
        Refused{"ldmatrix.sync.aligned.m16n16.x1.trans.shared.b8 {%r0, %r1}, [room]",
                "modifier .m16n16"}));

INSTANTIATE_TEST_SUITE_P(
    Async, Refusals,
    testing::Values(
        Refused{"cp.async.ca.shared.global [room], [%w0], 12", "size: 4, 8 or 16"},
        Refused{"cp.async.cg.shared.global [room], [%w0], 8", "of cg 16"},
        Refused{"cp.async.ca.shared.global [room], [%w0]", "2 operands, allowed: 3 to 5"},
        Refused{"cp.async.bulk.tensor.1d.shared::cluster.global.tile.mbarrier::complete_tx::bytes "
                "[room], [%w0, {%r0}], [room], 0",
                "is not supported"},
        Refused{"cp.reduce.async.bulk.global.shared::cta.bulk_group.min.f16 [%w0], [room], 16",
                "type"},
        Refused{"mbarrier.test_wait.shared.b64 %p, [room]", "2 operands, allowed: 3"},
        Refused{"st.async.weak.shared::cluster.mbarrier::complete_tx::bytes.u32 [room], %r0",
                "2 operands, allowed: 3 to 4"},
        Refused{"vadd2.u32.u32 %r0, %r1, %r2, %r3", "types: of d, a and b"}));

}  // namespace
}  // namespace vgpu::conformance
