// dtype.h - the element types of tensors, their names as LibTorch and safetensors spell them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace plumb {

enum class Dtype : std::uint8_t { f64, f32, f16, bf16, i64, i32, u8, boolean };

inline constexpr Dtype kAllDtypes[] = {Dtype::f64, Dtype::f32, Dtype::f16, Dtype::bf16,
                                       Dtype::i64, Dtype::i32, Dtype::u8,  Dtype::boolean};

/// Bytes of one element.
std::size_t bytes_of(Dtype dtype);
bool is_floating(Dtype dtype);
/// "f64", "f32", "f16", "bf16", "i64", "i32", "u8", "bool".
const char* name_of(Dtype dtype);
/// The reverse. Throws UsageError naming what is allowed.
Dtype dtype_from_name(const std::string& name);

}  // namespace plumb
