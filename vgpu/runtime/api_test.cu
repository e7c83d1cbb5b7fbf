// The runtime API beyond launches: copies in every shape, pools, streams, attributes, refusals.
#include <cooperative_groups.h>
#include <gtest/gtest.h>

#include <numeric>
#include <string>
#include <vector>

#include "vgpu/runtime/device.h"

namespace {

std::string fault() { return vgpu::runtime::last_fault(); }

/// The code, and the last error is cleared.
cudaError_t cleared(cudaError_t code) {
  cudaGetLastError();
  return code;
}

__global__ void count_kernel(int* out, int n) {
  const int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i < n) out[i] = i;
}

TEST(Copies, RowsKeepTheirPitches) {
  void* device = nullptr;
  std::size_t pitch = 0;
  ASSERT_EQ(cudaMallocPitch(&device, &pitch, 12, 5), cudaSuccess);
  EXPECT_GE(pitch, 12u);
  std::vector<char> in(5 * 20), out(5 * 16, 'x');
  std::iota(in.begin(), in.end(), 0);

  ASSERT_EQ(cudaMemcpy2D(device, pitch, in.data(), 20, 12, 5, cudaMemcpyHostToDevice), cudaSuccess);
  ASSERT_EQ(
      cudaMemcpy2DAsync(out.data(), 16, device, pitch, 12, 5, cudaMemcpyDeviceToHost, nullptr),
      cudaSuccess);

  for (int row = 0; row < 5; ++row)
    for (int i = 0; i < 16; ++i) EXPECT_EQ(out[row * 16 + i], i < 12 ? in[row * 20 + i] : 'x');
  EXPECT_EQ(cleared(cudaMemcpy2D(device, 8, in.data(), 20, 12, 5, cudaMemcpyHostToDevice)),
            cudaErrorInvalidPitchValue);
  EXPECT_EQ(cleared(cudaMemcpy2D(device, pitch, in.data(), 20, 12, 6, cudaMemcpyHostToDevice)),
            cudaErrorInvalidValue);
  cudaFree(device);
}

TEST(Copies, BoxesKeepTheirPlaces) {
  const cudaExtent extent{4, 3, 2};
  cudaPitchedPtr device;
  ASSERT_EQ(cudaMalloc3D(&device, extent), cudaSuccess);
  ASSERT_EQ(cudaMemset3D(device, 7, extent), cudaSuccess);
  std::vector<char> in(4 * 3 * 2);
  std::iota(in.begin(), in.end(), 0);
  cudaMemcpy3DParms in_copy{};
  in_copy.srcPtr = make_cudaPitchedPtr(in.data(), 4, 4, 3);
  in_copy.dstPtr = device;
  in_copy.dstPos = make_cudaPos(1, 1, 1);
  in_copy.extent = make_cudaExtent(3, 2, 1);
  in_copy.kind = cudaMemcpyHostToDevice;
  ASSERT_EQ(cudaMemcpy3D(&in_copy), cudaSuccess);
  std::vector<char> out(4 * 3 * 2);
  cudaMemcpy3DParms out_copy{};
  out_copy.srcPtr = device;
  out_copy.dstPtr = make_cudaPitchedPtr(out.data(), 4, 4, 3);
  out_copy.extent = extent;
  out_copy.kind = cudaMemcpyDeviceToHost;

  ASSERT_EQ(cudaMemcpy3DAsync(&out_copy, nullptr), cudaSuccess);

  for (int z = 0; z < 2; ++z)
    for (int y = 0; y < 3; ++y)
      for (int x = 0; x < 4; ++x) {
        const bool copied = x >= 1 && y >= 1 && z == 1;
        EXPECT_EQ(out[(z * 3 + y) * 4 + x], copied ? in[(y - 1) * 4 + x - 1] : 7) << x << y << z;
      }
  cudaFree(device.ptr);
}

