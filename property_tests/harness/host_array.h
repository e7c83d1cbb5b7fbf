// host_array.h - tensors as the tests see them: numbers on the host that their dtype can hold.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "impl/core/tensor.h"

namespace plumb::test {

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

/// How upload lays an array out on the device; the elements are the same.
enum class Place {
  plain,       // contiguous, aligned
  misaligned,  // contiguous, one element past an aligned address
  strided,     // every second element of the last dimension of a wider tensor
};
Tensor upload(const HostArray& array, Place place = Place::plain);
/// The elements as the device holds them, row-major.
std::string bytes_of_array(const HostArray& array);
HostArray download(const Tensor& tensor);

/// Empty when shape, dtype and every bit agree (-0 is not +0; one NaN is like another), else one
/// line: how many differ, the first with its place, both values.
std::string difference(const HostArray& got, const HostArray& want);

/// The same, but values may differ by `allowed` (an absolute bound for each element).
std::string difference_beyond(const HostArray& got, const HostArray& want,
                              const std::function<double(std::size_t)>& allowed);

}  // namespace plumb::test
