#include "impl/core/tensor.h"

#include <algorithm>
#include <cstring>

#include "impl/core/cuda_error.h"
#include "impl/core/tensor_kernels.h"

namespace plumb {
namespace {

constexpr std::int64_t kMostElements = std::int64_t{1} << 58;

Shape contiguous_strides(const Shape& shape) {
  Shape strides(shape.size(), 1);
  for (std::size_t d = shape.size(); d-- > 1;)
    strides[d - 1] = strides[d] * std::max<std::int64_t>(1, shape[d]);
  return strides;
}

void check_shape(const Shape& shape) {
  PLUMB_CHECK(ShapeError, shape.size() <= kMostDimensions, "{} dimensions, allowed: up to {}",
              shape.size(), kMostDimensions);
  std::int64_t count = 1;
  for (const std::int64_t n : shape) {
    PLUMB_CHECK(ShapeError, n >= 0, "shape {} has a negative size", to_string(shape));
    PLUMB_CHECK(ShapeError, n == 0 || count <= kMostElements / n, "shape {} has too many elements",
                to_string(shape));
    count *= std::max<std::int64_t>(1, n);
  }
}

/// Replaces one -1 by what is left over.
Shape inferred(Shape shape, std::int64_t count) {
  const auto open = std::find(shape.begin(), shape.end(), -1);
  const Shape asked = shape;
  if (open != shape.end()) {
    *open = 1;
    const std::int64_t rest = count_of(shape);
    PLUMB_CHECK(ShapeError, rest > 0 && count % rest == 0, "shape {} does not fit {} elements",
                to_string(asked), count);
    *open = count / rest;
  }
  check_shape(shape);
  PLUMB_CHECK(ShapeError, count_of(shape) == count, "shape {} does not fit {} elements",
              to_string(asked), count);
  return shape;
}

/// Strides of `shape` over the same elements, where no copy is needed; LibTorch's rule
/// (ATen/TensorUtils.cpp).
bool view_strides(const Shape& old_shape, const Shape& old_strides, const Shape& shape,
                  Shape& strides) {
  strides.assign(shape.size(), 1);
  if (count_of(old_shape) == 0) {
    strides = contiguous_strides(shape);
    return true;
  }
  std::size_t view = shape.size();
  std::int64_t base = old_strides.empty() ? 1 : old_strides.back(), run = 1, taken = 1;
  for (std::size_t d = old_shape.size(); d-- > 0;) {
    run *= old_shape[d];
    if (d > 0 && (old_shape[d - 1] == 1 || old_strides[d - 1] == run * base)) continue;
    while (view > 0 && (taken < run || shape[view - 1] == 1)) {
      strides[view - 1] = taken * base;
      taken *= shape[--view];
    }
    if (taken != run) return false;
    if (d > 0) base = old_strides[d - 1], run = taken = 1;
  }
  while (view > 0 && shape[view - 1] == 1) strides[--view] = 1;
  return view == 0;
}

}  // namespace

struct Tensor::Storage {
  void* memory = nullptr;
  Stream stream;
  Storage(std::size_t bytes, Stream s)
      : memory(Allocator::get().allocate(bytes, MemoryScope::current(), s)), stream(s) {}
  Storage(const Storage&) = delete;
  Storage& operator=(const Storage&) = delete;
  ~Storage() { Allocator::get().release(memory, stream); }
};

// --- making ---

Tensor Tensor::empty(Shape shape, Dtype dtype, Stream stream) {
  check_shape(shape);
  Tensor out;
  out.strides_ = contiguous_strides(shape);
  out.shape_ = std::move(shape);
  out.dtype_ = dtype;
  out.defined_ = true;
  out.storage_ = std::make_shared<Storage>(out.bytes(), stream);
  return out;
}

Tensor Tensor::full(Shape shape, double value, Dtype dtype, Stream stream) {
  Tensor out = empty(std::move(shape), dtype, stream);
  out.fill_(value, stream);
  return out;
}

Tensor Tensor::zeros(Shape shape, Dtype dtype, Stream stream) {
  Tensor out = empty(std::move(shape), dtype, stream);
  if (out.bytes()) PLUMB_CUDA(cudaMemsetAsync(out.data(), 0, out.bytes(), stream.get()));
  return out;
}

Tensor Tensor::from_bytes(std::span<const std::byte> bytes, Shape shape, Dtype dtype,
                          Stream stream) {
  Tensor out = empty(std::move(shape), dtype, stream);
  PLUMB_CHECK(ShapeError, bytes.size() == out.bytes(), "{} bytes given for {} {}, need {}",
              bytes.size(), name_of(dtype), to_string(out.shape_), out.bytes());
  if (bytes.empty()) return out;
  PLUMB_CUDA(cudaMemcpyAsync(out.data(), bytes.data(), bytes.size(), cudaMemcpyHostToDevice,
                             stream.get()));
  stream.synchronize();
  return out;
}

namespace {
template <class T>
constexpr Dtype kDtypeOf = Dtype::f64;
template <>
constexpr Dtype kDtypeOf<float> = Dtype::f32;
template <>
constexpr Dtype kDtypeOf<std::int64_t> = Dtype::i64;
template <>
constexpr Dtype kDtypeOf<std::int32_t> = Dtype::i32;
template <>
constexpr Dtype kDtypeOf<std::uint8_t> = Dtype::u8;
template <>
constexpr Dtype kDtypeOf<bool> = Dtype::boolean;
}  // namespace

template <class T>
Tensor Tensor::from_host(const std::vector<T>& values, Shape shape, Stream stream) {
  if constexpr (std::is_same_v<T, bool>) {
    std::vector<std::uint8_t> bytes(values.begin(), values.end());
    return from_bytes(std::as_bytes(std::span(bytes)), std::move(shape), Dtype::boolean, stream);
  } else {
    return from_bytes(std::as_bytes(std::span(values)), std::move(shape), kDtypeOf<T>, stream);
  }
}

template <class T>
std::vector<T> Tensor::to_host(Stream stream) const {
  PLUMB_CHECK(ShapeError, dtype_ == kDtypeOf<T>, "a {} tensor is read as {}", name_of(dtype_),
              name_of(kDtypeOf<T>));
  const std::vector<std::byte> bytes = to_bytes(stream);
  if constexpr (std::is_same_v<T, bool>) {
    std::vector<bool> out;
    for (const std::byte b : bytes) out.push_back(b != std::byte{0});
    return out;
  } else {
    std::vector<T> out(static_cast<std::size_t>(numel()));
    if (!bytes.empty()) std::memcpy(out.data(), bytes.data(), bytes.size());
    return out;
  }
}

#define PLUMB_INSTANTIATE(T)                                                  \
  template Tensor Tensor::from_host<T>(const std::vector<T>&, Shape, Stream); \
  template std::vector<T> Tensor::to_host<T>(Stream) const;
PLUMB_INSTANTIATE(double)
PLUMB_INSTANTIATE(float)
PLUMB_INSTANTIATE(std::int64_t)
PLUMB_INSTANTIATE(std::int32_t)
PLUMB_INSTANTIATE(std::uint8_t)
PLUMB_INSTANTIATE(bool)

// --- asking ---

int Tensor::wrap(int dimension, int extra) const {
  const int count = dim() + extra;
  PLUMB_CHECK(ShapeError, dimension >= -count && dimension < count,
              "dimension {} of shape {}, allowed: {} to {}", dimension, to_string(shape_), -count,
              count - 1);
  return dimension < 0 ? dimension + count : dimension;
}

std::int64_t Tensor::size(int dimension) const {
  return shape_[static_cast<std::size_t>(wrap(dimension))];
}

bool Tensor::is_contiguous() const {
  std::int64_t expected = 1;
  if (numel() == 0) return true;
  for (std::size_t d = shape_.size(); d-- > 0;) {
    if (shape_[d] != 1 && strides_[d] != expected) return false;
    expected *= shape_[d];
  }
  return true;
}

void* Tensor::data() const {
  if (!storage_ || !storage_->memory) return nullptr;
  return static_cast<char*>(storage_->memory) +
         static_cast<std::size_t>(offset_) * bytes_of(dtype_);
}

void Tensor::check_element_bytes(std::size_t bytes) const {
  PLUMB_CHECK(ShapeError, bytes == bytes_of(dtype_), "elements of {} bytes asked of a {} tensor",
              bytes, name_of(dtype_));
}

// --- views ---

Tensor Tensor::with(Shape shape, Shape strides, std::int64_t offset) const {
  Tensor out = *this;
  out.shape_ = std::move(shape);
  out.strides_ = std::move(strides);
  out.offset_ = offset;
  return out;
}

Tensor Tensor::view(Shape shape) const {
  shape = inferred(std::move(shape), numel());
  Shape strides;
  PLUMB_CHECK(ShapeError, view_strides(shape_, strides_, shape, strides),
              "shape {} with strides {} cannot be viewed as {} without a copy; use reshape",
              to_string(shape_), to_string(strides_), to_string(shape));
  return with(std::move(shape), std::move(strides), offset_);
}

Tensor Tensor::reshape(Shape shape, Stream stream) const {
  shape = inferred(std::move(shape), numel());
  Shape strides;
  if (view_strides(shape_, strides_, shape, strides))
    return with(std::move(shape), std::move(strides), offset_);
  return clone(stream).view(std::move(shape));
}

Tensor Tensor::transpose(int a, int b) const {
  const auto i = static_cast<std::size_t>(wrap(a)), j = static_cast<std::size_t>(wrap(b));
  Tensor out = *this;
  std::swap(out.shape_[i], out.shape_[j]);
  std::swap(out.strides_[i], out.strides_[j]);
  return out;
}

Tensor Tensor::slice(int dimension, std::int64_t start, std::int64_t end, std::int64_t step) const {
  const auto d = static_cast<std::size_t>(wrap(dimension));
  PLUMB_CHECK(ValueError, step > 0, "a slice's step is {}, need at least 1", step);
  const std::int64_t n = shape_[d];
  start = std::clamp(start < 0 ? start + n : start, std::int64_t{0}, n);
  end = std::clamp(end < 0 ? end + n : end, start, n);
  Tensor out = *this;
  out.shape_[d] = (end - start + step - 1) / step;
  out.strides_[d] *= step;
  out.offset_ += start * strides_[d];
  return out;
}

Tensor Tensor::narrow(int dimension, std::int64_t start, std::int64_t length) const {
  const std::int64_t n = size(dimension);
  PLUMB_CHECK(ShapeError, start >= 0 && length >= 0 && start <= n && length <= n - start,
              "narrow from {} by {} of a dimension of {}", start, length, n);
  return slice(dimension, start, start + length);
}

Tensor Tensor::select(int dimension, std::int64_t index) const {
  const auto d = wrap(dimension);
  const std::int64_t n = size(d);
  PLUMB_CHECK(ShapeError, index >= -n && index < n, "index {} of a dimension of {}", index, n);
  Tensor out = narrow(d, index < 0 ? index + n : index, 1);
  out.shape_.erase(out.shape_.begin() + d);
  out.strides_.erase(out.strides_.begin() + d);
  return out;
}

Tensor Tensor::unsqueeze(int dimension) const {
  const int d = wrap(dimension, 1);
  Tensor out = *this;
  out.shape_.insert(out.shape_.begin() + d, 1);
  out.strides_.insert(out.strides_.begin() + d, 1);
  check_shape(out.shape_);
  return out;
}

Tensor Tensor::squeeze(int dimension) const {
  const int d = wrap(dimension);
  Tensor out = *this;
  if (size(d) != 1) return out;
  out.shape_.erase(out.shape_.begin() + d);
  out.strides_.erase(out.strides_.begin() + d);
  return out;
}

Tensor Tensor::expand(Shape shape) const {
  PLUMB_CHECK(ShapeError, shape.size() >= shape_.size(), "{} cannot expand to {}",
              to_string(shape_), to_string(shape));
  const std::size_t added = shape.size() - shape_.size();
  Shape strides(shape.size(), 0);
  for (std::size_t d = 0; d < shape.size(); ++d) {
    const std::int64_t own = d < added ? 1 : shape_[d - added];
    if (shape[d] == -1 && d >= added) shape[d] = own;
    PLUMB_CHECK(ShapeError, shape[d] == own || own == 1, "{} cannot expand to {}",
                to_string(shape_), to_string(shape));
    strides[d] = d < added || (own == 1 && shape[d] != 1) ? 0 : strides_[d - added];
  }
  check_shape(shape);
  return with(std::move(shape), std::move(strides), offset_);
}

// --- copies ---

namespace {
StridedPlace place_of(const Tensor& t) {
  StridedPlace place{t.data(), t.dtype(), {}};
  std::copy(t.strides().begin(), t.strides().end(), place.strides);
  return place;
}
}  // namespace

void Tensor::copy_(const Tensor& source, Stream stream) {
  const Tensor from = source.shape_ == shape_ ? source : source.expand(shape_);
  if (numel() == 0) return;
  if (from.dtype_ == dtype_ && is_contiguous() && from.is_contiguous()) {
    PLUMB_CUDA(
        cudaMemcpyAsync(data(), from.data(), bytes(), cudaMemcpyDeviceToDevice, stream.get()));
    return;
  }
  copy_strided(place_of(*this), place_of(from), shape_, stream);
}

Tensor Tensor::clone(Stream stream) const {
  Tensor out = empty(shape_, dtype_, stream);
  out.copy_(*this, stream);
  return out;
}

Tensor Tensor::contiguous(Stream stream) const { return is_contiguous() ? *this : clone(stream); }

Tensor Tensor::to(Dtype dtype, Stream stream) const {
  if (dtype == dtype_) return *this;
  Tensor out = empty(shape_, dtype, stream);
  out.copy_(*this, stream);
  return out;
}

void Tensor::fill_(double value, Stream stream) {
  if (numel() != 0) fill_strided(place_of(*this), value, shape_, stream);
}

std::vector<std::byte> Tensor::to_bytes(Stream stream) const {
  const Tensor dense = contiguous(stream);
  std::vector<std::byte> out(dense.bytes());
  if (!out.empty())
    PLUMB_CUDA(cudaMemcpyAsync(out.data(), dense.data(), out.size(), cudaMemcpyDeviceToHost,
                               stream.get()));
  stream.synchronize();
  return out;
}

double Tensor::item(Stream stream) const {
  PLUMB_CHECK(ShapeError, numel() == 1, "item() of a tensor of shape {}, need one element",
              to_string(shape_));
  return to(Dtype::f64, stream).to_host<double>(stream)[0];
}

void Tensor::set_category(Category category) const {
  if (storage_) Allocator::get().recategorise(storage_->memory, category);
}

MemoryBlock Tensor::storage_block() const {
  if (!storage_ || !storage_->memory) return {0, Category::temporary, false};
  return Allocator::get().block(storage_->memory);
}

}  // namespace plumb