TEST(Copies, DirectionsAndBoundsAreChecked) {
  char host[16] = {};
  char* device = nullptr;
  ASSERT_EQ(cudaMalloc(&device, 16), cudaSuccess);
  EXPECT_EQ(cleared(cudaMemcpy(host, device, 16, static_cast<cudaMemcpyKind>(7))),
            cudaErrorInvalidMemcpyDirection);
  EXPECT_EQ(cleared(cudaMemcpy(host, host, 16, cudaMemcpyHostToDevice)), cudaErrorInvalidValue);
  EXPECT_EQ(cleared(cudaMemcpy(device + 1, host, 16, cudaMemcpyHostToDevice)),
            cudaErrorInvalidValue);
  EXPECT_EQ(cleared(cudaMemcpy(device + 1, host, SIZE_MAX, cudaMemcpyHostToDevice)),
            cudaErrorInvalidValue);
  EXPECT_EQ(cleared(cudaMemset(device, 0, 17)), cudaErrorInvalidValue);
  EXPECT_EQ(cleared(cudaMemcpy(nullptr, host, 16, cudaMemcpyDefault)), cudaErrorInvalidValue);
  EXPECT_EQ(cudaMemcpy(nullptr, nullptr, 0, cudaMemcpyDefault), cudaSuccess);
  cudaFree(device);
}

TEST(Memory, IsPoisonedUntilItIsWritten) {
  unsigned char bytes[64], *device = nullptr;
  ASSERT_EQ(cudaMalloc(&device, sizeof bytes), cudaSuccess);

  cudaMemcpy(bytes, device, sizeof bytes, cudaMemcpyDeviceToHost);

  for (unsigned char byte : bytes) EXPECT_EQ(byte, 0xff);
  cudaFree(device);
}

TEST(Memory, PointersKnowWhatTheyAre) {
  int *device = nullptr, *managed = nullptr, *pinned = nullptr, registered[4];
  ASSERT_EQ(cudaMalloc(&device, 64), cudaSuccess);
  ASSERT_EQ(cudaMallocManaged(&managed, 64), cudaSuccess);
  ASSERT_EQ(cudaMallocHost(&pinned, 64), cudaSuccess);
  ASSERT_EQ(cudaHostRegister(registered, sizeof registered, 0), cudaSuccess);
  const auto type = [](const void* p) {
    cudaPointerAttributes attributes;
    EXPECT_EQ(cudaPointerGetAttributes(&attributes, p), cudaSuccess);
    return attributes.type;
  };
  EXPECT_EQ(type(device + 15), cudaMemoryTypeDevice);
  EXPECT_EQ(type(device + 16), cudaMemoryTypeUnregistered);
  EXPECT_EQ(type(managed), cudaMemoryTypeManaged);
  EXPECT_EQ(type(pinned), cudaMemoryTypeHost);
  EXPECT_EQ(type(registered + 3), cudaMemoryTypeHost);
  EXPECT_EQ(cleared(cudaFree(pinned)), cudaErrorInvalidValue);
  EXPECT_EQ(cleared(cudaFreeHost(device)), cudaErrorInvalidValue);
  EXPECT_EQ(cleared(cudaFree(device + 1)), cudaErrorInvalidValue);
  EXPECT_EQ(cudaHostUnregister(registered), cudaSuccess);
  EXPECT_EQ(cleared(cudaHostUnregister(registered)), cudaErrorHostMemoryNotRegistered);
  EXPECT_EQ(cudaFreeHost(pinned), cudaSuccess);
  EXPECT_EQ(cudaFree(managed), cudaSuccess);
  EXPECT_EQ(cudaFree(device), cudaSuccess);
  EXPECT_EQ(cleared(cudaFree(device)), cudaErrorInvalidValue);
}

__managed__ int shared_number = 3;
__global__ void double_kernel() { shared_number *= 2; }

TEST(Memory, ManagedVariablesAreSharedWithTheHost) {
  double_kernel<<<1, 1>>>();
  ASSERT_EQ(cudaDeviceSynchronize(), cudaSuccess) << fault();
  EXPECT_EQ(shared_number, 6);
  shared_number = 10;
  double_kernel<<<1, 1>>>();
  EXPECT_EQ(shared_number, 20);
}

