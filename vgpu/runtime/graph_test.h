// graph_test.h - what tests of graphs share: a kernel whose traces show an order, a graph that
// goes.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "vgpu/runtime/device.h"

namespace {

std::string fault() { return vgpu::runtime::last_fault(); }

cudaError_t cleared(cudaError_t code) {
  cudaGetLastError();
  return code;
}

/// x = x * factor + addend: what is left shows the order of several.
__global__ void step_kernel(int* x, int factor, int addend) { *x = *x * factor + addend; }

struct Number {
  Number() {
    cudaMallocManaged(&at, sizeof *at);
    *at = 0;
  }
  ~Number() { cudaFree(at); }
  int* at = nullptr;
};

struct Step {
  Step(int* x, int factor, int addend) : x_(x), factor_(factor), addend_(addend) {
    parameters.func = reinterpret_cast<void*>(step_kernel);
    parameters.gridDim = parameters.blockDim = dim3(1);
    parameters.kernelParams = arguments_;
  }
  cudaKernelNodeParams parameters{};

 private:
  int *x_, factor_, addend_;
  void* arguments_[3] = {&x_, &factor_, &addend_};
};

struct TestGraph {
  TestGraph() { EXPECT_EQ(cudaGraphCreate(&graph, 0), cudaSuccess); }
  ~TestGraph() {
    if (exec) cudaGraphExecDestroy(exec);
    cudaGraphDestroy(graph);
  }
  cudaGraphNode_t step(int* x, int factor, int addend, std::vector<cudaGraphNode_t> after = {}) {
    cudaGraphNode_t node = nullptr;
    const Step one(x, factor, addend);
    EXPECT_EQ(cudaGraphAddKernelNode(&node, graph, after.data(), after.size(), &one.parameters),
              cudaSuccess)
        << fault();
    return node;
  }
  void instantiate() { ASSERT_EQ(cudaGraphInstantiate(&exec, graph, 0), cudaSuccess); }
  void launch() { ASSERT_EQ(cudaGraphLaunch(exec, nullptr), cudaSuccess) << fault(); }
  cudaGraph_t graph = nullptr;
  cudaGraphExec_t exec = nullptr;
};

}  // namespace
