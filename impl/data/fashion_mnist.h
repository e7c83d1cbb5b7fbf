// fashion_mnist.h - 28x28 grey images of clothes in ten classes (Zalando, MIT licence).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace plumb {

struct ImageDataset {
  std::int64_t count = 0, height = 0, width = 0, classes = 0;
  std::vector<std::uint8_t> pixels;  // [count, height, width]
  std::vector<std::uint8_t> labels;  // [count]

  float mean = 0, std = 1;  // what images() takes off a pixel and divides it by

  /// (pixel / 255 - mean) / std in f32, as torchvision's ToTensor, then Normalize;
  /// [indices.size(), height * width].
  std::vector<float> images(const std::vector<std::int64_t>& indices) const;
  std::vector<std::int64_t> classes_of(const std::vector<std::int64_t>& indices) const;
};

enum class Split { train, test };

/// Reads {train,t10k}-{images-idx3,labels-idx1}-ubyte, plain or .gz, from a folder. Throws
/// FileError, one line, for what read_idx refuses, counts of images and labels that differ, and a
/// label that is no class.
ImageDataset load_fashion_mnist(const std::string& folder, Split split);

}  // namespace plumb