TEST(Pools, AttributesAndUseAreRemembered) {
  cudaMemPool_t pool = nullptr;
  ASSERT_EQ(cudaDeviceGetDefaultMemPool(&pool, 0), cudaSuccess);
  std::uint64_t threshold = 12345, read = 0, high = 0;
  ASSERT_EQ(cudaMemPoolSetAttribute(pool, cudaMemPoolAttrReleaseThreshold, &threshold),
            cudaSuccess);
  ASSERT_EQ(cudaMemPoolGetAttribute(pool, cudaMemPoolAttrReleaseThreshold, &read), cudaSuccess);
  EXPECT_EQ(read, 12345u);
  void* p = nullptr;

  ASSERT_EQ(cudaMallocFromPoolAsync(&p, 1 << 20, pool, nullptr), cudaSuccess);
  ASSERT_EQ(cudaMemPoolGetAttribute(pool, cudaMemPoolAttrUsedMemCurrent, &read), cudaSuccess);
  ASSERT_EQ(cudaFreeAsync(p, nullptr), cudaSuccess);

  EXPECT_GE(read, 1u << 20);
  ASSERT_EQ(cudaMemPoolGetAttribute(pool, cudaMemPoolAttrUsedMemHigh, &high), cudaSuccess);
  EXPECT_GE(high, read);
  EXPECT_EQ(cleared(cudaMemPoolTrimTo(reinterpret_cast<cudaMemPool_t>(&read), 0)),
            cudaErrorInvalidValue);
  cudaMemPoolProps properties{};
  properties.allocType = cudaMemAllocationTypePinned;
  properties.location.type = cudaMemLocationTypeDevice;
  properties.location.id = 0;
  cudaMemPool_t own = nullptr;
  ASSERT_EQ(cudaMemPoolCreate(&own, &properties), cudaSuccess);
  EXPECT_EQ(cudaMemPoolDestroy(own), cudaSuccess);
  EXPECT_EQ(cleared(cudaMallocFromPoolAsync(&p, 16, own, nullptr)), cudaErrorInvalidValue);
}

TEST(Streams, WorkIsDoneInOrder) {
  cudaStream_t stream;
  ASSERT_EQ(cudaStreamCreateWithPriority(&stream, cudaStreamNonBlocking, -1), cudaSuccess);
  int *device = nullptr, host[64] = {}, seen = -1, priority = 0;
  unsigned flags = 0;
  ASSERT_EQ(cudaMallocAsync(&device, sizeof host, stream), cudaSuccess);
  struct Look {
    int* host;
    int* seen;
  } look{host, &seen};

  count_kernel<<<2, 32, 0, stream>>>(device, 64);
  ASSERT_EQ(cudaMemcpyAsync(host, device, sizeof host, cudaMemcpyDeviceToHost, stream),
            cudaSuccess);
  const auto function = [](void* data) {
    *static_cast<Look*>(data)->seen = static_cast<Look*>(data)->host[63];
  };
  ASSERT_EQ(cudaLaunchHostFunc(stream, function, &look), cudaSuccess);

  EXPECT_EQ(cudaStreamQuery(stream), cudaSuccess);
  EXPECT_EQ(seen, 63);
  EXPECT_EQ(cudaStreamGetPriority(stream, &priority), cudaSuccess);
  EXPECT_EQ(priority, -1);
  EXPECT_EQ(cudaStreamGetFlags(stream, &flags), cudaSuccess);
  EXPECT_EQ(flags, static_cast<unsigned>(cudaStreamNonBlocking));
  cudaFreeAsync(device, stream);
  cudaStreamDestroy(stream);
  EXPECT_EQ(cleared(cudaStreamQuery(stream)), cudaErrorInvalidResourceHandle);
  count_kernel<<<1, 1, 0, stream>>>(nullptr, 0);
  EXPECT_EQ(cudaGetLastError(), cudaErrorInvalidResourceHandle);
}

