// Pools, host memory, hints for managed memory, copies in batches, and what streams remember.
#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <vector>

#include "vgpu/runtime/device.h"

namespace {

std::string fault() { return vgpu::runtime::last_fault(); }

cudaError_t cleared(cudaError_t code) {
  cudaGetLastError();
  return code;
}

const cudaMemLocation kDevice{cudaMemLocationTypeDevice, 0}, kHost{cudaMemLocationTypeHost, 0};

/// As static objects of a program do it: before main.
void* const allocated_early = [] {
  void* p = nullptr;
  return cudaMalloc(&p, 64) == cudaSuccess ? p : nullptr;
}();
const cudaStream_t made_early = [] {
  cudaStream_t stream = nullptr;
  return cudaStreamCreate(&stream) == cudaSuccess ? stream : nullptr;
}();

const cudaTextureObject_t texture_early = [] {
  const cudaChannelFormatDesc description = cudaCreateChannelDesc<float>();
  cudaResourceDesc resource{};
  resource.resType = cudaResourceTypeArray;
  if (cudaMallocArray(&resource.res.array.array, &description, 8, 8) != cudaSuccess)
    return cudaTextureObject_t{0};
  const cudaTextureDesc how{};
  cudaTextureObject_t texture = 0;
  return cudaCreateTextureObject(&texture, &resource, &how, nullptr) == cudaSuccess ? texture : 0;
}();

TEST(StaticObjects, MayCallCudaBeforeMain) {
  ASSERT_NE(allocated_early, nullptr);
  EXPECT_EQ(cudaMemsetAsync(allocated_early, 0, 64, made_early), cudaSuccess);
  EXPECT_EQ(cudaStreamSynchronize(made_early), cudaSuccess);
  ASSERT_NE(texture_early, 0u);
  cudaResourceDesc resource{};
  ASSERT_EQ(cudaGetTextureObjectResourceDesc(&resource, texture_early), cudaSuccess);
  EXPECT_EQ(cudaDestroyTextureObject(texture_early), cudaSuccess);
  EXPECT_EQ(cudaFreeArray(resource.res.array.array), cudaSuccess);
}

std::uint64_t attribute(cudaMemPool_t pool, cudaMemPoolAttr which) {
  std::uint64_t value = 0;
  EXPECT_EQ(cudaMemPoolGetAttribute(pool, which, &value), cudaSuccess);
  return value;
}

TEST(Pool, CountsItsOwnMemory) {
  cudaMemPoolProps properties{};
  properties.allocType = cudaMemAllocationTypePinned;
  properties.location = kDevice;
  properties.maxSize = 1 << 16;
  cudaMemPool_t pool = nullptr, other = nullptr;
  ASSERT_EQ(cudaMemPoolCreate(&pool, &properties), cudaSuccess);
  ASSERT_EQ(cudaDeviceGetDefaultMemPool(&other, 0), cudaSuccess);
  const std::uint64_t others = attribute(other, cudaMemPoolAttrUsedMemCurrent);
  void *first = nullptr, *second = nullptr, *more = nullptr;
  ASSERT_EQ(cudaMallocFromPoolAsync(&first, 1 << 14, pool, nullptr), cudaSuccess);
  ASSERT_EQ(cudaMallocFromPoolAsync(&second, 1 << 15, pool, nullptr), cudaSuccess);
  EXPECT_EQ(attribute(pool, cudaMemPoolAttrUsedMemCurrent), 3u << 14);
  EXPECT_EQ(attribute(other, cudaMemPoolAttrUsedMemCurrent), others);
  EXPECT_EQ(cleared(cudaMallocFromPoolAsync(&more, 1 << 15, pool, nullptr)),
            cudaErrorMemoryAllocation)
      << "beyond its size";
  EXPECT_EQ(cudaFreeAsync(first, nullptr), cudaSuccess);
  EXPECT_EQ(attribute(pool, cudaMemPoolAttrUsedMemCurrent), 1u << 15);
  EXPECT_EQ(attribute(pool, cudaMemPoolAttrUsedMemHigh), 3u << 14);
  std::uint64_t zero = 0;
  ASSERT_EQ(cudaMemPoolSetAttribute(pool, cudaMemPoolAttrUsedMemHigh, &zero), cudaSuccess);
  EXPECT_EQ(attribute(pool, cudaMemPoolAttrUsedMemHigh), 1u << 15);
  EXPECT_EQ(cudaMemPoolDestroy(pool), cudaSuccess);
  EXPECT_EQ(cudaMemset(second, 0, 1 << 15), cudaSuccess) << "memory outlives its pool";
  EXPECT_EQ(cudaFree(second), cudaSuccess);
  EXPECT_EQ(cleared(cudaMemPoolTrimTo(pool, 0)), cudaErrorInvalidValue);
}

TEST(Pool, OfTheDeviceIsReplacedAndShared) {
  cudaMemPoolProps properties{};
  properties.allocType = cudaMemAllocationTypePinned;
  properties.location = kDevice;
  cudaMemPool_t pool = nullptr, now = nullptr;
  ASSERT_EQ(cudaMemPoolCreate(&pool, &properties), cudaSuccess);
  ASSERT_EQ(cudaDeviceSetMemPool(0, pool), cudaSuccess);
  ASSERT_EQ(cudaDeviceGetMemPool(&now, 0), cudaSuccess);
  EXPECT_EQ(now, pool);
  void* p = nullptr;
  ASSERT_EQ(cudaMallocAsync(&p, 64, nullptr), cudaSuccess);
  EXPECT_EQ(attribute(pool, cudaMemPoolAttrUsedMemCurrent), 64u);
  cudaFreeAsync(p, nullptr);
  cudaMemLocation where = kDevice;
  cudaMemAccessFlags flags{};
  ASSERT_EQ(cudaMemPoolGetAccess(&flags, pool, &where), cudaSuccess);
  EXPECT_EQ(flags, cudaMemAccessFlagsProtReadWrite);
  EXPECT_EQ(cudaMemPoolDestroy(pool), cudaSuccess);
  ASSERT_EQ(cudaDeviceGetMemPool(&now, 0), cudaSuccess);
  EXPECT_NE(now, pool);
  properties.handleTypes = cudaMemHandleTypePosixFileDescriptor;
  EXPECT_EQ(cleared(cudaMemPoolCreate(&pool, &properties)), cudaErrorNotSupported);
  EXPECT_NE(fault().find("other processes"), std::string::npos) << fault();
}

TEST(HostMemory, KeepsItsFlagsAndItsPlace) {
  std::vector<char> own(4096);
  EXPECT_EQ(cleared(cudaHostRegister(own.data(), own.size(), 0x100)), cudaErrorInvalidValue);
  ASSERT_EQ(cudaHostRegister(own.data(), own.size(), cudaHostRegisterPortable), cudaSuccess);
  EXPECT_EQ(cleared(cudaHostRegister(own.data() + 100, 10, 0)),
            cudaErrorHostMemoryAlreadyRegistered);
  unsigned flags = 0;
  ASSERT_EQ(cudaHostGetFlags(&flags, own.data() + 1), cudaSuccess);
  EXPECT_TRUE(flags & cudaHostRegisterPortable);
  void* device = nullptr;
  ASSERT_EQ(cudaHostGetDevicePointer(&device, own.data() + 8, 0), cudaSuccess);
  EXPECT_EQ(device, own.data() + 8);
  ASSERT_EQ(cudaHostUnregister(own.data()), cudaSuccess);
  EXPECT_EQ(cleared(cudaHostGetDevicePointer(&device, own.data(), 0)), cudaErrorInvalidValue);
  void* pinned = nullptr;
  EXPECT_EQ(cleared(cudaHostAlloc(&pinned, 64, 0x10)), cudaErrorInvalidValue);
  ASSERT_EQ(cudaHostAlloc(&pinned, 64, cudaHostAllocWriteCombined), cudaSuccess);
  ASSERT_EQ(cudaHostGetFlags(&flags, pinned), cudaSuccess);
  EXPECT_TRUE(flags & cudaHostAllocWriteCombined);
  cudaFreeHost(pinned);
}

TEST(Managed, HintsAreAskedBack) {
  char* p = nullptr;
  ASSERT_EQ(cudaMallocManaged(&p, 4096), cudaSuccess);
  const auto ask = [&](cudaMemRangeAttribute which, std::size_t from, std::size_t bytes) {
    int value = -9;
    EXPECT_EQ(cudaMemRangeGetAttribute(&value, sizeof value, which, p + from, bytes), cudaSuccess);
    return value;
  };
  EXPECT_EQ(ask(cudaMemRangeAttributePreferredLocation, 0, 4096), cudaInvalidDeviceId);
  ASSERT_EQ(cudaMemAdvise(p, 1024, cudaMemAdviseSetPreferredLocation, kDevice), cudaSuccess);
  ASSERT_EQ(cudaMemAdvise(p, 4096, cudaMemAdviseSetReadMostly, kDevice), cudaSuccess);
  ASSERT_EQ(cudaMemPrefetchAsync(p, 4096, kHost, 0, nullptr), cudaSuccess);
  EXPECT_EQ(ask(cudaMemRangeAttributePreferredLocation, 0, 1024), 0);
  EXPECT_EQ(ask(cudaMemRangeAttributePreferredLocation, 0, 1025), cudaInvalidDeviceId);
  EXPECT_EQ(ask(cudaMemRangeAttributeReadMostly, 0, 4096), 1);
  EXPECT_EQ(ask(cudaMemRangeAttributeLastPrefetchLocation, 5, 7), cudaCpuDeviceId);
  ASSERT_EQ(cudaMemAdvise(p + 64, 64, cudaMemAdviseUnsetReadMostly, kDevice), cudaSuccess);
  EXPECT_EQ(ask(cudaMemRangeAttributeReadMostly, 0, 4096), 0);
  ASSERT_EQ(cudaMemAdvise(p, 4096, cudaMemAdviseSetAccessedBy, kDevice), cudaSuccess);
  ASSERT_EQ(cudaMemAdvise(p, 4096, cudaMemAdviseSetAccessedBy, kHost), cudaSuccess);
  int devices[3] = {};
  ASSERT_EQ(
      cudaMemRangeGetAttribute(devices, sizeof devices, cudaMemRangeAttributeAccessedBy, p, 4096),
      cudaSuccess);
  EXPECT_EQ(devices[0], cudaCpuDeviceId);
  EXPECT_EQ(devices[1], 0);
  EXPECT_EQ(devices[2], cudaInvalidDeviceId);
  EXPECT_EQ(cleared(cudaMemAdvise(p, 4097, cudaMemAdviseSetReadMostly, kDevice)),
            cudaErrorInvalidValue);
  EXPECT_EQ(cleared(cudaMemPrefetchAsync(p, 16, {cudaMemLocationTypeDevice, 4}, 0, nullptr)),
            cudaErrorInvalidDevice);
  cudaFree(p);
  void* device = nullptr;
  ASSERT_EQ(cudaMalloc(&device, 64), cudaSuccess);
  EXPECT_EQ(cleared(cudaMemAdvise(device, 64, cudaMemAdviseSetReadMostly, kDevice)),
            cudaErrorInvalidValue)
      << "not managed";
  cudaFree(device);
}

TEST(Copies, OfABatchAreAllDone) {
  int from[2] = {3, 4}, to[2] = {}, *device = nullptr;
  ASSERT_EQ(cudaMalloc(&device, sizeof from), cudaSuccess);
  void* targets[] = {device, device + 1};
  const void* sources[] = {from, from + 1};
  const std::size_t sizes[] = {4, 4};
  cudaMemcpyAttributes attributes{};
  attributes.srcAccessOrder = cudaMemcpySrcAccessOrderStream;
  std::size_t first = 0;
  cudaStream_t stream = nullptr;
  ASSERT_EQ(cudaStreamCreate(&stream), cudaSuccess);
  ASSERT_EQ(cudaMemcpyBatchAsync(targets, sources, sizes, 2, &attributes, &first, 1, stream),
            cudaSuccess);
  ASSERT_EQ(cudaMemcpyWithAttributesAsync(to, device, sizeof to, &attributes, stream), cudaSuccess);
  EXPECT_EQ(to[0], 3);
  EXPECT_EQ(to[1], 4);
  attributes.srcAccessOrder = cudaMemcpySrcAccessOrderInvalid;
  EXPECT_EQ(
      cleared(cudaMemcpyBatchAsync(targets, sources, sizes, 2, &attributes, &first, 1, stream)),
      cudaErrorInvalidValue);
  cudaMemcpy3DBatchOp box{};
  box.src.type = box.dst.type = cudaMemcpyOperandTypePointer;
  box.src.op.ptr.ptr = device;
  box.dst.op.ptr.ptr = to;
  box.extent = make_cudaExtent(4, 2, 1);
  box.srcAccessOrder = cudaMemcpySrcAccessOrderAny;
  to[0] = to[1] = 0;
  EXPECT_EQ(cudaMemcpy3DBatchAsync(1, &box, 0, stream), cudaSuccess);
  EXPECT_EQ(to[1], 4);
  cudaStreamDestroy(stream);
  cudaFree(device);
}

TEST(StreamAttributes, AreRememberedAndCopied) {
  cudaStream_t first = nullptr, second = nullptr;
  ASSERT_EQ(cudaStreamCreate(&first), cudaSuccess);
  ASSERT_EQ(cudaStreamCreateWithPriority(&second, cudaStreamDefault, -99), cudaSuccess);
  int priority = 0;
  ASSERT_EQ(cudaStreamGetPriority(second, &priority), cudaSuccess);
  EXPECT_EQ(priority, -5) << "the highest there is";
  cudaStreamAttrValue value{}, read{};
  value.syncPolicy = cudaSyncPolicyYield;
  ASSERT_EQ(cudaStreamSetAttribute(first, cudaStreamAttributeSynchronizationPolicy, &value),
            cudaSuccess);
  ASSERT_EQ(cudaStreamCopyAttributes(second, first), cudaSuccess);
  ASSERT_EQ(cudaStreamGetAttribute(second, cudaStreamAttributeSynchronizationPolicy, &read),
            cudaSuccess);
  EXPECT_EQ(read.syncPolicy, cudaSyncPolicyYield);
  EXPECT_EQ(cleared(cudaStreamSetAttribute(first, cudaLaunchAttributeCooperative, &value)),
            cudaErrorInvalidValue);
  unsigned long long a = 0, b = 0;
  ASSERT_EQ(cudaStreamGetId(first, &a), cudaSuccess);
  ASSERT_EQ(cudaStreamGetId(second, &b), cudaSuccess);
  EXPECT_NE(a, b);
  cudaStreamDestroy(first);
  cudaStreamDestroy(second);
  cudaEvent_t event = nullptr;
  EXPECT_EQ(cleared(cudaEventCreateWithFlags(&event, 0x100)), cudaErrorInvalidValue);
  EXPECT_EQ(cleared(cudaEventCreateWithFlags(&event, cudaEventInterprocess)),
            cudaErrorInvalidValue);
}

TEST(Limits, AndFlagsAreTheDevices) {
  unsigned flags = 0;
  ASSERT_EQ(cudaSetDeviceFlags(cudaDeviceScheduleYield), cudaSuccess);
  ASSERT_EQ(cudaGetDeviceFlags(&flags), cudaSuccess);
  EXPECT_EQ(flags & cudaDeviceScheduleMask, unsigned{cudaDeviceScheduleYield});
  EXPECT_EQ(cleared(cudaSetDeviceFlags(0x1000)), cudaErrorInvalidValue);
  std::size_t value = 0;
  ASSERT_EQ(cudaDeviceGetLimit(&value, cudaLimitStackSize), cudaSuccess);
  EXPECT_EQ(value, 1024u);
  EXPECT_EQ(cleared(cudaDeviceGetLimit(&value, static_cast<cudaLimit>(99))), cudaErrorInvalidValue);
}

}  // namespace
