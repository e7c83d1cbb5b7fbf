// tensor_kernels.h - the kernels under Tensor: strided copies with conversion, and fills.
#pragma once

#include "impl/core/dtype.h"
#include "impl/core/stream.h"
#include "impl/core/tensor.h"

namespace plumb {

/// Where the elements of a row-major walk over `shape` lie.
struct StridedPlace {
  void* data;
  Dtype dtype;
  std::int64_t strides[kMostDimensions];
};

/// to[i] = convert(from[i]) over `shape`. Float to integer truncates toward zero; anything but 0 is
/// true.
void copy_strided(const StridedPlace& to, const StridedPlace& from, const Shape& shape,
                  Stream stream);
void fill_strided(const StridedPlace& to, double value, const Shape& shape, Stream stream);

}  // namespace plumb