TEST(Events, MeasureOnlyWhatWasRecorded) {
  cudaEvent_t first, second, silent;
  ASSERT_EQ(cudaEventCreate(&first), cudaSuccess);
  ASSERT_EQ(cudaEventCreate(&second), cudaSuccess);
  ASSERT_EQ(cudaEventCreateWithFlags(&silent, cudaEventDisableTiming), cudaSuccess);
  float milliseconds = 0;
  EXPECT_EQ(cleared(cudaEventElapsedTime(&milliseconds, first, second)),
            cudaErrorInvalidResourceHandle);
  for (cudaEvent_t event : {first, second, silent}) EXPECT_EQ(cudaEventRecord(event), cudaSuccess);

  EXPECT_EQ(cudaEventElapsedTime(&milliseconds, first, second), cudaSuccess);

  EXPECT_GE(milliseconds, 0);
  EXPECT_EQ(cleared(cudaEventElapsedTime(&milliseconds, first, silent)),
            cudaErrorInvalidResourceHandle);
  EXPECT_EQ(cudaStreamWaitEvent(nullptr, second), cudaSuccess);
  for (cudaEvent_t event : {first, second, silent}) EXPECT_EQ(cudaEventDestroy(event), cudaSuccess);
  EXPECT_EQ(cleared(cudaEventQuery(first)), cudaErrorInvalidResourceHandle);
}

__global__ void grid_sum_kernel(int* parts, int* total) {
  if (threadIdx.x == 0) parts[blockIdx.x] = blockIdx.x + 1;
  cooperative_groups::this_grid().sync();
  if (blockIdx.x == 0 && threadIdx.x == 0)
    for (unsigned i = 0; i < gridDim.x; ++i) *total += parts[i];
}

TEST(Launches, CooperativeGridsSynchronize) {
  int *parts = nullptr, *total = nullptr;
  ASSERT_EQ(cudaMallocManaged(&parts, 4 * sizeof(int)), cudaSuccess);
  ASSERT_EQ(cudaMallocManaged(&total, sizeof(int)), cudaSuccess);
  *total = 0;
  void* arguments[] = {&parts, &total};

  ASSERT_EQ(cudaLaunchCooperativeKernel(grid_sum_kernel, dim3(4), dim3(64), arguments, 0, nullptr),
            cudaSuccess)
      << fault();

  EXPECT_EQ(*total, 10);
  cudaFree(parts);
  cudaFree(total);
}

TEST(Launches, AttributesComeFromThePtx) {
  cudaFuncAttributes attributes;
  ASSERT_EQ(cudaFuncGetAttributes(&attributes, count_kernel), cudaSuccess);
  EXPECT_EQ(attributes.ptxVersion, 80);
  EXPECT_EQ(attributes.binaryVersion, 90);
  EXPECT_EQ(attributes.maxThreadsPerBlock, 1024);
  EXPECT_EQ(attributes.sharedSizeBytes, 0u);
  const char* name = nullptr;
  ASSERT_EQ(cudaFuncGetName(&name, count_kernel), cudaSuccess);
  EXPECT_NE(std::string(name).find("count_kernel"), std::string::npos);
}

void not_a_kernel(int*) {}

TEST(Launches, HostFunctionsAreNoKernels) {
  void* arguments[] = {nullptr};
  const auto* function = reinterpret_cast<const void*>(&not_a_kernel);
  EXPECT_EQ(cleared(cudaLaunchKernel(function, dim3(1), dim3(1), arguments, 0, nullptr)),
            cudaErrorInvalidDeviceFunction);
}

__global__ void unknown_kernel(int* out) {
  int value;
  asm volatile("frobnicate.u32 %0, 1;" : "=r"(value));
  *out = value;
}

