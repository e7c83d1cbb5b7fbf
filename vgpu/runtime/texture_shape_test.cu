// Textures of layers, cubes and levels, and gathering, against loops on the host.
#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "vgpu/runtime/texture_test.h"

namespace {

__global__ void sample_layers(cudaTextureObject_t lines, cudaTextureObject_t planes, float* out) {
  const int i = threadIdx.x, layer = i % 5;
  out[2 * i] = tex1DLayered<float>(lines, i / 4 + 0.5f, layer);
  out[2 * i + 1] = tex2DLayered<float>(planes, i / 8 + 0.5f, i % 3 + 0.5f, layer);
}

TEST(Textures, LayersAreApartAndTheLastStandsForThoseBeyond) {
  const Host lines(8, 1, 4), planes(4, 3, 4);
  const auto description = cudaCreateChannelDesc<float>();
  cudaArray_t arrays[2] = {};
  OK(cudaMalloc3DArray(&arrays[0], &description, make_cudaExtent(8, 0, 4), cudaArrayLayered));
  OK(cudaMalloc3DArray(&arrays[1], &description, make_cudaExtent(4, 3, 4), cudaArrayLayered));
  for (int k = 0; k < 2; ++k) {
    const Host& host = k ? planes : lines;
    cudaMemcpy3DParms copy{};
    copy.srcPtr = make_cudaPitchedPtr(const_cast<float*>(host.texels.data()), host.width * 4,
                                      host.width, host.height);
    copy.dstArray = arrays[k];
    copy.extent = make_cudaExtent(host.width, host.height, host.depth);
    copy.kind = cudaMemcpyHostToDevice;
    OK(cudaMemcpy3D(&copy));
  }
  const cudaTextureDesc t = sampler(cudaAddressModeClamp, cudaFilterModePoint, false);
  const Texture a(resource_of(arrays[0]), t), b(resource_of(arrays[1]), t);
  Managed<float> out(64);

  sample_layers<<<1, 32>>>(a.object, b.object, out.data);

  OK(cudaDeviceSynchronize());
  for (int i = 0; i < 32; ++i) {
    const int layer = std::min(i % 5, 3);
    EXPECT_EQ(out[2 * i], lines.at(i / 4, 0, layer, cudaAddressModeClamp)) << i;
    EXPECT_EQ(out[2 * i + 1], planes.at(i / 8, i % 3, layer, cudaAddressModeClamp)) << i;
  }
  for (cudaArray_t array : arrays) cudaFreeArray(array);
}

__global__ void sample_cubes(cudaTextureObject_t cube, cudaTextureObject_t cubes, float* out) {
  const float x[] = {1, -1, 0.5f, 0.5f, 0.5f, 0.5f}, y[] = {0.5f, 0.5f, 1, -1, 0.5f, 0.5f},
              z[] = {0.25f, 0.25f, 0.25f, 0.25f, 1, -1};
  const int i = threadIdx.x;
  if (i >= 12) return;
  out[i] = i < 6 ? texCubemap<float>(cube, x[i], y[i], z[i])
                 : texCubemapLayered<float>(cubes, x[i - 6], y[i - 6], z[i - 6], 1);
}

TEST(Textures, DirectionsMeetTheFacesOfCubes) {
  const Host host(4, 4, 12);
  const auto description = cudaCreateChannelDesc<float>();
  cudaArray_t arrays[2] = {};
  for (int k = 0; k < 2; ++k) {
    OK(cudaMalloc3DArray(&arrays[k], &description, make_cudaExtent(4, 4, k ? 12 : 6),
                         cudaArrayCubemap | (k ? cudaArrayLayered : 0)));
    cudaMemcpy3DParms copy{};
    copy.srcPtr = make_cudaPitchedPtr(const_cast<float*>(host.texels.data()), 16, 4, 4);
    copy.dstArray = arrays[k];
    copy.extent = make_cudaExtent(4, 4, k ? 12 : 6);
    copy.kind = cudaMemcpyDefault;
    OK(cudaMemcpy3D(&copy));
  }
  const cudaTextureDesc t = sampler(cudaAddressModeClamp, cudaFilterModePoint, true);
  const Texture cube(resource_of(arrays[0]), t), cubes(resource_of(arrays[1]), t);
  Managed<float> out(12);

  sample_cubes<<<1, 32>>>(cube.object, cubes.object, out.data);

  OK(cudaDeviceSynchronize());
  // (s, t) of each face for the directions above, from the guide's table.
  const float s[] = {-0.25f, 0.25f, 0.5f, 0.5f, 0.5f, -0.5f},
              down[] = {-0.5f, -0.5f, 0.25f, -0.25f, -0.5f, -0.5f};
  for (int i = 0; i < 12; ++i)
    EXPECT_EQ(out[i], host.at(int((s[i % 6] + 1) / 2 * 4), int((down[i % 6] + 1) / 2 * 4), i,
                              cudaAddressModeClamp))
        << i;
  for (cudaArray_t array : arrays) cudaFreeArray(array);
}

__global__ void sample_levels(cudaTextureObject_t t, float* out) {
  out[0] = tex2D<float>(t, 0.5f, 0.5f);
  out[1] = tex2DLod<float>(t, 0.5f, 0.5f, 1);
  out[2] = tex2DLod<float>(t, 0.5f, 0.5f, 1.25f);
  out[3] = tex2DLod<float>(t, 0.5f, 0.5f, 9);
  // Four texels of level 0 a step: level 2.
  out[4] = tex2DGrad<float>(t, 0.5f, 0.5f, make_float2(0.5f, 0), make_float2(0, 0.25f));
}

TEST(Textures, LevelsOfDetailAreBlended) {
  const auto description = cudaCreateChannelDesc<float>();
  cudaMipmappedArray_t levels = nullptr;
  OK(cudaMallocMipmappedArray(&levels, &description, make_cudaExtent(8, 8, 0), 99));
  for (unsigned i = 0; i < 4; ++i) {
    cudaArray_t level = nullptr;
    OK(cudaGetMipmappedArrayLevel(&level, levels, i));
    const std::vector<float> texels(64, 10.0f * i);
    const std::size_t width = (8u >> i) * sizeof(float);
    OK(cudaMemcpy2DToArray(level, 0, 0, texels.data(), width, width, 8u >> i,
                           cudaMemcpyHostToDevice));
  }
  cudaArray_t none = nullptr;
  EXPECT_EQ(cudaGetMipmappedArrayLevel(&none, levels, 4), cudaErrorInvalidValue);
  cudaResourceDesc resource{};
  resource.resType = cudaResourceTypeMipmappedArray;
  resource.res.mipmap.mipmap = levels;
  cudaTextureDesc t = sampler(cudaAddressModeClamp, cudaFilterModeLinear, true);
  t.mipmapFilterMode = cudaFilterModeLinear;
  t.maxMipmapLevelClamp = 3;
  Managed<float> out(5);
  {
    const Texture texture(resource, t);
    sample_levels<<<1, 1>>>(texture.object, out.data);
    OK(cudaDeviceSynchronize());
    const float want[] = {0, 10, 12.5f, 30, 20};
    for (int i = 0; i < 5; ++i) EXPECT_EQ(out[i], want[i]) << i;
  }
  cudaResourceViewDesc view{};
  view.width = view.height = 8;
  view.firstMipmapLevel = 1;
  view.lastMipmapLevel = 2;
  const Texture part(resource, t, &view);
  sample_levels<<<1, 1>>>(part.object, out.data);
  OK(cudaDeviceSynchronize());
  EXPECT_EQ(out[0], 10);
  EXPECT_EQ(out[3], 20);
  OK(cudaFreeMipmappedArray(levels));
}

__global__ void gather(cudaTextureObject_t t, float4* out) {
  out[0] = tex2Dgather<float4>(t, 2.5f, 1.5f, 0);
  out[1] = tex2Dgather<float4>(t, 2.49805f, 1.5f, 0);  // the guide's case: x rounds up to 2.5
}

TEST(Textures, GatherTakesTheFourTexelsOfAFilter) {
  const Host host(5, 4, 1);
  cudaArray_t array = array_of(host, 2, cudaArrayTextureGather);
  const Texture texture(resource_of(array),
                        sampler(cudaAddressModeClamp, cudaFilterModePoint, false));
  Managed<float4> out(2);

  gather<<<1, 1>>>(texture.object, out.data);

  OK(cudaDeviceSynchronize());
  for (int i = 0; i < 2; ++i) {
    const auto texel = [&](int x, int y) { return host.at(x, y, 0, cudaAddressModeClamp); };
    EXPECT_EQ(out[i].x, texel(2, 2));
    EXPECT_EQ(out[i].y, texel(3, 2));
    EXPECT_EQ(out[i].z, texel(3, 1));
    EXPECT_EQ(out[i].w, texel(2, 1));
  }
  cudaFreeArray(array);
}

}  // namespace
