// Modules of -rdc=true become one: names find each other, or keep apart.
#include "vgpu/runtime/ptx_link.h"

#include <gtest/gtest.h>

#include "vgpu/ptx/module.h"

namespace vgpu::runtime {
namespace {

const std::string kHeader = ".version 8.0\n.target sm_80\n.address_size 64\n";

ptx::Module linked(const std::vector<std::string>& bodies) {
  std::vector<std::string> texts;
  for (const std::string& body : bodies) texts.push_back(kHeader + body);
  return ptx::parse(link_ptx(texts, "ptx80"), "ptx80");
}

std::string refusal(const std::vector<std::string>& bodies) {
  try {
    linked(bodies);
  } catch (const ptx::Error& error) {
    return error.what();
  }
  return "";
}

const ptx::Instruction& first(const ptx::Module& module, const char* function) {
  return module.find_function(function)->body.at(0);
}

TEST(PtxLink, AnExternFindsItsDefinition) {
  const auto m = linked(
      {".extern .func (.param .b32 r) twice(.param .b32 x);\n.extern .global .align 4 .u32 v;\n"
       ".visible .entry k() { .reg .b32 %r1; ld.global.u32 %r1, [v]; ret; }",
       ".visible .global .align 4 .u32 v = 7;\n"
       ".visible .func (.param .b32 r) twice(.param .b32 x) { ret; }"});

  EXPECT_TRUE(m.find_function("twice")->has_body);
  EXPECT_FALSE(m.find_variable("v")->external);
  EXPECT_EQ(m.find_variable("v")->initial.at(0), 7);
  EXPECT_TRUE(m.find_function("k")->is_entry);
}

TEST(PtxLink, PrivateNamesakesKeepApart) {
  const std::string body =
      ".global .align 1 .b8 $str[2] = {65, 0};\n.global .u64 p = generic($str);\n";
  const auto m = linked({body + ".visible .entry a() { .reg .b64 %r1; mov.u64 %r1, $str; ret; }",
                         body + ".visible .entry b() { .reg .b64 %r1; mov.u64 %r1, $str; ret; }"});

  EXPECT_EQ(m.variables.size(), 4u);
  const std::string one = first(m, "a").operands.at(1).name,
                    two = first(m, "b").operands.at(1).name;
  EXPECT_NE(one, two);
  EXPECT_NE(m.find_variable(one), nullptr);
  EXPECT_NE(m.find_variable(two), nullptr);
}

TEST(PtxLink, APrivateNameIsNotAnothersExtern) {
  const auto m =
      linked({".global .u32 v = 1;\n.visible .entry a() { .reg .b32 %r1;"
              " ld.global.u32 %r1, [v]; ret; }",
              ".visible .global .u32 v = 2;",
              ".extern .global .u32 v;\n.visible .entry c() { .reg .b32 %r1;"
              " ld.global.u32 %r1, [v]; ret; }"});

  EXPECT_EQ(m.find_variable(first(m, "c").operands.at(1).name)->initial.at(0), 2);
  EXPECT_EQ(m.find_variable(first(m, "a").operands.at(1).name)->initial.at(0), 1);
}

TEST(PtxLink, OneOfTheWeakStaysAndTheStrongWins) {
  const std::string weak = ".weak .global .align 4 .u32 v = 1;\n.weak .func f() { ret; }\n";
  const auto m = linked({weak, weak, ".visible .global .align 4 .u32 v = 9;"});

  EXPECT_EQ(m.variables.size(), 1u);
  EXPECT_EQ(m.find_variable("v")->initial.at(0), 9);
  EXPECT_EQ(m.functions.size(), 1u);
}

TEST(PtxLink, DynamicSharedMemoryAndSystemFunctionsStayExtern) {
  const std::string both =
      ".extern .shared .align 16 .b8 raw[];\n.extern .func (.param .b32 r) vprintf"
      "(.param .b64 a, .param .b64 b);\n";
  const auto m = linked({both, both});
  EXPECT_EQ(m.variables.size(), 1u);
  EXPECT_FALSE(m.find_function("vprintf")->has_body);
}

TEST(PtxLink, SourcePlacesKeepTheirFiles) {
  const auto m = linked({".visible .entry a() { .loc 1 3 0\nret; }\n.file 1 \"a.cu\"",
                         ".visible .entry b() { .loc 1 4 0, function_name $L, inlined_at 1 9 2\n"
                         "ret; }\n.file 1 \"b.cu\""});

  EXPECT_EQ(m.files.at(first(m, "a").source.file), "a.cu");
  EXPECT_EQ(m.files.at(first(m, "b").source.file), "b.cu");
  EXPECT_EQ(first(m, "b").source.line, 4);
}

TEST(PtxLink, NamesDefinedTwiceOrNeverAreRefused) {
  EXPECT_EQ(refusal({".visible .func f() { ret; }", "\n.visible .func f() { ret; }"}),
            "ptx80:5: f is defined in two modules");
  EXPECT_EQ(refusal({".extern .global .u32 v;", ".visible .global .u32 w;"}),
            "ptx80:4: variable v is defined in no PTX of the program");
  EXPECT_NE(refusal({"", "}"}), "");
}

TEST(PtxLink, OneModuleStaysAsItIs) {
  const std::string text = kHeader + ".visible .entry k() { ret; }\n";
  EXPECT_EQ(link_ptx({text}, "ptx80"), text);
}

TEST(PtxLink, CutTextIsRefusedWithoutACrash) {
  const std::string whole = kHeader + ".global .align 1 .b8 s[2] = {65, 0};\n.file 1 \"a.cu\"\n" +
                            ".visible .entry k(.param .u64 p) { ret; }\n";
  for (std::size_t bytes = 0; bytes < whole.size(); ++bytes) {
    try {
      link_ptx({whole, whole.substr(0, bytes) + "\n"}, "ptx80");
    } catch (const ptx::Error& error) {
      EXPECT_EQ(std::string(error.what()).find("ptx80:"), 0u);
    }
  }
}

}  // namespace
}  // namespace vgpu::runtime
