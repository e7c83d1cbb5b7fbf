// CUDA arrays: what may be made, how bytes get in and out, and surfaces over them.
#include <gtest/gtest.h>

#include <numeric>
#include <vector>

#include "vgpu/runtime/device.h"

// Some copies of arrays are deprecated, and still there.
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
#pragma nv_diag_suppress 1444

namespace {

std::string fault() { return vgpu::runtime::last_fault(); }

/// The code, and the last error is cleared.
cudaError_t cleared(cudaError_t code) {
  cudaGetLastError();
  return code;
}

#define OK(call) ASSERT_EQ(call, cudaSuccess) << fault()

const cudaChannelFormatDesc kInt = cudaCreateChannelDesc<int>();

cudaArray_t new_array(cudaExtent extent, unsigned flags,
                      const cudaChannelFormatDesc& description = kInt) {
  cudaArray_t out = nullptr;
  EXPECT_EQ(cudaMalloc3DArray(&out, &description, extent, flags), cudaSuccess) << fault();
  return out;
}

std::vector<int> bytes_of(cudaArray_t array, int width, int height, int depth) {
  std::vector<int> out(width * height * depth);
  cudaMemcpy3DParms copy{};
  copy.srcArray = array;
  copy.dstPtr = make_cudaPitchedPtr(out.data(), width * sizeof(int), width, height);
  copy.extent = make_cudaExtent(width, height, depth);
  copy.kind = cudaMemcpyDeviceToHost;
  EXPECT_EQ(cudaMemcpy3D(&copy), cudaSuccess) << fault();
  return out;
}

TEST(Arrays, TellWhatTheyAre) {
  std::size_t free_before = 0, free_during = 0, total = 0;
  OK(cudaMemGetInfo(&free_before, &total));
  cudaArray_t array = new_array({6, 5, 0}, cudaArraySurfaceLoadStore);
  OK(cudaMemGetInfo(&free_during, &total));
  EXPECT_EQ(free_before - free_during, 6u * 5 * 4);
  cudaChannelFormatDesc description{};
  cudaExtent extent{};
  unsigned flags = 0;
  OK(cudaArrayGetInfo(&description, &extent, &flags, array));
  EXPECT_EQ(description.x, 32);
  EXPECT_EQ(description.y, 0);
  EXPECT_EQ(description.f, cudaChannelFormatKindSigned);
  EXPECT_EQ(extent.width, 6u);
  EXPECT_EQ(extent.height, 5u);
  EXPECT_EQ(extent.depth, 0u);
  EXPECT_EQ(flags, unsigned{cudaArraySurfaceLoadStore});
  OK(cudaGetChannelDesc(&description, array));
  EXPECT_EQ(description.x, 32);
  cudaArray_t plane = nullptr;
  EXPECT_EQ(cleared(cudaArrayGetPlane(&plane, array, 0)), cudaErrorInvalidValue);
  cudaArrayMemoryRequirements requirements{};
  EXPECT_EQ(cleared(cudaArrayGetMemoryRequirements(&requirements, array, 0)),
            cudaErrorInvalidValue);
  OK(cudaFreeArray(array));
  EXPECT_EQ(cleared(cudaFreeArray(array)), cudaErrorInvalidResourceHandle);
  EXPECT_EQ(cleared(cudaGetChannelDesc(&description, array)), cudaErrorInvalidResourceHandle);
  OK(cudaFreeArray(nullptr));
  OK(cudaMemGetInfo(&free_during, &total));
  EXPECT_EQ(free_before, free_during);
}

TEST(Arrays, WhatDoesNotFitIsRefused) {
  cudaDeviceProp prop;
  OK(cudaGetDeviceProperties(&prop, 0));
  cudaArray_t array = nullptr;
  const auto refused = [&](cudaExtent extent, unsigned flags) {
    return cleared(cudaMalloc3DArray(&array, &kInt, extent, flags));
  };
  const auto one_more = [](int limit) { return static_cast<std::size_t>(limit) + 1; };
  EXPECT_EQ(refused({one_more(prop.maxTexture1D), 0, 0}, 0), cudaErrorInvalidValue);
  EXPECT_NE(fault().find("allowed: 1 to (131072,0,0)"), std::string::npos) << fault();
  EXPECT_EQ(refused({1, one_more(prop.maxTexture2D[1]), 0}, 0), cudaErrorInvalidValue);
  EXPECT_EQ(refused({1, one_more(prop.maxTexture2DGather[1]), 0}, cudaArrayTextureGather),
            cudaErrorInvalidValue);
  EXPECT_EQ(refused({1, 1, one_more(prop.maxTexture3DAlt[2])}, 0), cudaErrorInvalidValue);
  EXPECT_EQ(refused({1, 0, one_more(prop.maxTexture1DLayered[1])}, cudaArrayLayered),
            cudaErrorInvalidValue);
  EXPECT_EQ(refused({one_more(prop.maxSurface1D), 0, 0}, cudaArraySurfaceLoadStore),
            cudaErrorInvalidValue);
  EXPECT_EQ(refused({0, 0, 0}, 0), cudaErrorInvalidValue);
  EXPECT_EQ(refused({4, 5, 6}, cudaArrayCubemap), cudaErrorInvalidValue);
  EXPECT_EQ(refused({4, 4, 7}, cudaArrayCubemap | cudaArrayLayered), cudaErrorInvalidValue);
  EXPECT_EQ(refused({4, 4, 4}, cudaArrayTextureGather), cudaErrorInvalidValue);
  EXPECT_EQ(refused({4, 4, 0}, 0x1000), cudaErrorInvalidValue);
  EXPECT_EQ(refused({4, 4, 0}, cudaArraySparse), cudaErrorNotSupported);
  EXPECT_EQ(cleared(cudaMallocArray(&array, &kInt, 4, 4, cudaArrayLayered)), cudaErrorInvalidValue);
  const cudaChannelFormatDesc three{8, 8, 8, 0, cudaChannelFormatKindUnsigned},
      gap{8, 0, 8, 0, cudaChannelFormatKindUnsigned}, small{8, 0, 0, 0, cudaChannelFormatKindFloat};
  for (const auto& d : {three, gap, small})
    EXPECT_EQ(cleared(cudaMallocArray(&array, &d, 4)), cudaErrorInvalidChannelDescriptor);
  const auto planar = cudaCreateChannelDesc<cudaChannelFormatKindNV12>();
  EXPECT_EQ(cleared(cudaMallocArray(&array, &planar, 4, 4)), cudaErrorNotSupported);
  std::size_t most = 0;
  OK(cudaDeviceGetTexture1DLinearMaxWidth(&most, &kInt, 0));
  EXPECT_EQ(most, std::size_t{1} << 28);
}

TEST(ArrayCopies, RowsGoInAndOutAndAcross) {
  std::vector<int> in(6 * 8);
  std::iota(in.begin(), in.end(), 0);
  cudaArray_t a = new_array({8, 6, 0}, 0), b = new_array({8, 6, 0}, 0);
  OK(cudaMemcpy2DToArray(a, 0, 0, in.data(), 32, 32, 6, cudaMemcpyHostToDevice));
  EXPECT_EQ(bytes_of(a, 8, 6, 1), in);
  std::vector<int> part(3 * 4, -1);
  OK(cudaMemcpy2DFromArrayAsync(part.data(), 16, a, 8, 1, 12, 3, cudaMemcpyDeviceToHost, nullptr));
  for (int y = 0; y < 3; ++y)
    for (int x = 0; x < 4; ++x) EXPECT_EQ(part[y * 4 + x], x < 3 ? in[(y + 1) * 8 + x + 2] : -1);
  OK(cudaMemcpy2DToArrayAsync(b, 0, 0, in.data(), 32, 32, 6, cudaMemcpyHostToDevice, nullptr));
  OK(cudaMemcpy2DArrayToArray(b, 4, 2, a, 8, 0, 12, 2, cudaMemcpyDeviceToDevice));
  std::vector<int> want = in;
  for (int y = 0; y < 2; ++y)
    for (int x = 0; x < 3; ++x) want[(y + 2) * 8 + x + 1] = in[y * 8 + x + 2];
  EXPECT_EQ(bytes_of(b, 8, 6, 1), want);
  const auto to = [&](std::size_t byte, std::size_t row, std::size_t width, std::size_t height) {
    return cleared(
        cudaMemcpy2DToArray(a, byte, row, in.data(), 32, width, height, cudaMemcpyHostToDevice));
  };
  EXPECT_EQ(to(4, 0, 32, 1), cudaErrorInvalidValue) << "too wide";
  EXPECT_EQ(to(0, 5, 32, 2), cudaErrorInvalidValue) << "too high";
  EXPECT_EQ(to(2, 0, 4, 1), cudaErrorInvalidValue) << "half a texel";
  EXPECT_EQ(to(0, 0, 36, 1), cudaErrorInvalidPitchValue);
  EXPECT_EQ(cleared(cudaMemcpy2DToArray(a, 0, 0, in.data(), 32, 32, 6, cudaMemcpyDeviceToDevice)),
            cudaErrorInvalidValue);
  EXPECT_EQ(cleared(cudaMemcpy2DToArray(nullptr, 0, 0, in.data(), 32, 32, 6, cudaMemcpyDefault)),
            cudaErrorInvalidResourceHandle);
  cudaFreeArray(a);
  cudaFreeArray(b);
}

TEST(ArrayCopies, BytesRunOnFromRowToRow) {
  std::vector<int> in(18), out(18);
  std::iota(in.begin(), in.end(), 1);
  cudaArray_t a = new_array({8, 4, 0}, 0), b = new_array({8, 4, 0}, 0);
  OK(cudaMemcpyToArray(a, 20, 1, in.data(), 72, cudaMemcpyHostToDevice));
  OK(cudaMemcpyArrayToArray(b, 0, 0, a, 20, 1, 72, cudaMemcpyDeviceToDevice));
  OK(cudaMemcpyFromArray(out.data(), b, 0, 0, 72, cudaMemcpyDeviceToHost));
  EXPECT_EQ(out, in);
  EXPECT_EQ(bytes_of(a, 8, 4, 1)[13], 1);
  EXPECT_EQ(cleared(cudaMemcpyToArray(a, 20, 1, in.data(), 80, cudaMemcpyHostToDevice)),
            cudaErrorInvalidValue);
  cudaFreeArray(a);
  cudaFreeArray(b);
}

TEST(ArrayCopies, BoxesKeepTheirPlaces) {
  cudaArray_t array = new_array({4, 3, 2}, 0), other = new_array({2, 2, 2}, 0);
  std::vector<int> in(24), zeros(24);
  std::iota(in.begin(), in.end(), 100);
  cudaMemcpy3DParms copy{};
  copy.srcPtr = make_cudaPitchedPtr(in.data(), 16, 4, 3);
  copy.dstArray = array;
  copy.extent = make_cudaExtent(4, 3, 2);
  copy.kind = cudaMemcpyHostToDevice;
  OK(cudaMemcpy3DAsync(&copy, nullptr));
  EXPECT_EQ(bytes_of(array, 4, 3, 2), in);
  cudaMemcpy3DParms across{};
  across.srcArray = array;
  across.srcPos = make_cudaPos(1, 1, 0);
  across.dstArray = other;
  across.extent = make_cudaExtent(2, 2, 2);
  across.kind = cudaMemcpyDeviceToDevice;
  OK(cudaMemcpy3D(&across));
  const auto got = bytes_of(other, 2, 2, 2);
  for (int z = 0; z < 2; ++z)
    for (int y = 0; y < 2; ++y)
      for (int x = 0; x < 2; ++x)
        EXPECT_EQ(got[(z * 2 + y) * 2 + x], in[(z * 3 + y + 1) * 4 + x + 1]);
  across.extent.width = 3;
  EXPECT_EQ(cleared(cudaMemcpy3D(&across)), cudaErrorInvalidValue);
  copy.srcArray = other;
  EXPECT_EQ(cleared(cudaMemcpy3D(&copy)), cudaErrorInvalidValue) << "two sources";
  cudaFreeArray(array);
  cudaFreeArray(other);
}

// --- surfaces ---

struct Surface {
  cudaSurfaceObject_t object = 0;
  explicit Surface(cudaArray_t array) {
    cudaResourceDesc resource{};
    resource.res.array.array = array;
    EXPECT_EQ(cudaCreateSurfaceObject(&object, &resource), cudaSuccess) << fault();
  }
  ~Surface() { EXPECT_EQ(cudaDestroySurfaceObject(object), cudaSuccess); }
};

__global__ void write_surfaces(cudaSurfaceObject_t line, cudaSurfaceObject_t plane,
                               cudaSurfaceObject_t volume, cudaSurfaceObject_t lines,
                               cudaSurfaceObject_t planes, cudaSurfaceObject_t cube) {
  const int i = threadIdx.x, x = i % 4, y = i / 4 % 4, z = i / 16;
  if (i < 4) surf1Dwrite(i + 1, line, x * 4);
  if (i < 16) surf2Dwrite(10 + i, plane, x * 4, y);
  if (i < 32) surf3Dwrite(20 + i, volume, x * 4, y, z);
  if (i < 8) surf1DLayeredwrite(30 + i, lines, x * 4, y);
  if (i < 32) surf2DLayeredwrite(40 + i, planes, x * 4, y, z);
  surfCubemapwrite(50 + i, cube, x * 4, y, z);
}

__global__ void read_surfaces(cudaSurfaceObject_t line, cudaSurfaceObject_t plane,
                              cudaSurfaceObject_t volume, cudaSurfaceObject_t lines,
                              cudaSurfaceObject_t planes, cudaSurfaceObject_t cube, int* out) {
  out[0] = surf1Dread<int>(line, 12);
  out[1] = surf2Dread<int>(plane, 8, 3);
  out[2] = surf3Dread<int>(volume, 4, 2, 1);
  out[3] = surf1DLayeredread<int>(lines, 8, 1);
  out[4] = surf2DLayeredread<int>(planes, 0, 1, 1);
  out[5] = surfCubemapread<int>(cube, 12, 3, 5);
  out[6] = surf2Dread<int>(plane, -4, 9, cudaBoundaryModeClamp);
  out[7] = surf2Dread<int>(plane, -4, 0, cudaBoundaryModeZero);
  surf2Dwrite(99, plane, 400, 400, cudaBoundaryModeZero);
  surf2Dwrite(77, plane, 400, 400, cudaBoundaryModeClamp);
  out[8] = surf2Dread<int>(plane, 12, 3);
}

TEST(Surfaces, AreWrittenAndReadInEveryShape) {
  const unsigned flag = cudaArraySurfaceLoadStore;
  cudaArray_t arrays[] = {new_array({4, 0, 0}, flag),
                          new_array({4, 4, 0}, flag),
                          new_array({4, 4, 2}, flag),
                          new_array({4, 0, 2}, flag | cudaArrayLayered),
                          new_array({4, 4, 2}, flag | cudaArrayLayered),
                          new_array({4, 4, 6}, flag | cudaArrayCubemap)};
  int* out = nullptr;
  OK(cudaMallocManaged(&out, 9 * sizeof(int)));
  {
    const Surface s[] = {Surface(arrays[0]), Surface(arrays[1]), Surface(arrays[2]),
                         Surface(arrays[3]), Surface(arrays[4]), Surface(arrays[5])};
    write_surfaces<<<1, 96>>>(s[0].object, s[1].object, s[2].object, s[3].object, s[4].object,
                              s[5].object);
    OK(cudaDeviceSynchronize());
    read_surfaces<<<1, 1>>>(s[0].object, s[1].object, s[2].object, s[3].object, s[4].object,
                            s[5].object, out);
    OK(cudaDeviceSynchronize());
  }
  const int want[] = {4, 10 + 14, 20 + 25, 30 + 6, 40 + 20, 50 + 95, 10 + 12, 0, 77};
  for (int i = 0; i < 9; ++i) EXPECT_EQ(out[i], want[i]) << i;
  EXPECT_EQ(bytes_of(arrays[2], 4, 4, 2)[31], 20 + 31);
  for (cudaArray_t array : arrays) OK(cudaFreeArray(array));
  cudaFree(out);
}

__global__ void write_outside(cudaSurfaceObject_t plane) { surf2Dwrite(1, plane, 8, 7); }

TEST(SurfaceFaults, AWriteOutsideStopsTheLaunchAndNamesTheInstruction) {
  cudaArray_t array = new_array({4, 4, 0}, cudaArraySurfaceLoadStore);
  const Surface* surface = new Surface(array);  // gone with the device

  write_outside<<<1, 1>>>(surface->object);

  EXPECT_EQ(cudaDeviceSynchronize(), cudaErrorLaunchFailure);
  for (const char* part :
       {"sust.b.2d.b32.trap", "write_outside", "lies outside a surface", "byte 8, row 7"})
    EXPECT_NE(fault().find(part), std::string::npos) << part << " in " << fault();
  OK(cudaDeviceReset());
  EXPECT_EQ(cleared(cudaFreeArray(array)), cudaErrorInvalidResourceHandle);
  EXPECT_EQ(cleared(cudaDestroySurfaceObject(surface->object)), cudaErrorInvalidValue);
}

// --- what textures and surfaces may be made of ---

TEST(TextureObjects, GiveBackTheirDescriptions) {
  cudaArray_t array = new_array({4, 4, 0}, 0);
  cudaResourceDesc resource{}, got_resource{};
  resource.res.array.array = array;
  cudaTextureDesc texture{}, got_texture{};
  texture.addressMode[1] = cudaAddressModeBorder;
  cudaResourceViewDesc view{}, got_view{};
  view.format = cudaResViewFormatUnsignedChar4;
  view.width = view.height = 4;
  cudaTextureObject_t object = 0, plain = 0;
  OK(cudaCreateTextureObject(&object, &resource, &texture, &view));
  OK(cudaCreateTextureObject(&plain, &resource, &texture, nullptr));
  OK(cudaGetTextureObjectResourceDesc(&got_resource, object));
  OK(cudaGetTextureObjectTextureDesc(&got_texture, object));
  OK(cudaGetTextureObjectResourceViewDesc(&got_view, object));
  EXPECT_EQ(got_resource.res.array.array, array);
  EXPECT_EQ(got_texture.addressMode[1], cudaAddressModeBorder);
  EXPECT_EQ(got_view.format, cudaResViewFormatUnsignedChar4);
  EXPECT_EQ(cleared(cudaGetTextureObjectResourceViewDesc(&got_view, plain)), cudaErrorInvalidValue);
  EXPECT_EQ(cleared(cudaDestroySurfaceObject(object)), cudaErrorInvalidValue);
  OK(cudaDestroyTextureObject(object));
  OK(cudaDestroyTextureObject(plain));
  EXPECT_EQ(cleared(cudaDestroyTextureObject(object)), cudaErrorInvalidValue);
  cudaFreeArray(array);
}

TEST(TextureObjects, WhatDoesNotFitIsRefused) {
  cudaArray_t array = new_array({4, 4, 0}, 0);
  char* memory = nullptr;
  OK(cudaMalloc(&memory, 4096));
  cudaResourceDesc resource{};
  resource.res.array.array = array;
  cudaTextureDesc texture{};
  cudaTextureObject_t object = 0;
  const auto made = [&] {
    return cleared(cudaCreateTextureObject(&object, &resource, &texture, nullptr));
  };
  texture.filterMode = cudaFilterModeLinear;
  EXPECT_EQ(made(), cudaErrorInvalidFilterSetting) << "integers";
  texture.filterMode = cudaFilterModePoint;
  texture.seamlessCubemap = 1;
  EXPECT_EQ(made(), cudaErrorInvalidValue);
  texture.seamlessCubemap = 0;
  texture.addressMode[0] = static_cast<cudaTextureAddressMode>(9);
  EXPECT_EQ(made(), cudaErrorInvalidValue);
  texture.addressMode[0] = cudaAddressModeWrap;
  EXPECT_EQ(cleared(cudaCreateSurfaceObject(&object, &resource)), cudaErrorInvalidValue)
      << "without the flag";
  resource.resType = cudaResourceTypeLinear;
  resource.res.linear = {memory + 4, kInt, 64};
  EXPECT_EQ(made(), cudaErrorInvalidValue) << "misplaced";
  resource.res.linear = {memory, kInt, 4100};
  EXPECT_EQ(made(), cudaErrorInvalidValue) << "too long";
  EXPECT_NE(fault().find("reaches out of its allocation"), std::string::npos) << fault();
  resource.resType = cudaResourceTypePitch2D;
  resource.res.pitch2D = {memory, kInt, 16, 4, 60};
  EXPECT_EQ(made(), cudaErrorInvalidValue) << "a pitch that is no multiple of 32";
  resource.resType = cudaResourceTypeArray;
  resource.res.array.array = reinterpret_cast<cudaArray_t>(memory);
  EXPECT_EQ(made(), cudaErrorInvalidResourceHandle);
  cudaFree(memory);
  cudaFreeArray(array);
}

}  // namespace
