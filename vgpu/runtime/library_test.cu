// Device code loaded while the program runs, and what is known of kernels.
#include <gtest/gtest.h>

#include <cstdint>
#include <cstring>
#include <fstream>
#include <string>
#include <vector>

#include "vgpu/runtime/device.h"

namespace {

std::string fault() { return vgpu::runtime::last_fault(); }

cudaError_t cleared(cudaError_t code) {
  cudaGetLastError();
  return code;
}

const char* const kPtx = R"(.version 8.0
.target sm_80
.address_size 64
.visible .global .align 4 .u32 addend = 5;
.visible .entry add(.param .u64 out, .param .u32 n) {
  .reg .b32 %r<4>; .reg .b64 %rd<3>;
  ld.param.u64 %rd1, [out]; ld.param.u32 %r1, [n];
  ld.global.u32 %r2, [addend]; add.s32 %r3, %r1, %r2;
  st.global.u32 [%rd1], %r3; ret;
}
.visible .entry nothing() {
  .reg .b32 %r<2>; .shared .align 4 .b8 block[64];
  mov.u32 %r1, block; ret;
}
)";

struct Library {
  explicit Library(const void* code) {
    EXPECT_EQ(cudaLibraryLoadData(&handle, code, nullptr, nullptr, 0, nullptr, nullptr, 0),
              cudaSuccess)
        << fault();
  }
  ~Library() { cudaLibraryUnload(handle); }
  cudaKernel_t kernel(const char* name) const {
    cudaKernel_t out = nullptr;
    EXPECT_EQ(cudaLibraryGetKernel(&out, handle, name), cudaSuccess);
    return out;
  }
  cudaLibrary_t handle = nullptr;
};

int run(cudaKernel_t kernel, int n) {
  int *out = nullptr, value = 0;
  EXPECT_EQ(cudaMalloc(&out, sizeof *out), cudaSuccess);
  void* arguments[] = {&out, &n};
  EXPECT_EQ(cudaLaunchKernel(reinterpret_cast<const void*>(kernel), dim3(1), dim3(1), arguments, 0,
                             nullptr),
            cudaSuccess)
      << fault();
  EXPECT_EQ(cudaMemcpy(&value, out, sizeof value, cudaMemcpyDeviceToHost), cudaSuccess);
  cudaFree(out);
  return value;
}

TEST(Library, RunsAKernelOfPtxText) {
  const Library library(kPtx);
  EXPECT_EQ(run(library.kernel("add"), 10), 15);
  void* addend = nullptr;
  std::size_t bytes = 0;
  ASSERT_EQ(cudaLibraryGetGlobal(&addend, &bytes, library.handle, "addend"), cudaSuccess);
  EXPECT_EQ(bytes, 4u);
  const int seven = 7;
  ASSERT_EQ(cudaMemcpy(addend, &seven, sizeof seven, cudaMemcpyHostToDevice), cudaSuccess);
  EXPECT_EQ(run(library.kernel("add"), 10), 17);
}

TEST(Library, ListsItsKernels) {
  const Library library(kPtx);
  unsigned count = 0;
  ASSERT_EQ(cudaLibraryGetKernelCount(&count, library.handle), cudaSuccess);
  ASSERT_EQ(count, 2u);
  cudaKernel_t kernels[2] = {};
  ASSERT_EQ(cudaLibraryEnumerateKernels(kernels, 2, library.handle), cudaSuccess);
  EXPECT_EQ(kernels[0], library.kernel("add"));
  const char* name = nullptr;
  ASSERT_EQ(cudaFuncGetName(&name, reinterpret_cast<const void*>(kernels[1])), cudaSuccess);
  EXPECT_STREQ(name, "nothing");
  cudaKernel_t none = nullptr;
  EXPECT_EQ(cleared(cudaLibraryGetKernel(&none, library.handle, "other")), cudaErrorSymbolNotFound);
  void* address = nullptr;
  EXPECT_EQ(cleared(cudaLibraryGetGlobal(&address, nullptr, library.handle, "other")),
            cudaErrorSymbolNotFound);
}

