// What the parser reads out of PTX. Refusals are in refusal_test.cpp, nvcc's own output in
// sample_test.cpp.
#include <gtest/gtest.h>

#include <string>

#include "vgpu/ptx/module.h"

namespace vgpu::ptx {
namespace {

using Kind = Operand::Kind;

const std::string kHead = ".version 9.2\n.target sm_80, debug\n.address_size 64\n";

Module module(const std::string& text) { return parse(kHead + text, "test"); }

/// An entry with some registers around the statements.
Module body(const std::string& statements) {
  return module(
      ".global .align 4 .b8 data[64];\n.entry k(.param .u64 p)\n{\n.reg .pred %p<4>;\n.reg .b32 "
      "%r<9>;\n"
      ".reg .b64 %rd<5>;\n" +
      statements + "\n}\n");
}

const Instruction& instruction(const Module& m, std::size_t i) {
  return m.find_function("k")->body.at(i);
}

std::string register_name(const Module& m, const Operand& operand) {
  return m.find_function("k")->registers.at(static_cast<std::size_t>(operand.reg)).name;
}

TEST(PtxModule, HeadIsRead) {
  const Module m = module(".file 3 \"a b.cu\", 12, 34\n");
  EXPECT_EQ(m.version_major, 9);
  EXPECT_EQ(m.version_minor, 2);
  EXPECT_EQ(m.target, "sm_80");
  EXPECT_EQ(m.architecture, 80);
  EXPECT_EQ(m.files.at(3), "a b.cu");
}

TEST(PtxModule, TargetMayHaveAFamilyLetter) {
  EXPECT_EQ(parse(".version 8.0\n.target sm_90a\n", "t").architecture, 90);
}

TEST(PtxModule, SectionsCommentsAndPragmasAreSkipped) {
  const Module m = module(
      "/* two\nlines */ .section .debug_str\n{ $L: .b8 1, 2 { } }\n// end\n.pragma \"x\";\n.global "
      ".u32 a;");
  ASSERT_EQ(m.variables.size(), 1u);
  EXPECT_EQ(m.variables[0].line, 9);
}

TEST(PtxVariable, InitializersAreLittleEndianBytes) {
  const Module m = module(
      ".const .align 8 .u32 a[3] = {1, -2, 0x10};\n.global .f32 f = 0f3F800000;\n.global .f64 d[2] "
      "= {1.5, 0d4000000000000000};\n"
      ".global .u16 open[] = {1, 2, 3};\n.global .b8 grid[2][3] = {{1}, {4, 5}};\n.global .f32 g = "
      "2.5;");
  const Variable& a = *m.find_variable("a");
  EXPECT_EQ(a.space, Space::constant);
  EXPECT_EQ(a.align, 8u);
  EXPECT_EQ(a.bytes(), 12u);
  EXPECT_EQ(a.initial,
            (std::vector<std::uint8_t>{1, 0, 0, 0, 0xfe, 0xff, 0xff, 0xff, 0x10, 0, 0, 0}));
  EXPECT_EQ(m.find_variable("f")->initial, (std::vector<std::uint8_t>{0, 0, 0x80, 0x3f}));
  EXPECT_EQ(m.find_variable("f")->align, 4u);
  EXPECT_EQ(m.find_variable("d")->initial[7], 0x3f);
  EXPECT_EQ(m.find_variable("d")->initial[15], 0x40);
  EXPECT_EQ(m.find_variable("open")->count, 3u);
  EXPECT_EQ(m.find_variable("grid")->initial, (std::vector<std::uint8_t>{1, 0, 0, 4, 5}));
  EXPECT_EQ(m.find_variable("grid")->bytes(), 6u);
  EXPECT_EQ(m.find_variable("g")->initial, (std::vector<std::uint8_t>{0, 0, 0x20, 0x40}));
}

TEST(PtxVariable, AddressesBecomeRelocations) {
  const Module m = module(
      ".global .u32 t[4];\n.func f();\n.global .u64 p[4] = {generic(t)+8, t, f, generic(t-4)+1};\n"
      ".global .b8 packed[9] = {7, 0xFF(t+4), 0xFF00(t+4), 0xFF0000(t+4), 0xFF000000(t+4), "
      "0xFF00000000(t+4),"
      " 0xFF0000000000(t+4), 0xFF000000000000(t+4), 0xFF00000000000000(t+4)};");
  const auto& p = m.find_variable("p")->relocations;
  ASSERT_EQ(p.size(), 4u);
  EXPECT_EQ(p[0].symbol, "t");
  EXPECT_EQ(p[0].addend, 8);
  EXPECT_TRUE(p[0].generic);
  EXPECT_EQ(p[1].offset, 8u);
  EXPECT_FALSE(p[1].generic);
  EXPECT_EQ(p[2].symbol, "f");
  EXPECT_EQ(p[3].addend, -3);
  const auto& packed = m.find_variable("packed")->relocations;
  ASSERT_EQ(packed.size(), 1u);
  EXPECT_EQ(packed[0].offset, 1u);
  EXPECT_EQ(packed[0].addend, 4);
}

TEST(PtxVariable, DeclarationsMergeWithDefinitions) {
  const Module m = module(
      ".extern .global .u32 a;\n.visible .global .u32 a = 5;\n.extern .global .u32 a;\n"
      ".extern .shared .align 16 .b8 raw[];\n.weak .global .attribute(.managed) .u32 w;");
  ASSERT_EQ(m.variables.size(), 3u);
  EXPECT_FALSE(m.find_variable("a")->external);
  EXPECT_TRUE(m.find_variable("a")->visible);
  EXPECT_EQ(m.find_variable("a")->initial[0], 5);
  EXPECT_TRUE(m.find_variable("raw")->external);
  EXPECT_EQ(m.find_variable("raw")->count, 0u);
  EXPECT_EQ(m.find_variable("raw")->align, 16u);
  EXPECT_TRUE(m.find_variable("w")->visible);
}

TEST(PtxFunction, HeadAndTuningAreRead) {
  const Module m = module(
      ".visible .entry k(\n.param .u64 .ptr .global .align 16 a,\n.param .align 8 .b8 "
      "s[24]\n)\n.maxntid 256, 2\n"
      ".minnctapersm 3\n.maxnreg 64\n.reqntid 32, 4, 2\n.explicitcluster\n.reqnctapercluster 2, 1, "
      "1\n{ ret; }\n"
      ".func (.param .b32 r) f(.param .b32 x) .noreturn ;\n");
  const Function& k = *m.find_function("k");
  EXPECT_TRUE(k.is_entry && k.visible && k.has_body);
  ASSERT_EQ(k.parameters.size(), 2u);
  EXPECT_EQ(k.parameters[0].align, 8u);  // the 16 is the pointee's
  EXPECT_EQ(k.parameters[1].bytes(), 24u);
  EXPECT_EQ(k.max_threads[0], 256u);
  EXPECT_EQ(k.max_threads[1], 2u);
  EXPECT_EQ(k.max_threads[2], 1u);
  EXPECT_EQ(k.required_threads[2], 2u);
  EXPECT_EQ(k.cluster_blocks[0], 2u);
  EXPECT_EQ(k.min_blocks_per_sm, 3u);
  EXPECT_EQ(k.max_registers, 64u);
  EXPECT_FALSE(m.find_function("f")->has_body);
  EXPECT_EQ(m.find_function("f")->results.size(), 1u);
}

TEST(PtxFunction, DeclarationMergesWithItsBody) {
  const Module m =
      module(".func f(.param .b32 x);\n.func f(.param .b32 x)\n{ ret; }\n.func f(.param .b32 x);");
  ASSERT_EQ(m.functions.size(), 1u);
  EXPECT_TRUE(m.functions[0].has_body);
}

TEST(PtxBody, OpcodeModifiersAndTextAreKept) {
  const Module m = body("@!%p1   ld.global.L1::evict_last.v2.b32 {%r1,\t_}, [%rd1+-4];");
  const Instruction& i = instruction(m, 0);
  EXPECT_EQ(i.opcode, "ld");
  EXPECT_TRUE(i.has("L1::evict_last"));
  EXPECT_EQ(i.typed_opcode(), "ld.global.L1::evict_last.v2.b32");
  EXPECT_EQ(i.text, "@!%p1 ld.global.L1::evict_last.v2.b32 {%r1, _}, [%rd1+-4]");
  EXPECT_EQ(i.line, 10);
  EXPECT_TRUE(i.guard_negated);
  EXPECT_EQ(m.find_function("k")->registers.at(static_cast<std::size_t>(i.guard)).name, "%p1");
  ASSERT_EQ(i.operands.size(), 2u);
  ASSERT_EQ(i.operands[0].kind, Kind::vector);
  EXPECT_EQ(i.operands[0].elements[1].kind, Kind::discard);
  EXPECT_EQ(i.operands[1].kind, Kind::address);
  EXPECT_EQ(i.operands[1].offset, -4);
  EXPECT_EQ(register_name(m, i.operands[1]), "%rd1");
}

TEST(PtxBody, EveryKindOfOperandIsRead) {
  const Module m = body(
      "add.s32 %r1, %r2, -7;\nmov.f32 %r1, 0fBF800000;\nmov.f64 %rd1, "
      "-0d3FF0000000000000;\nmov.u32 %r1, %ctaid.y;\n"
      "mov.u64 %rd1, data+8;\nld.param.u64 %rd1, [p];\nshfl.sync.up.b32 %r1|%p2, %r2, 1, 0, "
      "0xFFFFFFFF;\n"
      "selp.b32 %r1, 1, 0, !%p3;\nst.shared.u32 [16], %r1;\nmov.b64 %rd1, {0, %r2};\nmov.u32 %r1, "
      "WARP_SZ;\n"
      "mov.u32 %r1, (1 + 2 * 3) << 4 | 1;\nmov.u32 %r1, 017;\nmov.u32 %r1, 0b101U;\nmov.u32 %r3, "
      "%lanemask_lt;");
  const auto operand = [&](std::size_t i, std::size_t k) {
    return instruction(m, i).operands.at(k);
  };
  EXPECT_EQ(operand(0, 2).bits, static_cast<std::uint64_t>(-7));
  EXPECT_EQ(operand(1, 1).bits, 0xbf800000u);
  EXPECT_EQ(operand(1, 1).width, 32);
  EXPECT_EQ(operand(2, 1).bits, 0xbff0000000000000u);
  EXPECT_EQ(operand(3, 1).name, "ctaid.y");
  EXPECT_EQ(operand(4, 1).kind, Kind::symbol);
  EXPECT_EQ(operand(4, 1).name, "data");
  EXPECT_EQ(operand(4, 1).offset, 8);
  EXPECT_EQ(operand(5, 1).name, "p");
  EXPECT_EQ(operand(5, 1).reg, -1);
  ASSERT_EQ(operand(6, 0).kind, Kind::pair);
  EXPECT_EQ(register_name(m, operand(6, 0).elements[1]), "%p2");
  EXPECT_TRUE(operand(7, 3).negated);
  EXPECT_EQ(operand(8, 0).kind, Kind::address);
  EXPECT_TRUE(operand(8, 0).name.empty());
  EXPECT_EQ(operand(8, 0).offset, 16);
  EXPECT_EQ(operand(9, 1).elements[0].kind, Kind::integer);
  EXPECT_EQ(operand(10, 1).bits, 32u);
  EXPECT_EQ(operand(11, 1).bits, 0x71u);
  EXPECT_EQ(operand(12, 1).bits, 15u);
  EXPECT_EQ(operand(13, 1).bits, 5u);
  EXPECT_EQ(operand(14, 1).name, "lanemask_lt");
}

TEST(PtxBody, LabelsLeadForwardsBackwardsAndToTheEnd) {
  const Module m = body("$top:\n@%p1 bra $end;\nbra.uni $top;\n$end:");
  EXPECT_EQ(instruction(m, 0).operands[0].target, 2);
  EXPECT_EQ(instruction(m, 1).operands[0].target, 0);
  EXPECT_EQ(m.find_function("k")->labels.at("$end"), 2);
}

TEST(PtxBody, BranchTableHoldsItsTargets) {
  const Module m = body("$L1:\nts: .branchtargets $L1, $L2;\nbrx.idx %r1, ts;\n$L2: ret;");
  EXPECT_EQ(m.find_function("k")->branch_targets.at("ts"), (std::vector<int>{0, 1}));
  EXPECT_EQ(instruction(m, 0).operands[1].kind, Kind::symbol);
  EXPECT_EQ(instruction(m, 0).operands[1].name, "ts");
}

TEST(PtxBody, ScopesRenameWhatTheyShadow) {
  const Module m = body(
      "mov.u32 %r1, 1;\n{ .reg .b16 %r1; .reg .b32 t; mov.u16 %r1, 2; mov.u32 t, 3; L: bra L; }\n"
      "{ .reg .b32 t; mov.u32 t, 4; L: bra L; }\nmov.u32 %r1, 5;");
  EXPECT_EQ(register_name(m, instruction(m, 0).operands[0]), "%r1");
  EXPECT_EQ(register_name(m, instruction(m, 1).operands[0]), "%r1$1");
  EXPECT_EQ(m.find_function("k")
                ->registers.at(static_cast<std::size_t>(instruction(m, 1).operands[0].reg))
                .type,
            Type::b16);
  EXPECT_NE(instruction(m, 2).operands[0].reg, instruction(m, 4).operands[0].reg);
  EXPECT_EQ(instruction(m, 3).operands[0].target, 3);
  EXPECT_EQ(instruction(m, 5).operands[0].target, 5);
  EXPECT_EQ(instruction(m, 6).operands[0].reg, instruction(m, 0).operands[0].reg);
}

TEST(PtxBody, OnlyUsedRegistersOfARangeExist) {
  const Module m = body(".reg .f32 %f<1000000>;\nmov.f32 %f999999, %f7;");
  ASSERT_EQ(m.find_function("k")->registers.size(), 2u);
  EXPECT_EQ(m.find_function("k")->registers[0].name, "%f999999");
  EXPECT_EQ(m.find_function("k")->registers[1].type, Type::f32);
}

TEST(PtxBody, CallSequencesHaveTheirOwnParameters) {
  const std::string call =
      "{ .param .b32 param0; st.param.b32 [param0+0], %r1; .param .b32 retval0;\ncall.uni "
      "(retval0), f, (param0);\n"
      "ld.param.b32 %r2, [retval0+0]; }\n";
  const Module m =
      parse(kHead + ".func (.param .b32 r) f(.param .b32 x);\n.entry k() { .reg .b32 %r<3>;\n" +
                call + call + "}",
            "t");
  const Function& k = *m.find_function("k");
  ASSERT_EQ(k.variables.size(), 4u);
  EXPECT_EQ(k.variables[2].name, "param0$1");
  const auto& operands = k.body[4].operands;
  ASSERT_EQ(operands.size(), 3u);
  EXPECT_EQ(operands[0].elements[0].name, "retval0$1");
  EXPECT_EQ(operands[1].name, "f");
  EXPECT_EQ(operands[2].elements[0].name, "param0$1");
}

TEST(PtxBody, IndirectCallNamesItsPrototype) {
  const Module m = body(
      "{ .param .b32 param0; .param .b32 retval0; proto : .callprototype (.param .b32 _) _ (.param "
      ".b32 _);\n"
      "call (retval0), %rd1, (param0), proto; }\ncall.uni %rd1, proto2; proto2: .callprototype _ "
      "();");
  const auto& operands = instruction(m, 0).operands;
  ASSERT_EQ(operands.size(), 4u);
  EXPECT_EQ(operands[1].kind, Kind::reg);
  EXPECT_EQ(operands[3].name, "proto");
  const Function& prototype = m.find_function("k")->prototypes.at(
      static_cast<std::size_t>(m.find_function("k")->call_prototypes.at("proto")));
  EXPECT_EQ(prototype.results.size(), 1u);
  EXPECT_EQ(prototype.parameters.size(), 1u);
  EXPECT_EQ(instruction(m, 1).operands.at(1).name, "proto2");
}

TEST(PtxBody, SourceLinesFollowLoc) {
  const Module m = body(
      "add.s32 %r1, %r1, 1;\n.loc 2 440 9, function_name $L__info_string0, inlined_at 1 2 "
      "31\nadd.s32 %r1, %r1, 1;\n"
      ".loc 1 7 0\nret;");
  EXPECT_EQ(instruction(m, 0).source.file, 0);
  EXPECT_EQ(instruction(m, 1).source.file, 2);
  EXPECT_EQ(instruction(m, 1).source.line, 440);
  EXPECT_EQ(instruction(m, 2).source.line, 7);
}

TEST(PtxModule, PlaceOfAnInstructionNamesTextKernelAndLines) {
  const Module m = body("add.s32 %r1, %r1, 1;");
  Instruction i = instruction(m, 0);
  EXPECT_EQ(m.place_of(i, "k"), "test:10: kernel k: 'add.s32 %r1, %r1, 1'");
  Module with_file = m;
  with_file.files[1] = "a.cu";
  i.source = {1, 7};
  EXPECT_EQ(with_file.place_of(i, "k"), "test:10: kernel k: 'add.s32 %r1, %r1, 1' (a.cu:7)");
}

TEST(PtxTypes, NamesAndWidthsAgree) {
  for (const char* name : {"pred", "b8", "b16", "b32", "b64", "b128", "u8", "s64", "f16x2", "bf16",
                           "tf32", "f64", "e4m3x2"})
    EXPECT_STREQ(name_of(type_from_name(name)), name);
  EXPECT_EQ(bits_of(Type::pred), 1);
  EXPECT_EQ(bits_of(Type::bf16x2), 32);
  EXPECT_EQ(bits_of(Type::e5m2), 8);
  EXPECT_EQ(type_from_name("none"), Type::none);
  EXPECT_EQ(type_from_name("f33"), Type::none);
}

}  // namespace
}  // namespace vgpu::ptx
