// host_array.h - tensors as the judges see them: numbers on the host that their dtype can hold.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "impl/core/dtype.h"
#include "impl/core/safetensors.h"
#include "impl/core/shape.h"

namespace plumb::golden {

/// Row-major; every value is one that `dtype` represents (a double holds all of them exactly, and
/// integers up to 2^53).
struct HostArray {
  Shape shape;
  Dtype dtype = Dtype::f64;
  std::vector<double> values;
};

/// The nearest value of the dtype, ties to even; infinity beyond its range. Independent of CUDA.
double round_to(Dtype dtype, long double value);

/// An array of value(i), each rounded to the dtype.
HostArray make_array(Shape shape, Dtype dtype,
                     const std::function<long double(std::size_t)>& value);
/// The same numbers, rounded to another dtype.
HostArray rounded(const HostArray& array, Dtype dtype);

/// The elements as memory holds them, row-major.
std::vector<std::byte> bytes_of_array(const HostArray& array);
HostArray array_of_bytes(Shape shape, Dtype dtype, const std::vector<std::byte>& bytes);

/// Between the numbers and a tensor of a safetensors file. Throws UsageError for a dtype that the
/// format does not have.
HostTensor to_host_tensor(const HostArray& array);
HostArray from_host_tensor(const HostTensor& tensor);

/// Empty when shape, dtype and every bit agree (-0 is not +0; one NaN is like another), else one
/// line: how many differ, the first with its place, both values.
std::string difference(const HostArray& got, const HostArray& want);

/// The same, but values may differ by `allowed` (an absolute bound for each element).
std::string difference_beyond(const HostArray& got, const HostArray& want,
                              const std::function<double(std::size_t)>& allowed);

/// "[1,0,3]" of the i-th element.
std::string place_of(const Shape& shape, std::size_t i);

}  // namespace plumb::golden
