// without_device.cpp - functions that need no device. Where the real runtime is linked its own
// serve; the preloaded library stands in its place.
#include "vgpu/runtime/error_texts.h"

#ifdef VGPU_SHARED
#define VGPU_PLAIN(type, name, parameters) \
  extern "C" __attribute__((visibility("default"))) type name parameters

VGPU_PLAIN(const char*, cudaGetErrorName, (cudaError_t code)) {
  return vgpu::runtime::error_name(code);
}
VGPU_PLAIN(const char*, cudaGetErrorString, (cudaError_t code)) {
  return vgpu::runtime::error_text(code);
}
VGPU_PLAIN(cudaChannelFormatDesc, cudaCreateChannelDesc,
           (int x, int y, int z, int w, cudaChannelFormatKind kind)) {
  return {x, y, z, w, kind};
}
#endif
