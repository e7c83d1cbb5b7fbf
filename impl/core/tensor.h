// tensor.h - a strided view of device memory, with LibTorch's meaning of its names.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "impl/core/allocator.h"
#include "impl/core/dtype.h"
#include "impl/core/shape.h"
#include "impl/core/stream.h"

namespace plumb {

inline constexpr int kMostDimensions = 8;

/// Copies share their memory; it is freed with the last view. A default Tensor is undefined: no
/// memory, no shape. Work on a tensor is queued on the stream that is given; its memory is released
/// on the stream that it was made on.
class Tensor {
 public:
  Tensor() = default;

  // --- making ---
  /// Uninitialised, contiguous, in the category of the current MemoryScope. Throws ShapeError
  /// (negative or too many dimensions, more elements than 2^62) and DeviceMemoryError.
  static Tensor empty(Shape shape, Dtype dtype, Stream stream = {});
  static Tensor zeros(Shape shape, Dtype dtype, Stream stream = {});
  /// Every element `value`, rounded to the dtype.
  static Tensor full(Shape shape, double value, Dtype dtype, Stream stream = {});
  /// From host memory, row-major, `bytes` = count * bytes_of(dtype). Waits for the copy.
  static Tensor from_bytes(std::span<const std::byte> bytes, Shape shape, Dtype dtype,
                           Stream stream = {});
  /// T must be the dtype's C++ type (double, float, int64_t, int32_t, uint8_t, bool); halves:
  /// from_bytes.
  template <class T>
  static Tensor from_host(const std::vector<T>& values, Shape shape, Stream stream = {});

  // --- asking ---
  bool defined() const { return defined_; }
  const Shape& shape() const { return shape_; }
  const Shape& strides() const { return strides_; }  // in elements
  int dim() const { return static_cast<int>(shape_.size()); }
  /// Size of a dimension; negative ones count from the end.
  std::int64_t size(int dimension) const;
  std::int64_t numel() const { return count_of(shape_); }
  std::size_t bytes() const { return static_cast<std::size_t>(numel()) * bytes_of(dtype_); }
  Dtype dtype() const { return dtype_; }
  bool is_contiguous() const;
  /// First element; null for an empty tensor without memory.
  void* data() const;
  /// The same as T*; throws ShapeError when T's size is not the dtype's.
  template <class T>
  T* data_as() const {
    check_element_bytes(sizeof(T));
    return static_cast<T*>(data());
  }
  /// True when both are views of one storage.
  bool shares_memory_with(const Tensor& other) const {
    return storage_ && storage_ == other.storage_;
  }

  // --- views ---
  Tensor view(Shape shape) const;  // one -1 allowed; throws unless strides permit
  Tensor reshape(Shape shape, Stream stream = {}) const;  // a view, else a copy
  Tensor transpose(int a, int b) const;
  Tensor narrow(int dimension, std::int64_t start, std::int64_t length) const;
  Tensor select(int dimension, std::int64_t index) const;
  Tensor slice(int dimension, std::int64_t start, std::int64_t end, std::int64_t step = 1) const;
  Tensor unsqueeze(int dimension) const;
  Tensor squeeze(int dimension) const;
  Tensor expand(Shape shape) const;  // stride 0 along new or single dimensions; -1 keeps

  // --- copies ---
  Tensor contiguous(Stream stream = {}) const;  // itself when it is
  Tensor clone(Stream stream = {}) const;
  Tensor to(Dtype dtype, Stream stream = {}) const;      // itself when it is
  void copy_(const Tensor& source, Stream stream = {});  // converts and broadcasts
  void fill_(double value, Stream stream = {});
  void zero_(Stream stream = {}) { fill_(0, stream); }
  /// Row-major elements on the host. Waits for the stream.
  std::vector<std::byte> to_bytes(Stream stream = {}) const;
  template <class T>
  std::vector<T> to_host(Stream stream = {}) const;
  /// The value of the only element.
  double item(Stream stream = {}) const;

  /// Moves the storage's bytes to another account of the allocator.
  void set_category(Category category) const;
  /// What the allocator has for the storage; 0 bytes of temporary memory for an empty tensor.
  MemoryBlock storage_block() const;

 private:
  struct Storage;
  Tensor with(Shape shape, Shape strides, std::int64_t offset) const;
  int wrap(int dimension, int extra = 0) const;
  void check_element_bytes(std::size_t bytes) const;

  std::shared_ptr<Storage> storage_;
  Shape shape_, strides_;
  std::int64_t offset_ = 0;  // elements
  Dtype dtype_ = Dtype::f32;
  bool defined_ = false;
};

}  // namespace plumb
