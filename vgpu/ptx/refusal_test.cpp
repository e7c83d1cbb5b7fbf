// Every refusal of the parser: what it says and the line it names.
#include <gtest/gtest.h>

#include <string>

#include "vgpu/ptx/module.h"

namespace vgpu::ptx {
namespace {

struct Refusal {
  const char* text;  // after the head's two lines, so it starts in line 3
  int line;
  const char* message;  // a part of it
};

std::string message_of(const std::string& text, int* line) {
  try {
    parse(text, "m.ptx");
  } catch (const Error& error) {
    *line = error.line;
    return error.what();
  }
  return "";
}

void PrintTo(const Refusal& refusal, std::ostream* out) { *out << refusal.text; }

class PtxRefusal : public testing::TestWithParam<Refusal> {};

TEST_P(PtxRefusal, NamesLineAndCause) {
  const Refusal& refusal = GetParam();
  int line = 0;

  const std::string message =
      message_of(std::string(".version 9.2\n.target sm_80\n") + refusal.text, &line);

  EXPECT_NE(message.find(refusal.message), std::string::npos) << message;
  EXPECT_EQ(line, refusal.line) << message;
  EXPECT_EQ(message.rfind("m.ptx:" + std::to_string(refusal.line) + ": ", 0), 0u) << message;
}

const Refusal kModule[] = {
    {"\n.foo", 4, "'.foo' is not supported here"},
    {"foo", 3, "expected a directive, found 'foo'"},
    {".version 9.2", 3, "a second .version"},
    {".target gfx, sm_x", 3, "'sm_x' is not a target as sm_80"},
    {".address_size 32", 3, "32 bits are not supported"},
    {".file 99999999999 \"a\"", 3, "out of range"},
    {".section .debug_str {\n\n", 3, "a .section that never ends"},
    {"\n/* a\n", 4, "a comment that never ends"},
    {"\"abc\n\"", 3, "a string that never ends"},
    {"\n#", 4, "unexpected character '#'"},
    {"\x01", 3, "unexpected character 0x01"},
    {".loc 1 2 3, foo 1", 3, "expected 'function_name' or 'inlined_at', found 'foo'"},
    {".global .u32 a;\n.global .u32 a;", 4, "a is defined twice"},
    {".global .u32 f;\n.func f();", 4, "f is a variable already"},
    {".func f();\n.global .u32 f;", 4, "f is a function already"},
    {".func f();\n.func f(.param .b32 x);", 4, "f differs from its declaration in line 3"},
    {".func f() { }\n.func f() { }", 4, "f is defined twice, first in line 3"},
    {".entry (.param .b32 r) k() { }", 3, "entry k returns a value"},
    {".entry k() .maxfoo 3 { }", 3, "'.maxfoo' is not supported at a function"},
    {".entry k() .maxntid 99999999999 { }", 3, "out of range"},
    {".func f(.param .b32 x, .param .b32 x);", 3, "parameter x is declared twice"},
    {".func f(.local .b32 x);", 3, "'.local' is not a parameter's space"},
    {".func .attribute(", 3, "expected ')', found the end of the text"},
};
INSTANTIATE_TEST_SUITE_P(Module, PtxRefusal, testing::ValuesIn(kModule));

const Refusal kVariable[] = {
    {".global .u32", 3, "expected a variable's name, found the end of the text"},
    {".global a;", 3, "expected a type, found 'a'"},
    {".global .v4 .f32 a;", 3, "'.v4' is not supported in a declaration"},
    {".global .texref a;", 3, "'.texref' is not supported in a declaration"},
    {".global .pred a;", 3, "a predicate lives in .reg only"},
    {".global .align 3 .u32 a;", 3, "alignment 3 is not a power of two up to 65536"},
    {".global .align 131072 .u32 a;", 3, "alignment 131072 is not a power of two"},
    {".global .u32 a[];", 3, "a has no size"},
    {".global .u32 a[0];", 3, "a has a dimension of 0"},
    {".global .u32 a[2][];", 3, "expected a number of elements"},
    {".global .u32 a[0xFFFFFFFFFFFFFFFF];", 3, "a is larger than 2^40 bytes"},
    {".global .u64 a[0x100000000][0x100000000];", 3, "a is larger than 2^40 bytes"},
    {".global .u8 a[1][1][1][1][1][1][1][1][1];", 3, "a has too many dimensions"},
    {".global .u32 a[2] = {1, 2, 3};", 3, "more initial values than the 2 elements of a"},
    {".global .u32 a[2] = {{1}};", 3, "braces deeper than the dimensions of a"},
    {".global .u32 a = ;", 3, "expected an initial value, found ';'"},
    {".global .u32 a = 1.5;", 3, "a real number for .u32"},
    {".global .u32 a = b;", 3, "an address needs an element of 64 bits, not .u32"},
    {"\n.global .u64 a = b;", 4, "a holds the address of unknown b"},
    {".global .b8 a[8] = {0xFF(a)};", 3, "lacks some of its 8 bytes"},
    {".global .b8 a[8] = {0xFF(a), 1};", 3, "lacks some of its 8 bytes"},
    {".global .b8 a[8] = {0xFF00(a)};", 3, "not its 8 bytes in order"},
    {".global .b8 a[2][0x1000000] = {{1}, {2}};", 3, "initial values of a lie too far apart"},
    {".shared .u32 a = 1;", 3, "an initial value is for .global and .const only"},
    {".extern .global .u32 a = 1;", 3, "a is .extern and has a value"},
    {".global .u32 a = 1 / 0;", 3, "division by zero in a constant"},
    {".global .u32 a = 99999999999999999999;", 3, "is not an integer of 64 bits"},
    {".global .u32 a = 0x;", 3, "'0x' is not an integer of 64 bits"},
    {".global .f32 a = 0f3F8;", 3, "'0f3F8' is not a number"},
};
INSTANTIATE_TEST_SUITE_P(Variable, PtxRefusal, testing::ValuesIn(kVariable));

// In these the body starts in line 4.
#define IN_BODY(statements) \
  ".entry k() { .reg .b32 %r<4>; .reg .pred %p<2>; .reg .b64 %rd<2>;\n" statements "\n}"
const Refusal kBody[] = {
    {IN_BODY("add.s32 %r1, %r9, 1;"), 4, "unknown register %r9"},
    {IN_BODY("add.s32 %r1, %r01, 1;"), 4, "unknown register %r01"},
    {IN_BODY("mov.u32 %r1, %tid;"), 4, "unknown register %tid"},
    {IN_BODY("mov.u32 %r1, %tid.q;"), 4, "unknown register %tid.q"},
    {IN_BODY("mov.u32 %r1, %envreg32;"), 4, "unknown register %envreg32"},
    {IN_BODY("mov.u32 %r1, foo;"), 4, "unknown name foo"},
    {IN_BODY("ret;\nbra nowhere;"), 5, "unknown label nowhere"},
    {IN_BODY("{ L: } bra L;"), 4, "unknown label L"},
    {IN_BODY("L: L: ret;"), 4, "label L is there twice"},
    {IN_BODY("bra;"), 4, "bra needs 1 operands"},
    {IN_BODY("bra %r1, %r2;"), 4, "bra needs 1 operands"},
    {IN_BODY("brx.idx %r1;"), 4, "brx needs 2 operands"},
    {IN_BODY("L: brx.idx %r1, L;"), 4, "L is not a .branchtargets"},
    {IN_BODY("t: .branchtargets gone;"), 4, "unknown label gone"},
    {IN_BODY("t: .branchtargets t;"), 4, "t is not a place in the code"},
    {IN_BODY("L: call %rd1, L;"), 4, "L is not a .callprototype"},
    {IN_BODY("call 5;"), 4, "expected an operand, found '5'"},
    {IN_BODY("call %tid.x;"), 4, "a call needs a function or a register"},
    {IN_BODY("@%r1 ret;"), 4, "the guard %r1 is not a predicate"},
    {IN_BODY("@%p7 ret;"), 4, "unknown register %p7"},
    {IN_BODY("%r1 ret;"), 4, "expected an instruction, found '%r1'"},
    {IN_BODY("add.s32 %r1, %r2 %r3;"), 4, "expected ',' or ';' in 'add.s32 %r1, %r2', found '%r3'"},
    {IN_BODY("ret"), 5, "expected an operand, found '}'"},
    {IN_BODY("ld.u32 %r1, [%tid.x];"), 4, "an address starts with a register or a name"},
    {IN_BODY("ld.u32 %r1, [%rd1;"), 4, "expected ']', found ';'"},
    {IN_BODY("mov.b64 %rd1, {%r1, {%r2, {{%r3}}}};"), 4, "nested too deeply in an operand"},
    {IN_BODY("mov.u32 %r1, !5;"), 4, "expected an operand, found '5'"},
    {IN_BODY("mov.u32 %r1, !%tid.x;"), 4, "'!' stands before a register only"},
    {IN_BODY("setp.eq.s32 %p1|%tid.x, %r1, 1;"), 4, "both parts of d|p must be registers"},
    {IN_BODY(".reg .b32 %r<3>;"), 4, "register %r is declared twice"},
    {IN_BODY(".reg .b32 %r2;"), 4, "register %r2 is declared twice"},
    {IN_BODY(".reg .v4 .b32 v;"), 4, "'.v4' is not supported in a declaration"},
    {IN_BODY(".reg .b32 %q<99999999>;"), 4, "too many registers"},
    {IN_BODY(".shared .u32 s; .shared .u32 s;"), 4, "s is declared twice"},
    {IN_BODY(".local .u32 s[];"), 4, "s has no size"},
    {IN_BODY(".global .u32 s;"), 4, "'.global' is not supported in a body"},
    {IN_BODY(".foo"), 4, "'.foo' is not supported in a body"},
    {".entry k() { ret;\n", 4, "expected '}' of k, found the end of the text"},
};
INSTANTIATE_TEST_SUITE_P(Body, PtxRefusal, testing::ValuesIn(kBody));

TEST(PtxRefusalOfTheHead, WantsVersionAndTarget) {
  const std::pair<const char*, const char*> heads[] = {
      {"", "no .version: this is not PTX"},
      {".target sm_80", "PTX starts with .version"},
      {".version 9", "expected a version as in 9.2"},
      {".version 9.x", "expected a version as in 9.2"},
      {".version 9.2", "no .target"},
      {".version 9.2\n.target debug", "no .target"},
  };
  for (const auto& [text, expected] : heads) {
    int line = 0;
    const std::string message = message_of(text, &line);
    EXPECT_NE(message.find(expected), std::string::npos) << text << ": " << message;
    EXPECT_GE(line, 1);
  }
}

TEST(PtxRefusalOfDepth, HasABound) {
  const std::string head = ".version 9.2\n.target sm_80\n";
  int line = 0;
  const auto repeated = [](const char* what) {
    std::string out;
    for (int i = 0; i < 100000; ++i) out += what;
    return out;
  };
  EXPECT_NE(
      message_of(head + ".entry k() " + repeated("{"), &line).find("braces nested too deeply"),
      std::string::npos);
  EXPECT_NE(message_of(head + ".global .u32 a = " + repeated("("), &line).find("nested too deeply"),
            std::string::npos);
  EXPECT_NE(message_of(head + ".global .u32 a = " + repeated("-"), &line).find("nested too deeply"),
            std::string::npos);
  EXPECT_NE(message_of(head + ".global .u32 a[1] = " + repeated("{"), &line), "");
  EXPECT_NE(message_of(head + ".entry k() { mov " + repeated("["), &line), "");
}

}  // namespace
}  // namespace vgpu::ptx