TEST(Refusals, UnknownInstructionNamesItsTextKernelAndLine) {
  unknown_kernel<<<1, 1>>>(nullptr);

  EXPECT_EQ(cudaGetLastError(), cudaErrorNotSupported);
  for (const char* part : {"frobnicate.u32", "unknown_kernel", "ptx80:", "api_test.cu:"})
    EXPECT_NE(fault().find(part), std::string::npos) << part << " in " << fault();
  EXPECT_EQ(cudaDeviceSynchronize(), cudaSuccess) << "a refusal does not stick";
}

__global__ void short_kernel(int* out) {
  int value = 1;
  asm volatile("add.s32 %0;" : "+r"(value));
  *out = value;
}

TEST(Refusals, MissingOperandsAreCounted) {
  short_kernel<<<1, 1>>>(nullptr);

  EXPECT_EQ(cudaGetLastError(), cudaErrorNotSupported);
  EXPECT_NE(fault().find("1 operands, allowed: 3"), std::string::npos) << fault();
}

TEST(Refusals, ClustersAtALaunchAreNotSupported) {
  cudaLaunchAttribute attribute{};
  attribute.id = cudaLaunchAttributeClusterDimension;
  attribute.val.clusterDim = {2, 1, 1};
  cudaLaunchConfig_t config{};
  config.gridDim = config.blockDim = 2;
  config.attrs = &attribute;
  config.numAttrs = 1;

  EXPECT_EQ(cleared(cudaLaunchKernelEx(&config, count_kernel, static_cast<int*>(nullptr), 0)),
            cudaErrorNotSupported);

  EXPECT_NE(fault().find("clusters are not supported"), std::string::npos) << fault();
}

TEST(Refusals, FunctionsWithoutABodyAreNamed) {
  cudaIpcMemHandle_t handle{};
  EXPECT_EQ(cudaIpcGetMemHandle(&handle, nullptr), cudaErrorNotSupported);
  EXPECT_EQ(fault(), "cudaIpcGetMemHandle is not supported by the virtual GPU");
  EXPECT_EQ(cudaGetLastError(), cudaErrorNotSupported);
  EXPECT_EQ(cleared(cudaDestroyExternalMemory(nullptr)), cudaErrorNotSupported);
  EXPECT_EQ(fault(), "cudaDestroyExternalMemory is not supported by the virtual GPU");
}

TEST(Refusals, NullPointersForResultsAreInvalid) {
  EXPECT_EQ(cleared(cudaGetDevice(nullptr)), cudaErrorInvalidValue);
  EXPECT_EQ(cleared(cudaGetDeviceProperties(nullptr, 0)), cudaErrorInvalidValue);
  EXPECT_EQ(cleared(cudaDeviceGetAttribute(nullptr, cudaDevAttrWarpSize, 0)),
            cudaErrorInvalidValue);
  EXPECT_EQ(cleared(cudaMalloc(static_cast<void**>(nullptr), 4)), cudaErrorInvalidValue);
  EXPECT_EQ(cleared(cudaMemGetInfo(nullptr, nullptr)), cudaErrorInvalidValue);
  EXPECT_EQ(cleared(cudaStreamCreate(nullptr)), cudaErrorInvalidValue);
  EXPECT_EQ(cleared(cudaFuncGetAttributes(nullptr, count_kernel)), cudaErrorInvalidValue);
  EXPECT_EQ(cleared(cudaDriverGetVersion(nullptr)), cudaErrorInvalidValue);
}

TEST(Limits, AreRemembered) {
  std::size_t value = 0;
  ASSERT_EQ(cudaDeviceSetLimit(cudaLimitMallocHeapSize, 1 << 24), cudaSuccess);
  ASSERT_EQ(cudaDeviceGetLimit(&value, cudaLimitMallocHeapSize), cudaSuccess);
  EXPECT_EQ(value, std::size_t{1} << 24);
  EXPECT_EQ(cleared(cudaDeviceSetLimit(cudaLimitDevRuntimeSyncDepth, 1)),
            cudaErrorUnsupportedLimit);
}

}  // namespace
