// Several virtual devices in one program: what belongs to each, and how they reach each other.
#include <gtest/gtest.h>

#include <cstring>
#include <string>
#include <thread>

#include "vgpu/runtime/device.h"

namespace {

cudaError_t cleared(cudaError_t code) {
  cudaGetLastError();
  return code;
}

__device__ int number = 5;
__managed__ int shared_number = 1;

__global__ void read_kernel(int* out) { *out = number; }
__global__ void count_kernel() { ++shared_number; }
__global__ void wild_kernel(int* out) { out[1] = 1; }

/// Three devices from the first call on.
struct Three {
  Three() {
    vgpu::runtime::DeviceChoice choice;
    choice.count = 3;
    vgpu::runtime::choose_device(choice);
  }
} const three;

struct OnDevice {
  explicit OnDevice(int device) { EXPECT_EQ(cudaSetDevice(device), cudaSuccess); }
  ~OnDevice() { cudaSetDevice(0); }
};

int read_on(int device) {
  const OnDevice here(device);
  int *out = nullptr, value = 0;
  EXPECT_EQ(cudaMalloc(&out, sizeof *out), cudaSuccess);
  read_kernel<<<1, 1>>>(out);
  EXPECT_EQ(cudaMemcpy(&value, out, sizeof value, cudaMemcpyDeviceToHost), cudaSuccess)
      << vgpu::runtime::last_fault();
  cudaFree(out);
  return value;
}

TEST(Devices, VariablesExistOnceForEach) {
  const int seven = 7;
  {
    const OnDevice here(1);
    ASSERT_EQ(cudaMemcpyToSymbol(number, &seven, sizeof seven), cudaSuccess);
  }
  EXPECT_EQ(read_on(0), 5);
  EXPECT_EQ(read_on(1), 7);
  EXPECT_EQ(read_on(2), 5);
  void *first = nullptr, *second = nullptr;
  ASSERT_EQ(cudaGetSymbolAddress(&first, number), cudaSuccess);
  const OnDevice here(1);
  ASSERT_EQ(cudaGetSymbolAddress(&second, number), cudaSuccess);
  EXPECT_NE(first, second);
  cudaPointerAttributes attributes;
  ASSERT_EQ(cudaPointerGetAttributes(&attributes, second), cudaSuccess);
  EXPECT_EQ(attributes.device, 1);
}

TEST(Devices, ManagedVariablesAreShared) {
  shared_number = 1;
  for (int device = 0; device < 3; ++device) {
    const OnDevice here(device);
    count_kernel<<<1, 1>>>();
    ASSERT_EQ(cudaDeviceSynchronize(), cudaSuccess) << vgpu::runtime::last_fault();
  }
  EXPECT_EQ(shared_number, 4);
}

TEST(Devices, TheCurrentOneIsTheThreads) {
  const OnDevice here(2);
  int device = -1;
  std::thread([&] { cudaGetDevice(&device); }).join();
  EXPECT_EQ(device, 0);
  cudaGetDevice(&device);
  EXPECT_EQ(device, 2);
}

TEST(Devices, PeerAccessIsRemembered) {
  int can = -1;
  ASSERT_EQ(cudaDeviceCanAccessPeer(&can, 0, 1), cudaSuccess);
  EXPECT_EQ(can, 1);
  ASSERT_EQ(cudaDeviceCanAccessPeer(&can, 1, 1), cudaSuccess);
  EXPECT_EQ(can, 0);
  EXPECT_EQ(cleared(cudaDeviceDisablePeerAccess(1)), cudaErrorPeerAccessNotEnabled);
  EXPECT_EQ(cudaDeviceEnablePeerAccess(1, 0), cudaSuccess);
  EXPECT_EQ(cleared(cudaDeviceEnablePeerAccess(1, 0)), cudaErrorPeerAccessAlreadyEnabled);
  EXPECT_EQ(cleared(cudaDeviceEnablePeerAccess(1, 1)), cudaErrorInvalidValue);
  EXPECT_EQ(cleared(cudaDeviceEnablePeerAccess(0, 0)), cudaErrorInvalidDevice) << "itself";
  EXPECT_EQ(cleared(cudaDeviceEnablePeerAccess(3, 0)), cudaErrorInvalidDevice);
  EXPECT_EQ(cudaDeviceDisablePeerAccess(1), cudaSuccess);
  int value = -1;
  ASSERT_EQ(cudaDeviceGetP2PAttribute(&value, cudaDevP2PAttrAccessSupported, 0, 2), cudaSuccess);
  EXPECT_EQ(value, 1);
  EXPECT_EQ(cleared(cudaDeviceGetP2PAttribute(&value, cudaDevP2PAttrAccessSupported, 2, 2)),
            cudaErrorInvalidDevice);
}

TEST(Devices, MemoryIsCopiedBetweenThem) {
  int *near = nullptr, *far = nullptr, value = 42, back = 0;
  ASSERT_EQ(cudaMalloc(&near, 64), cudaSuccess);
  {
    const OnDevice here(1);
    ASSERT_EQ(cudaMalloc(&far, 64), cudaSuccess);
  }
  ASSERT_EQ(cudaMemcpy(near, &value, sizeof value, cudaMemcpyHostToDevice), cudaSuccess);
  ASSERT_EQ(cudaMemcpyPeer(far, 1, near, 0, 64), cudaSuccess);
  ASSERT_EQ(cudaMemcpy(&back, far, sizeof back, cudaMemcpyDeviceToHost), cudaSuccess);
  EXPECT_EQ(back, 42);
  EXPECT_EQ(cleared(cudaMemcpyPeer(far, 3, near, 0, 64)), cudaErrorInvalidDevice);
  cudaMemcpy3DPeerParms box{};
  box.srcPtr = make_cudaPitchedPtr(far, 16, 16, 4);
  box.dstPtr = make_cudaPitchedPtr(near, 16, 16, 4);
  box.srcDevice = 1;
  box.extent = make_cudaExtent(16, 4, 1);
  EXPECT_EQ(cudaMemcpy3DPeer(&box), cudaSuccess);
  cudaFree(near);
  cudaFree(far);
}

TEST(Devices, StreamsEventsAndPoolsBelongToOne) {
  cudaStream_t stream = nullptr;
  cudaEvent_t event = nullptr;
  cudaMemPool_t first = nullptr, second = nullptr;
  ASSERT_EQ(cudaDeviceGetDefaultMemPool(&first, 0), cudaSuccess);
  ASSERT_EQ(cudaDeviceGetDefaultMemPool(&second, 1), cudaSuccess);
  EXPECT_NE(first, second);
  {
    const OnDevice here(1);
    ASSERT_EQ(cudaStreamCreate(&stream), cudaSuccess);
    ASSERT_EQ(cudaEventCreate(&event), cudaSuccess);
  }
  int device = -1;
  ASSERT_EQ(cudaStreamGetDevice(stream, &device), cudaSuccess);
  EXPECT_EQ(device, 1);
  EXPECT_EQ(cleared(cudaEventRecord(event, nullptr)), cudaErrorInvalidResourceHandle);
  EXPECT_EQ(cudaEventRecord(event, stream), cudaSuccess);
  count_kernel<<<1, 1, 0, stream>>>();
  EXPECT_EQ(cudaGetLastError(), cudaErrorInvalidResourceHandle) << "of another device";
  void* p = nullptr;
  ASSERT_EQ(cudaMallocAsync(&p, 64, stream), cudaSuccess);
  cudaPointerAttributes attributes;
  ASSERT_EQ(cudaPointerGetAttributes(&attributes, p), cudaSuccess);
  EXPECT_EQ(attributes.device, 1);
  EXPECT_EQ(cudaFreeAsync(p, stream), cudaSuccess);
  cudaStreamDestroy(stream);
  cudaEventDestroy(event);
}

TEST(Devices, AFaultLosesOneAlone) {
  {
    const OnDevice here(2);
    wild_kernel<<<1, 1>>>(nullptr);
    EXPECT_EQ(cudaGetLastError(), cudaErrorIllegalAddress);
    EXPECT_EQ(cudaDeviceSynchronize(), cudaErrorIllegalAddress);
  }
  EXPECT_EQ(cudaGetLastError(), cudaErrorIllegalAddress) << "the thread's last error";
  EXPECT_EQ(cudaDeviceSynchronize(), cudaSuccess);
  EXPECT_EQ(read_on(0), 5);
  const OnDevice here(2);
  EXPECT_EQ(cleared(cudaDeviceSynchronize()), cudaErrorIllegalAddress);
  EXPECT_EQ(cudaDeviceReset(), cudaSuccess);
  EXPECT_EQ(cudaDeviceSynchronize(), cudaSuccess);
}

TEST(Devices, AFaultInAGraphLosesTheNodesDevice) {
  cudaGraph_t graph = nullptr;
  cudaGraphExec_t exec = nullptr;
  ASSERT_EQ(cudaGraphCreate(&graph, 0), cudaSuccess);
  {
    const OnDevice here(2);
    int* nowhere = nullptr;
    void* arguments[] = {&nowhere};
    cudaKernelNodeParams p{};
    p.func = reinterpret_cast<void*>(wild_kernel);
    p.gridDim = p.blockDim = dim3(1);
    p.kernelParams = arguments;
    cudaGraphNode_t node = nullptr;
    ASSERT_EQ(cudaGraphAddKernelNode(&node, graph, nullptr, 0, &p), cudaSuccess);
  }
  ASSERT_EQ(cudaGraphInstantiate(&exec, graph, 0), cudaSuccess);
  EXPECT_EQ(cleared(cudaGraphLaunch(exec, nullptr)), cudaErrorIllegalAddress);
  EXPECT_EQ(cudaDeviceSynchronize(), cudaSuccess) << "device 0";
  cudaGraphExecDestroy(exec);
  cudaGraphDestroy(graph);
  const OnDevice here(2);
  EXPECT_EQ(cleared(cudaDeviceSynchronize()), cudaErrorIllegalAddress);
  EXPECT_EQ(cudaDeviceReset(), cudaSuccess);
}

TEST(Devices, AreFoundOnTheBus) {
  for (int device = 0; device < 3; ++device) {
    char text[16];
    int found = -1, bus = -1;
    ASSERT_EQ(cudaDeviceGetPCIBusId(text, sizeof text, device), cudaSuccess);
    ASSERT_EQ(cudaDeviceGetByPCIBusId(&found, text), cudaSuccess) << text;
    EXPECT_EQ(found, device);
    cudaDeviceProp properties;
    ASSERT_EQ(cudaGetDeviceProperties(&properties, device), cudaSuccess);
    ASSERT_EQ(cudaDeviceGetAttribute(&bus, cudaDevAttrPciBusId, device), cudaSuccess);
    EXPECT_EQ(properties.pciBusID, bus);
  }
  int found = -1;
  EXPECT_EQ(cleared(cudaDeviceGetByPCIBusId(&found, "0000:77:00.0")), cudaErrorInvalidDevice);
  EXPECT_EQ(cleared(cudaDeviceGetByPCIBusId(&found, "nonsense")), cudaErrorInvalidValue);
}

TEST(Devices, GraphsRunTheirNodesWhereTheyWereMade) {
  int *near = nullptr, *far = nullptr;
  ASSERT_EQ(cudaMallocManaged(&near, sizeof *near), cudaSuccess);
  ASSERT_EQ(cudaMallocManaged(&far, sizeof *far), cudaSuccess);
  cudaGraph_t graph = nullptr;
  ASSERT_EQ(cudaGraphCreate(&graph, 0), cudaSuccess);
  const auto add = [&](int device, int* out) {
    const OnDevice here(device);
    void* arguments[] = {&out};
    cudaKernelNodeParams p{};
    p.func = reinterpret_cast<void*>(read_kernel);
    p.gridDim = p.blockDim = dim3(1);
    p.kernelParams = arguments;
    cudaGraphNode_t node = nullptr;
    EXPECT_EQ(cudaGraphAddKernelNode(&node, graph, nullptr, 0, &p), cudaSuccess);
  };
  add(0, near);
  add(1, far);
  const int nine = 9;
  {
    const OnDevice here(1);
    ASSERT_EQ(cudaMemcpyToSymbol(number, &nine, sizeof nine), cudaSuccess);
  }
  cudaGraphExec_t exec = nullptr;
  ASSERT_EQ(cudaGraphInstantiate(&exec, graph, 0), cudaSuccess);
  ASSERT_EQ(cudaGraphLaunch(exec, nullptr), cudaSuccess);
  EXPECT_EQ(*near, 5);
  EXPECT_EQ(*far, 9);
  cudaGraphExecDestroy(exec);
  cudaGraphDestroy(graph);
  cudaFree(near);
  cudaFree(far);
}

TEST(Devices, AResetGivesVariablesTheirFirstValues) {
  const int eleven = 11;
  const OnDevice here(1);
  ASSERT_EQ(cudaMemcpyToSymbol(number, &eleven, sizeof eleven), cudaSuccess);
  ASSERT_EQ(cudaDeviceEnablePeerAccess(0, 0), cudaSuccess);
  ASSERT_EQ(cudaDeviceReset(), cudaSuccess);
  EXPECT_EQ(cleared(cudaDeviceDisablePeerAccess(0)), cudaErrorPeerAccessNotEnabled);
  EXPECT_EQ(read_on(1), 5);
  shared_number = 20;
  const OnDevice again(1);
  count_kernel<<<1, 1>>>();
  ASSERT_EQ(cudaDeviceSynchronize(), cudaSuccess) << vgpu::runtime::last_fault();
  EXPECT_EQ(shared_number, 21) << "managed variables stay where the host knows them";
}

}  // namespace
