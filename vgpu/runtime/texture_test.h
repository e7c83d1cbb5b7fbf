// texture_test.h - what the tests of textures share: descriptions, and an image on the host with
// what a texture of it gives.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "vgpu/runtime/device.h"

inline std::string fault() { return vgpu::runtime::last_fault(); }

#define OK(call) ASSERT_EQ(call, cudaSuccess) << fault()

template <class T>
struct Managed {
  T* data = nullptr;
  explicit Managed(std::size_t count) { cudaMallocManaged(&data, count * sizeof(T)); }
  ~Managed() { cudaFree(data); }
  T& operator[](std::size_t i) { return data[i]; }
};

inline cudaResourceDesc resource_of(cudaArray_t array) {
  cudaResourceDesc out{};
  out.resType = cudaResourceTypeArray;
  out.res.array.array = array;
  return out;
}

struct Texture {
  cudaTextureObject_t object = 0;
  Texture(const cudaResourceDesc& resource, const cudaTextureDesc& texture,
          const cudaResourceViewDesc* view = nullptr) {
    EXPECT_EQ(cudaCreateTextureObject(&object, &resource, &texture, view), cudaSuccess) << fault();
  }
  ~Texture() { EXPECT_EQ(cudaDestroyTextureObject(object), cudaSuccess); }
};

inline cudaTextureDesc sampler(cudaTextureAddressMode mode, cudaTextureFilterMode filter,
                               bool normalized) {
  cudaTextureDesc out{};
  for (auto& m : out.addressMode) m = mode;
  out.filterMode = filter;
  out.normalizedCoords = normalized;
  out.borderColor[0] = -7;
  return out;
}

/// Texel numbers as the guide has them: -1 is the border.
inline int resolve(int i, int n, cudaTextureAddressMode mode) {
  if (mode == cudaAddressModeClamp) return std::clamp(i, 0, n - 1);
  if (mode == cudaAddressModeBorder) return i < 0 || i >= n ? -1 : i;
  const int period = mode == cudaAddressModeWrap ? n : 2 * n;
  i = (i % period + period) % period;
  return i < n ? i : 2 * n - 1 - i;
}

/// A float image of up to three dimensions, and what a texture of it gives.
struct Host {
  int width, height, depth;
  std::vector<float> texels;
  Host(int w, int h, int d) : width(w), height(h), depth(d), texels(w * h * d) {
    for (std::size_t i = 0; i < texels.size(); ++i) texels[i] = float((i * 37) % 101) - 20;
  }
  float at(int x, int y, int z, cudaTextureAddressMode mode) const {
    x = resolve(x, width, mode), y = resolve(y, height, mode), z = resolve(z, depth, mode);
    return x < 0 || y < 0 || z < 0 ? -7 : texels[(z * height + y) * width + x];
  }
  float read(float3 p, const cudaTextureDesc& t, int dims) const {
    const auto mode = t.addressMode[0];
    const double scale[] = {double(width), double(height), double(depth)};
    const float given[] = {p.x, p.y, p.z};
    int first[3] = {}, weight[3] = {};
    for (int k = 0; k < dims; ++k) {
      double x = given[k];
      const double whole = std::floor(x);
      if (mode == cudaAddressModeWrap) x -= whole;
      if (mode == cudaAddressModeMirror) x = std::fmod(whole, 2) != 0 ? 1 - (x - whole) : x - whole;
      if (t.normalizedCoords) x *= scale[k];
      const double grid = std::floor((x - 0.5) * 256 + 0.5);
      first[k] = int(t.filterMode == cudaFilterModeLinear ? std::floor(grid / 256) : std::floor(x));
      if (t.filterMode == cudaFilterModeLinear) weight[k] = int(grid - 256.0 * first[k]);
    }
    double sum = 0;
    for (int corner = 0; corner < 8; ++corner) {
      double share = 1;
      int at_[3];
      for (int k = 0; k < 3; ++k) {
        const bool next = corner >> k & 1;
        at_[k] = first[k] + next;
        share *= (next ? weight[k] : 256 - weight[k]) / 256.0;
      }
      if (share > 0) sum += share * at(at_[0], at_[1], at_[2], mode);
    }
    return float(sum);
  }
};

inline cudaArray_t array_of(const Host& host, int dims, unsigned flags = 0) {
  cudaArray_t array = nullptr;
  const auto description = cudaCreateChannelDesc<float>();
  const cudaExtent extent =
      make_cudaExtent(host.width, dims > 1 ? host.height : 0, dims > 2 ? host.depth : 0);
  EXPECT_EQ(cudaMalloc3DArray(&array, &description, extent, flags), cudaSuccess) << fault();
  cudaMemcpy3DParms copy{};
  copy.srcPtr = make_cudaPitchedPtr(const_cast<float*>(host.texels.data()),
                                    host.width * sizeof(float), host.width, host.height);
  copy.dstArray = array;
  copy.extent = make_cudaExtent(host.width, host.height, host.depth);
  copy.kind = cudaMemcpyHostToDevice;
  EXPECT_EQ(cudaMemcpy3D(&copy), cudaSuccess) << fault();
  return array;
}
