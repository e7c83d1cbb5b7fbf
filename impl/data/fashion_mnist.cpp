#include "impl/data/fashion_mnist.h"

#include <filesystem>

#include "impl/core/error.h"
#include "impl/data/idx.h"

namespace plumb {
namespace {

constexpr std::int64_t kClasses = 10;

std::string existing(const std::string& folder, const std::string& name) {
  const std::string plain = folder + "/" + name;
  return std::filesystem::exists(plain) ? plain : plain + ".gz";
}

}  // namespace

ImageDataset load_fashion_mnist(const std::string& folder, Split split) {
  const std::string stem = split == Split::train ? "train" : "t10k";
  const std::string image_path = existing(folder, stem + "-images-idx3-ubyte"),
                    label_path = existing(folder, stem + "-labels-idx1-ubyte");
  IdxArray images = read_idx(image_path), labels = read_idx(label_path);
  PLUMB_CHECK(FileError, images.shape.size() == 3, "{}: {} dimensions, need 3", image_path,
              images.shape.size());
  PLUMB_CHECK(FileError, labels.shape.size() == 1, "{}: {} dimensions, need 1", label_path,
              labels.shape.size());
  PLUMB_CHECK(FileError, images.shape[0] == labels.shape[0], "{}: {} images, but {} labels in {}",
              image_path, images.shape[0], labels.shape[0], label_path);
  for (std::size_t i = 0; i < labels.values.size(); ++i)
    PLUMB_CHECK(FileError, labels.values[i] < kClasses, "{}: label {} at {}, allowed: 0 to {}",
                label_path, int{labels.values[i]}, i, kClasses - 1);
  return {images.shape[0], images.shape[1],          images.shape[2],
          kClasses,        std::move(images.values), std::move(labels.values)};
}

std::vector<float> ImageDataset::images(const std::vector<std::int64_t>& indices) const {
  const auto each = static_cast<std::size_t>(height * width);
  std::vector<float> out;
  out.reserve(indices.size() * each);
  for (const std::int64_t index : indices) {
    PLUMB_CHECK(ValueError, index >= 0 && index < count, "index {} of {} images", index, count);
    const std::uint8_t* image = pixels.data() + static_cast<std::size_t>(index) * each;
    for (std::size_t k = 0; k < each; ++k)
      out.push_back((static_cast<float>(image[k]) / 255.0f - mean) / std);
  }
  return out;
}

std::vector<std::int64_t> ImageDataset::classes_of(const std::vector<std::int64_t>& indices) const {
  std::vector<std::int64_t> out;
  for (const std::int64_t index : indices) {
    PLUMB_CHECK(ValueError, index >= 0 && index < count, "index {} of {} labels", index, count);
    out.push_back(labels[static_cast<std::size_t>(index)]);
  }
  return out;
}

}  // namespace plumb
