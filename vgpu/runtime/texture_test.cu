// Textures and surfaces through the runtime and nvcc's own headers, against loops on the host.
#include <cuda_fp16.h>
#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "vgpu/runtime/texture_test.h"

namespace {

enum Kind { k1D, k2D, k3D };

__global__ void sample(cudaTextureObject_t t, const float3* at, float* out, int n, int kind) {
  const int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i >= n) return;
  const float3 p = at[i];
  out[i] = kind == k1D   ? tex1D<float>(t, p.x)
           : kind == k2D ? tex2D<float>(t, p.x, p.y)
                         : tex3D<float>(t, p.x, p.y, p.z);
}

TEST(Textures, EveryModeAndFilterOfOneTwoAndThreeDimensions) {
  const int n = 600;
  Managed<float3> at(n);
  Managed<float> out(n);
  for (int dims = 1; dims <= 3; ++dims) {
    const Host host(7, dims > 1 ? 5 : 1, dims > 2 ? 3 : 1);
    cudaArray_t array = array_of(host, dims);
    for (int mode = 0; mode < 4; ++mode)
      for (const auto filter : {cudaFilterModePoint, cudaFilterModeLinear})
        for (const bool normalized : {false, true}) {
          const auto given = static_cast<cudaTextureAddressMode>(mode);
          cudaTextureDesc t = sampler(given, filter, normalized);
          const Texture texture(resource_of(array), t);
          for (int i = 0; i < n; ++i) {
            const auto place = [&](int k, int size) {
              const float x = float((i * (k + 3) * 7919) % 4096) / 1024 * size - 1.5f * size;
              return normalized ? x / size : x;
            };
            at[i] = make_float3(place(0, host.width), place(1, host.height), place(2, host.depth));
          }
          sample<<<(n + 63) / 64, 64>>>(texture.object, at.data, out.data, n, dims - 1);
          OK(cudaDeviceSynchronize());
          // Wrap and mirror are modes of normalized coordinates.
          if (!normalized && given != cudaAddressModeBorder)
            t.addressMode[0] = cudaAddressModeClamp;
          for (int i = 0; i < n; ++i)
            ASSERT_NEAR(out[i], host.read(at[i], t, dims), 1e-4)
                << dims << "D, mode " << mode << ", filter " << filter << ", normalized "
                << normalized << " at " << at[i].x << " " << at[i].y << " " << at[i].z;
        }
    OK(cudaFreeArray(array));
  }
}

__global__ void fetch_linear(cudaTextureObject_t floats, cudaTextureObject_t bytes, float2* a,
                             float4* b, uchar4* c, cudaTextureObject_t raw) {
  const int i = int(threadIdx.x) - 4;
  a[threadIdx.x] = tex1Dfetch<float2>(floats, i);
  b[threadIdx.x] = tex1Dfetch<float4>(bytes, i);
  c[threadIdx.x] = tex1Dfetch<uchar4>(raw, i);
}

TEST(Textures, LinearMemoryIsFetchedByNumberAndIsZeroOutside) {
  const int n = 20;
  float2* floats = nullptr;
  uchar4* bytes = nullptr;
  OK(cudaMalloc(&floats, n * sizeof(float2)));
  OK(cudaMalloc(&bytes, n * sizeof(uchar4)));
  std::vector<float2> a(n);
  std::vector<uchar4> b(n);
  for (int i = 0; i < n; ++i) {
    a[i] = make_float2(i + 0.5f, -i);
    b[i] = make_uchar4(i, 255 - i, 255, 51);
  }
  OK(cudaMemcpy(floats, a.data(), n * sizeof a[0], cudaMemcpyHostToDevice));
  OK(cudaMemcpy(bytes, b.data(), n * sizeof b[0], cudaMemcpyHostToDevice));
  cudaResourceDesc resource{};
  resource.resType = cudaResourceTypeLinear;
  resource.res.linear = {floats, cudaCreateChannelDesc<float2>(), n * sizeof(float2)};
  cudaTextureDesc plain{}, fractions{};
  fractions.readMode = cudaReadModeNormalizedFloat;
  const Texture of_floats(resource, plain);
  resource.res.linear = {bytes, cudaCreateChannelDesc<uchar4>(), n * sizeof(uchar4)};
  const Texture of_bytes(resource, fractions), raw(resource, plain);
  Managed<float2> out_a(32);
  Managed<float4> out_b(32);
  Managed<uchar4> out_c(32);

  fetch_linear<<<1, 32>>>(of_floats.object, of_bytes.object, out_a.data, out_b.data, out_c.data,
                          raw.object);

  OK(cudaDeviceSynchronize());
  for (int t = 0; t < 32; ++t) {
    const int i = t - 4;
    const bool inside = i >= 0 && i < n;
    EXPECT_EQ(out_a[t].x, inside ? a[i].x : 0) << i;
    EXPECT_EQ(out_a[t].y, inside ? a[i].y : 0) << i;
    EXPECT_EQ(out_b[t].x, inside ? b[i].x / 255.0f : 0) << i;
    EXPECT_EQ(out_b[t].y, inside ? b[i].y / 255.0f : 0) << i;
    EXPECT_EQ(out_b[t].w, inside ? 0.2f : 0) << i;
    EXPECT_EQ(out_c[t].y, inside ? b[i].y : 0) << i;
  }
  cudaFree(floats);
  cudaFree(bytes);
}