TEST(Library, ParametersAndAttributesAreKnown) {
  const Library library(kPtx);
  const cudaKernel_t add = library.kernel("add"), nothing = library.kernel("nothing");
  std::size_t count = 0, offset = 0, bytes = 0;
  ASSERT_EQ(cudaFuncGetParamCount(reinterpret_cast<const void*>(add), &count), cudaSuccess);
  EXPECT_EQ(count, 2u);
  ASSERT_EQ(cudaFuncGetParamInfo(reinterpret_cast<const void*>(add), 1, &offset, &bytes),
            cudaSuccess);
  EXPECT_EQ(offset, 8u);
  EXPECT_EQ(bytes, 4u);
  EXPECT_EQ(cleared(cudaFuncGetParamInfo(reinterpret_cast<const void*>(add), 2, &offset, &bytes)),
            cudaErrorInvalidValue);
  cudaFuncAttributes attributes;
  ASSERT_EQ(cudaFuncGetAttributes(&attributes, reinterpret_cast<const void*>(nothing)),
            cudaSuccess);
  EXPECT_EQ(attributes.sharedSizeBytes, 64u);
  EXPECT_EQ(attributes.maxDynamicSharedSizeBytes, 48 * 1024 - 64);
  ASSERT_EQ(cudaKernelSetAttributeForDevice(nothing, cudaFuncAttributeMaxDynamicSharedMemorySize,
                                            100000, 0),
            cudaSuccess);
  ASSERT_EQ(cudaFuncGetAttributes(&attributes, reinterpret_cast<const void*>(nothing)),
            cudaSuccess);
  EXPECT_EQ(attributes.maxDynamicSharedSizeBytes, 100000);
  EXPECT_EQ(cleared(cudaKernelSetAttributeForDevice(
                nothing, cudaFuncAttributeMaxDynamicSharedMemorySize, 1 << 20, 0)),
            cudaErrorInvalidValue);
  EXPECT_EQ(cleared(cudaKernelSetAttributeForDevice(nothing, cudaFuncAttributeMax, 0, 0)),
            cudaErrorInvalidValue);
}

TEST(Library, IsLoadedFromAFile) {
  const std::string path = testing::TempDir() + "library_test.ptx";
  std::ofstream(path) << kPtx;
  cudaLibrary_t library = nullptr;
  ASSERT_EQ(
      cudaLibraryLoadFromFile(&library, path.c_str(), nullptr, nullptr, 0, nullptr, nullptr, 0),
      cudaSuccess)
      << fault();
  cudaKernel_t add = nullptr;
  ASSERT_EQ(cudaLibraryGetKernel(&add, library, "add"), cudaSuccess);
  EXPECT_EQ(run(add, 1), 6);
  EXPECT_EQ(cudaLibraryUnload(library), cudaSuccess);
  EXPECT_EQ(cleared(cudaLibraryUnload(library)), cudaErrorInvalidResourceHandle);
  EXPECT_EQ(cleared(cudaLibraryLoadFromFile(&library, "/nowhere.ptx", nullptr, nullptr, 0, nullptr,
                                            nullptr, 0)),
            cudaErrorFileNotFound);
  EXPECT_NE(fault().find("/nowhere.ptx"), std::string::npos);
}

TEST(Library, IsLoadedFromAFatBinary) {
  const std::string text = kPtx;
  std::vector<std::uint8_t> bytes(16 + 64 + text.size() + 1);
  const auto put = [&](std::size_t at, auto value) {
    std::memcpy(&bytes[at], &value, sizeof value);
  };
  put(0, std::uint32_t{0xba55ed50});
  put(4, std::uint16_t{1});
  put(6, std::uint16_t{16});
  put(8, std::uint64_t{bytes.size() - 16});
  put(16, std::uint16_t{1});
  put(16 + 4, std::uint32_t{64});
  put(16 + 8, std::uint64_t{text.size() + 1});
  put(16 + 28, std::uint32_t{80});
  std::memcpy(&bytes[16 + 64], text.data(), text.size());
  const Library library(bytes.data());
  EXPECT_EQ(run(library.kernel("add"), 2), 7);
}

TEST(Library, WhatIsNoPtxIsRefusedInOneLine) {
  cudaLibrary_t library = nullptr;
  const auto load = [&](const char* code) {
    return cleared(cudaLibraryLoadData(&library, code, nullptr, nullptr, 0, nullptr, nullptr, 0));
  };
  EXPECT_EQ(load("\x7f"
                 "ELF machine code"),
            cudaErrorInvalidKernelImage);
  EXPECT_EQ(fault(),
            "cudaLibraryLoadData: the image holds machine code, which the virtual GPU cannot run; "
            "give it PTX");
  EXPECT_EQ(load("nonsense"), cudaErrorInvalidKernelImage);
  EXPECT_EQ(load(".version 8.0\n.target sm_80\n.address_size 64\nnonsense"), cudaErrorInvalidPtx);
  EXPECT_EQ(fault().find("ptx:4:"), 0u) << fault();
  EXPECT_EQ(load(nullptr), cudaErrorInvalidValue);
}

