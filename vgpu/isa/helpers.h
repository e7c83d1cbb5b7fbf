// helpers.h - functions that translated code calls where vector code would serve badly: directed
// rounding, approximate functions, atomics. The translator's linker learns them from
// helper_symbols().
//
// Signatures, by name (lanes: 32, or 1 for a value that is the same in all lanes):
//   vgpu_{add,sub,mul,div}_{rz,rm,rp}_{f32,f64}(int lanes, const T* a, const T* b, T* out)
//   vgpu_fma_{rz,rm,rp}_{f32,f64}(int lanes, const T* a, const T* b, const T* c, T* out)
//   vgpu_{rcp,sqrt}_{rz,rm,rp}_{f32,f64}(int lanes, const T* a, T* out)
//   vgpu_{ex2,lg2,sin,cos,tanh}_f32(int lanes, const float* a, float* out)
//   vgpu_cvt_{rz,rm,rp}_{f32,f64}_{s64,u64}, vgpu_cvt_{rz,rm,rp}_f32_f64(int lanes, in, out)
//   vgpu_cvt_{rz,rm,rp}_{f16,bf16}_f32, vgpu_cvt_{rn,rna,rz}_tf32_f32, vgpu_cvt_rn_{e4m3,e5m2}_f32,
//   vgpu_cvt_f32_e4m3
//     (int lanes, in, out): halves and bytes in 16 bits, bytes zero-extended
//   vgpu_fns_b32(int lanes, const uint32* mask, const uint32* base, const int32* n, uint32* out)
//   vgpu_atomic_<op>_<type>(uint32 mask, void* const* where, const T* a, const T* b, T* old)
//   vgpu_match_any_{b32,b64}(uint32 active, const uint32* masks, const T* values, uint32* out)
//   vgpu_redux_<op>_<type>(uint32 active, const uint32* masks, const T* values, T* out)
#pragma once

#include <span>
#include <string_view>

namespace vgpu::isa {

struct HelperSymbol {
  const char* name;
  void* address;
};

std::span<const HelperSymbol> helper_symbols();
bool is_helper(std::string_view name);

// The parts of the table, a file each.
std::span<const HelperSymbol> rounding_symbols();
std::span<const HelperSymbol> approximate_symbols();
std::span<const HelperSymbol> atomic_symbols();
std::span<const HelperSymbol> small_float_symbols();
std::span<const HelperSymbol> lane_set_symbols();

}  // namespace vgpu::isa