__global__ void sample_rows(cudaTextureObject_t t, float* out) {
  const int i = threadIdx.x;
  out[i] = tex2D<float>(t, i % 8 - 0.5f, i / 8 + 0.25f);
}

TEST(Textures, RowsOfPitchedMemory) {
  const Host host(6, 4, 1);
  float* rows = nullptr;
  std::size_t pitch = 0;
  OK(cudaMallocPitch(&rows, &pitch, host.width * sizeof(float), host.height));
  OK(cudaMemcpy2D(rows, pitch, host.texels.data(), host.width * sizeof(float),
                  host.width * sizeof(float), host.height, cudaMemcpyHostToDevice));
  cudaResourceDesc resource{};
  resource.resType = cudaResourceTypePitch2D;
  resource.res.pitch2D = {rows, cudaCreateChannelDesc<float>(), 6, 4, pitch};
  const cudaTextureDesc t = sampler(cudaAddressModeClamp, cudaFilterModeLinear, false);
  const Texture texture(resource, t);
  Managed<float> out(32);

  sample_rows<<<1, 32>>>(texture.object, out.data);

  OK(cudaDeviceSynchronize());
  for (int i = 0; i < 32; ++i)
    EXPECT_EQ(out[i], host.read(make_float3(i % 8 - 0.5f, i / 8 + 0.25f, 0), t, 2)) << i;
  cudaFree(rows);
}

__global__ void sample_colours(cudaTextureObject_t halves, cudaTextureObject_t srgb, float4* out) {
  out[0] = tex2D<float4>(halves, 1.0f, 0.5f);
  out[1] = tex2D<float4>(srgb, 0.5f, 0.5f);
}

TEST(Textures, HalvesAndColoursOfTheScreenReadAsFloats) {
  cudaArray_t halves = nullptr, bytes = nullptr;
  const auto half4 = cudaCreateChannelDesc(16, 16, 16, 16, cudaChannelFormatKindFloat);
  const auto uchar = cudaCreateChannelDesc<uchar4>();
  OK(cudaMallocArray(&halves, &half4, 2, 1));
  OK(cudaMallocArray(&bytes, &uchar, 1, 1));
  __half texels[8];
  for (int i = 0; i < 8; ++i) texels[i] = __float2half(0.25f * i * i);
  const uchar4 colour = make_uchar4(0, 10, 188, 128);
  OK(cudaMemcpy2DToArray(halves, 0, 0, texels, 16, 16, 1, cudaMemcpyHostToDevice));
  OK(cudaMemcpy2DToArray(bytes, 0, 0, &colour, 4, 4, 1, cudaMemcpyHostToDevice));
  cudaTextureDesc t = sampler(cudaAddressModeClamp, cudaFilterModeLinear, false);
  const Texture a(resource_of(halves), t);
  t.readMode = cudaReadModeNormalizedFloat;
  t.sRGB = 1;
  const Texture b(resource_of(bytes), t);
  Managed<float4> out(2);

  sample_colours<<<1, 1>>>(a.object, b.object, out.data);

  OK(cudaDeviceSynchronize());
  EXPECT_EQ(out[0].y, 0.25f * (1 + 25) / 2);
  EXPECT_EQ(out[1].x, 0);
  EXPECT_FLOAT_EQ(out[1].y, float(10 / 255. / 12.92));
  EXPECT_FLOAT_EQ(out[1].z, float(std::pow((188 / 255. + 0.055) / 1.055, 2.4)));
  EXPECT_EQ(out[1].w, 128 / 255.f);
  cudaFreeArray(halves);
  cudaFreeArray(bytes);
}

}  // namespace