__global__ void __launch_bounds__(128) small_kernel(int* out) {
  __shared__ int block[1024];
  block[threadIdx.x] = 1;
  __syncthreads();
  out[threadIdx.x] = block[127 - threadIdx.x];
}

TEST(Functions, OccupancyCountsThreadsAndSharedMemory) {
  int blocks = 0;
  ASSERT_EQ(cudaOccupancyMaxActiveBlocksPerMultiprocessor(&blocks, small_kernel, 128, 0),
            cudaSuccess);
  EXPECT_EQ(blocks, 16) << "2048 threads of 128";
  ASSERT_EQ(cudaOccupancyMaxActiveBlocksPerMultiprocessor(&blocks, small_kernel, 128, 44 * 1024),
            cudaSuccess);
  EXPECT_EQ(blocks, 4) << "228 KiB for blocks of 48 and the system's one";
  ASSERT_EQ(cudaOccupancyMaxActiveBlocksPerMultiprocessor(&blocks, small_kernel, 256, 0),
            cudaSuccess);
  EXPECT_EQ(blocks, 0) << "the kernel's launch bounds";
  std::size_t bytes = 0;
  ASSERT_EQ(cudaOccupancyAvailableDynamicSMemPerBlock(&bytes, small_kernel, 4, 128), cudaSuccess);
  EXPECT_EQ(bytes, (228 / 4 - 1 - 4) * 1024u);
  int least = 0, threads = 0;
  ASSERT_EQ(cudaOccupancyMaxPotentialBlockSize(&least, &threads, small_kernel), cudaSuccess);
  EXPECT_EQ(threads, 128);
  EXPECT_EQ(least, 16 * 132);
  EXPECT_EQ(cleared(cudaOccupancyMaxActiveBlocksPerMultiprocessor(&blocks, small_kernel, 0, 0)),
            cudaErrorInvalidValue);
}

TEST(Functions, CooperativeGridsMustFitTheDevice) {
  int* out = nullptr;
  ASSERT_EQ(cudaMalloc(&out, 128 * sizeof *out), cudaSuccess);
  void* arguments[] = {&out};
  const auto launch = [&](unsigned blocks) {
    return cleared(
        cudaLaunchCooperativeKernel(small_kernel, dim3(blocks), dim3(128), arguments, 0, nullptr));
  };
  EXPECT_EQ(launch(16 * 132 + 1), cudaErrorCooperativeLaunchTooLarge);
  EXPECT_NE(fault().find("2113 blocks, allowed: 2112"), std::string::npos) << fault();
  EXPECT_EQ(launch(2), cudaSuccess) << fault();
  cudaFree(out);
}

TEST(Functions, OfTheDriverAreRefusedByName) {
  void* function = &function;
  cudaDriverEntryPointQueryResult status{};
  EXPECT_EQ(cleared(cudaGetDriverEntryPointByVersion("cuMemCreate", &function, 12000,
                                                     cudaEnableDefault, &status)),
            cudaErrorNotSupported);
  EXPECT_EQ(function, nullptr);
  EXPECT_EQ(status, cudaDriverEntryPointSymbolNotFound);
  EXPECT_NE(fault().find("cuMemCreate"), std::string::npos) << fault();
}

TEST(Functions, EveryAttributeOfADeviceHasAValue) {
  for (int id = 1; id < cudaDevAttrMax; ++id) {
    const bool gap = id == 44 || (id >= 102 && id <= 105) || id == 107 || id == 110 || id == 136 ||
                     id == 137 || id == 146;
    int value = 0;
    EXPECT_EQ(cleared(cudaDeviceGetAttribute(&value, static_cast<cudaDeviceAttr>(id), 0)),
              gap ? cudaErrorInvalidValue : cudaSuccess)
        << id;
  }
  int texture = 0;
  cudaDeviceProp properties;
  ASSERT_EQ(cudaGetDeviceProperties(&properties, 0), cudaSuccess);
  ASSERT_EQ(cudaDeviceGetAttribute(&texture, cudaDevAttrMaxTexture2DHeight, 0), cudaSuccess);
  EXPECT_EQ(properties.maxTexture2D[1], texture);
}

}  // namespace
