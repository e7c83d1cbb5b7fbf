// refused.h - the functions of the CUDA runtime that have no body here: a clear refusal instead of
// a call that slips through to the real runtime; and the _ptds/_ptsz names of per-thread default
// streams, which work like the plain ones with the thread's own stream for a null one.
//
// Both are defined by name alone: an indirect function (STT_GNU_IFUNC) takes its type from the
// header's declaration and its address from a template over that type. CMakeLists.txt writes
// refused.cpp out of cuda_runtime_api.h.
#pragma once

#include "vgpu/runtime/api.h"
#include "vgpu/runtime/streams.h"

namespace {

template <const char* name, auto* real, class Type>
struct Refused;

template <const char* name, auto* real, class... Arguments>
struct Refused<name, real, cudaError_t(Arguments...)> {
  static cudaError_t call([[maybe_unused]] Arguments... arguments) {
#ifndef VGPU_SHARED
    if (!vgpu::runtime::on_virtual_device()) return real(arguments...);
#endif
    return vgpu::runtime::answer(name, []() -> cudaError_t {
      throw vgpu::runtime::ApiError(cudaErrorNotSupported,
                                    std::string(name) + " is not supported by the virtual GPU");
    });
  }
};

template <auto* ours, auto* real, class Type>
struct Forwarded;

template <auto* ours, auto* real, class... Arguments>
struct Forwarded<ours, real, cudaError_t(Arguments...)> {
  static cudaError_t call(Arguments... arguments) {
    if (!vgpu::runtime::on_virtual_device()) return real(arguments...);
    const vgpu::runtime::PerThreadDefault own_stream;
    return ours(arguments...);
  }
};

}  // namespace

// The C++ name differs from the symbol's, since the header's declaration may have default
// arguments.
#define VGPU_DEFINE(symbol, type, function)                                    \
  extern "C" {                                                                 \
  [[maybe_unused]] static auto* resolve_##symbol() { return &function::call; } \
  decltype(::type) defined_##symbol __asm__(#symbol)                           \
      __attribute__((ifunc("resolve_" #symbol), visibility("default")));       \
  }

// In the preloaded library there is no real function behind ours: it always serves the virtual
// device.
#ifdef VGPU_SHARED
#define VGPU_REFUSED(name)                                                             \
  static constexpr char text_##name[] = #name;                                         \
  using refused_##name =                                                               \
      Refused<text_##name, static_cast<decltype(::name)*>(nullptr), decltype(::name)>; \
  VGPU_DEFINE(name, name, refused_##name)
#define VGPU_PER_THREAD(name, suffixed)                                     \
  using forward_##suffixed = Forwarded<&::name, &::name, decltype(::name)>; \
  VGPU_DEFINE(suffixed, name, forward_##suffixed)
#else
#define VGPU_REFUSED(name)                                                       \
  extern "C" decltype(::name) __real_##name;                                     \
  static constexpr char text_##name[] = #name;                                   \
  using refused_##name = Refused<text_##name, &__real_##name, decltype(::name)>; \
  VGPU_DEFINE(__wrap_##name, name, refused_##name)
#define VGPU_PER_THREAD(name, suffixed)                                                       \
  extern "C" decltype(::name) __real_##suffixed;                                              \
  extern "C" decltype(::name) __wrap_##name;                                                  \
  using forward_##suffixed = Forwarded<&__wrap_##name, &__real_##suffixed, decltype(::name)>; \
  VGPU_DEFINE(__wrap_##suffixed, name, forward_##suffixed)
#endif
