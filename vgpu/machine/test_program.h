// test_program.h - a small kernel written in PTX, run on the machine: for its tests.
#pragma once

#include <gtest/gtest.h>

#include <numeric>
#include <string>
#include <vector>

#include "vgpu/machine/machine.h"

namespace vgpu {

inline const std::string kHeader = ".version 8.0\n.target sm_80\n.address_size 64\n";

/// A module whose one kernel `k` takes two pointers and an integer; %i is the global thread index,
/// %out and %in the pointers.
inline std::string kernel_text(const std::string& body, const std::string& before = {}) {
  return kHeader + before +
         ".visible .entry k(.param .u64 p_in, .param .u64 p_out, .param .u32 p_n)\n{\n"
         ".reg .pred %p<10>; .reg .b32 %r<40>; .reg .b32 %i; .reg .b32 %n; .reg "
         ".b64 %rd<20>; .reg "
         ".b64 %in; .reg .b64 %out;\n"
         ".reg .b64 %at; .reg .b64 %to; .reg .f32 %f<10>;\n"
         "ld.param.u64 %in, [p_in];\nld.param.u64 %out, [p_out];\nld.param.u32 %n, [p_n];\n"
         "mov.u32 %r0, %ctaid.x;\nmov.u32 %r1, %ntid.x;\nmov.u32 %r2, %tid.x;\nmad.lo.s32 %i, %r0, "
         "%r1, %r2;\n"
         "mul.wide.s32 %rd0, %i, 4;\nadd.s64 %at, %in, %rd0;\nadd.s64 %to, %out, %rd0;\n" +
         body + "\n}\n";
}

struct Parameters {
  const void* in;
  void* out;
  int n;
};

class Program {
 public:
  explicit Program(const std::string& text)
      : module_(LoadedModule::load(ptx::parse(text, "test.ptx"))) {}

  void run(Dim3 grid, Dim3 block, const void* in, void* out, int n, std::size_t shared = 0,
           bool cooperative = false) {
    const Parameters parameters{in, out, n};
    launch({module_->kernel("k"), grid, block, shared, &parameters, cooperative}, profile("h100"));
  }

  std::vector<int> run_ints(Dim3 grid, Dim3 block, const std::vector<int>& in,
                            std::size_t shared = 0) {
    std::vector<int> out(in.size(), -1);
    run(grid, block, in.data(), out.data(), static_cast<int>(in.size()), shared);
    return out;
  }

 private:
  std::shared_ptr<LoadedModule> module_;
};

inline std::vector<int> ascending(int count) {
  std::vector<int> out(static_cast<std::size_t>(count));
  std::iota(out.begin(), out.end(), 0);
  return out;
}

/// The message of the fault that `body` ends with.
inline std::string fault_of(const std::string& text, Fault::Kind kind, Dim3 grid = {1, 1, 1},
                            Dim3 block = {32, 1, 1}) {
  std::vector<int> memory(1024);
  try {
    Program(text).run(grid, block, memory.data(), memory.data(), 1024);
  } catch (const Fault& fault) {
    EXPECT_EQ(fault.kind, kind) << fault.what();
    return fault.what();
  }
  return "no fault";
}

/// Every test runs without a cache on disk, so that what it sees was compiled now.
class Machine : public testing::Test {
 protected:
  Machine() : before_(settings()) { settings().cache_folder.clear(); }
  ~Machine() override { settings() = before_; }

 private:
  Settings before_;
};

}  // namespace vgpu
