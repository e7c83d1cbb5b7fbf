#include "impl/core/dtype.h"

#include "impl/core/error.h"

namespace plumb {

std::size_t bytes_of(Dtype dtype) {
  switch (dtype) {
    case Dtype::f64:
    case Dtype::i64:
      return 8;
    case Dtype::f32:
    case Dtype::i32:
      return 4;
    case Dtype::f16:
    case Dtype::bf16:
      return 2;
    default:
      return 1;
  }
}

bool is_floating(Dtype dtype) { return dtype <= Dtype::bf16; }

const char* name_of(Dtype dtype) {
  static constexpr const char* kNames[] = {"f64", "f32", "f16", "bf16", "i64", "i32", "u8", "bool"};
  return kNames[static_cast<int>(dtype)];
}

Dtype dtype_from_name(const std::string& name) {
  std::string allowed;
  for (const Dtype dtype : kAllDtypes) {
    if (name == name_of(dtype)) return dtype;
    allowed += (allowed.empty() ? "" : ", ") + std::string(name_of(dtype));
  }
  PLUMB_THROW(UsageError, "dtype '{}' is unknown; allowed: {}", name, allowed);
}

}  // namespace plumb
