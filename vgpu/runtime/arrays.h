// arrays.h - CUDA arrays: images in device memory, alone or as the levels of a mipmapped array.
//
// Texels lie row by row without gaps: nothing here needs the tiles of a GPU's memory.
#pragma once

#include <driver_types.h>

#include <memory>
#include <vector>

#include "vgpu/isa/texture_object.h"

namespace vgpu::runtime {

struct MipmappedArray;

struct Array {
  cudaChannelFormatDesc description{};
  cudaExtent extent{};  // as the program gave it: 0 where the array has no such dimension
  unsigned flags = 0;
  int device = 0;
  TexelFormat format;
  ImageLevel image;
  void* memory = nullptr;  // null: its mipmapped array's
};

struct MipmappedArray {
  cudaExtent extent{};
  unsigned flags = 0;
  int device = 0;
  void* memory = nullptr;
  std::vector<std::unique_ptr<Array>> levels;
};

/// The array behind a handle, or null.
const Array* find_array(cudaArray_const_t handle);
const MipmappedArray* find_mipmapped(cudaMipmappedArray_const_t handle);

/// What a channel description means. Throws ApiError for what is none, or is not supported.
TexelFormat format_of(const cudaChannelFormatDesc& description, const char* function);

/// Slices of an array are layers or faces, not depth.
bool is_layered(unsigned flags);

/// cudaMemcpy3D where one side or both are arrays.
cudaError_t copy_array_box(const cudaMemcpy3DParms& box);

/// cudaDeviceReset: the current device's arrays, textures and surfaces are gone. Their memory goes
/// with free_everything().
void forget_arrays();
void forget_textures();

}  // namespace vgpu::runtime
