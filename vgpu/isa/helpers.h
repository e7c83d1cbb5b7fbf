// helpers.h - functions that translated code calls where vector code would serve badly: directed
// rounding, approximate functions, atomics. The translator's linker learns them from
// helper_symbols().
//
// Signatures, by name (lanes: 32, or 1 for a value that is the same in all lanes):
//   vgpu_{add,sub,mul,div}_{rz,rm,rp}_{f32,f64}(int lanes, const T* a, const T* b, T* out)
//   vgpu_fma_{rz,rm,rp}_{f32,f64}(int lanes, const T* a, const T* b, const T* c, T* out)
//   vgpu_{rcp,sqrt}_{rz,rm,rp}_{f32,f64}(int lanes, const T* a, T* out)
//   vgpu_{ex2,lg2,sin,cos,tanh}_f32(int lanes, const float* a, float* out)
//   vgpu_noise_{ex2,lg2,sin,cos,tanh,sqrt,rcp,rsqrt,div}_{f32,f16,bf16}
//     (int lanes, const float* a, [b,] const float* plain, float* out): halves held in floats
//   vgpu_cvt_{rz,rm,rp}_{f32,f64}_{s64,u64}, vgpu_cvt_{rz,rm,rp}_f32_f64(int lanes, in, out)
//   vgpu_cvt_{rz,rm,rp}_{f16,bf16}_f32, vgpu_cvt_{rn,rna,rz}_tf32_f32, vgpu_cvt_rn_{e4m3,e5m2}_f32,
//   vgpu_cvt_f32_e4m3
//     (int lanes, in, out): halves and bytes in 16 bits, bytes zero-extended
//   vgpu_fns_b32(int lanes, const uint32* mask, const uint32* base, const int32* n, uint32* out)
//   vgpu_atomic_<op>_<type>(uint32 mask, void* const* where, const T* a, const T* b, T* old)
//   vgpu_{load,store}_bundles(uint32 mask, void* const* where, uint32 bytes, void* values)
//   vgpu_match_any_{b32,b64}(uint32 active, const uint32* masks, const T* values, uint32* out)
//   vgpu_redux_<op>_<type>(uint32 active, const uint32* masks, const T* values, T* out)
// Of matrices, whose fragments are arrays [register][lane], and MatrixOperation or MatrixFragment
// (matrix.h) in a uint64:
//   vgpu_mma(uint64 operation, const void* a, const void* b, const void* c, void* d)
//   vgpu_wmma_load(uint64 fragment, const void* from, int64 stride, void* out)
//   vgpu_wmma_store(uint64 fragment, void* to, int64 stride, const void* in)
//   vgpu_{ldmatrix,stmatrix}(uint32 active, void* const* rows, int32 count, int32 transposed,
//                            void* registers)
//   vgpu_movmatrix(const void* in, void* out)
// Of barrier objects and asynchronous copies; a const char* says why the launch stops, or is null:
//   const char* vgpu_mbarrier_init(uint32 active, void* const* where, const uint32* counts)
//   const char* vgpu_mbarrier_update(BlockState*, uint32 active, void* const* where, uint32 flags,
//                                    const uint32* arrivals, const int32* transactions, uint64*
//                                    old)
//   uint32 vgpu_mbarrier_test(uint32 active, const void* const* where, const uint64* states)
//   uint32 vgpu_mbarrier_test_parity(uint32 active, const void* const* where, const uint32* parity)
//   void vgpu_mbarrier_pending(const uint64* states, uint32* out)
//   void vgpu_copy_async(uint32 active, void* const* to, const void* const* from, uint32 bytes,
//                        const uint32* taken)
//   const char* vgpu_copy_bulk(BlockState*, uint32 active, void* const* to,
//                              const void* const* from, const uint32* bytes, void* const* barriers)
//   const char* vgpu_reduce_bulk(the same, vgpu_atomic_<op>_<type>, uint32 element_bytes)
//   const char* vgpu_close_transactions(BlockState*, uint32 active, void* const* barriers,
//                                       const uint32* bytes)
// Of textures and surfaces (texture_object.h): a request, packed; rows of 32 coordinates; what
// moves. They give null, or why the launch must end:
//   vgpu_{texture_fetch,surface_load,surface_store,surface_reduce,image_query}
//     (uint32 mask, uint32 request, const uint64* objects, const uint32 (*rows)[32], T (*data)[32])
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
std::span<const HelperSymbol> approximate_noise_symbols();
std::span<const HelperSymbol> atomic_symbols();
std::span<const HelperSymbol> bundle_symbols();
std::span<const HelperSymbol> small_float_symbols();
std::span<const HelperSymbol> lane_set_symbols();
std::span<const HelperSymbol> texture_symbols();
std::span<const HelperSymbol> surface_symbols();
std::span<const HelperSymbol> matrix_multiply_symbols();
std::span<const HelperSymbol> matrix_memory_symbols();
std::span<const HelperSymbol> mbarrier_symbols();
std::span<const HelperSymbol> async_copy_symbols();

}  // namespace vgpu::isa
