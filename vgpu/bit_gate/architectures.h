// architectures.h - the same kernels as nvcc compiled them for each architecture. BIT_GATE_PTX: the
// PTX files, "|" between them.
#pragma once

#include <gtest/gtest.h>

#include <fstream>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include "vgpu/machine/machine.h"

namespace vgpu::gate {

struct Source {
  std::string architecture, path;
};

inline std::ostream& operator<<(std::ostream& out, const Source& s) {
  return out << s.architecture;
}

inline std::vector<Source> sources() {
  std::vector<Source> out;
  std::istringstream list(BIT_GATE_PTX);
  for (std::string path; std::getline(list, path, '|');) {
    const auto folder = path.rfind(".dir/");
    const auto at = path.rfind('_', folder) + 1;
    out.push_back({"compute_" + path.substr(at, path.find('.', at) - at), path});
  }
  return out;
}

class BitGate : public testing::TestWithParam<Source> {
 protected:
  void SetUp() override {
    std::ifstream file(GetParam().path);
    std::stringstream text;
    text << file.rdbuf();
    ASSERT_FALSE(text.str().empty()) << GetParam().path;
    module_ = LoadedModule::load(ptx::parse(text.str(), GetParam().architecture));
  }

  /// `parameters`: a struct of the kernel's arguments in order.
  template <class Parameters>
  void run(const char* kernel, Dim3 grid, Dim3 block, const Parameters& parameters,
           std::size_t shared_bytes = 0) {
    Kernel* found = module_->kernel(kernel);
    ASSERT_NE(found, nullptr) << kernel;
    launch({found, grid, block, shared_bytes, &parameters, false}, profile("b200"));
  }

 private:
  std::shared_ptr<LoadedModule> module_;
};

}  // namespace vgpu::gate
