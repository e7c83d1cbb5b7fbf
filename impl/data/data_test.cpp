// Expected orders: torch 2.15.0, torch.manual_seed(123) and a DataLoader over list(range(n)),
// num_workers=0.
#include <gtest/gtest.h>
#include <unistd.h>
#include <zlib.h>

#include <filesystem>

#include "impl/core/error.h"
#include "impl/core/file.h"
#include "impl/data/fashion_mnist.h"
#include "impl/data/idx.h"
#include "impl/data/sampler.h"
#include "impl/random/distributions.h"

namespace plumb {
namespace {

using Order = std::vector<std::int64_t>;

TEST(Sampler, ShufflesAsDataLoaderEpochByEpoch) {
  Mt19937 generator(123);
  EXPECT_EQ(shuffled_order(generator, 10), (Order{8, 2, 6, 7, 0, 3, 9, 1, 5, 4}));
  EXPECT_EQ(shuffled_order(generator, 10), (Order{5, 9, 2, 7, 8, 6, 4, 0, 1, 3}));
}

TEST(Sampler, AnUnshuffledEpochDrawsItsBaseSeed) {
  Mt19937 generator(123);
  EXPECT_EQ(unshuffled_order(generator, 4), (Order{0, 1, 2, 3}));
  EXPECT_EQ(random::randperm(generator, 5),
            (Order{2, 3, 1, 0, 4}));  // torch.randperm(5) after the epoch
}

TEST(Sampler, BatchesKeepOrDropTheirTail) {
  EXPECT_EQ(batches_of(sequential_order(5), 2, false), (std::vector<Order>{{0, 1}, {2, 3}, {4}}));
  EXPECT_EQ(batches_of(sequential_order(5), 2, true), (std::vector<Order>{{0, 1}, {2, 3}}));
  EXPECT_THROW(batches_of({}, 0, false), ValueError);
  Mt19937 generator(1);
  EXPECT_THROW(shuffled_order(generator, 0), ValueError);
}

TEST(FashionMnist, HoldsTwelveThousandImages) {
  const ImageDataset train = load_fashion_mnist(PLUMB_FASHION_MNIST, Split::train),
                     test = load_fashion_mnist(PLUMB_FASHION_MNIST, Split::test);

  EXPECT_EQ(train.count, 10000);
  EXPECT_EQ(test.count, 2000);
  EXPECT_EQ(train.height * train.width, 784);
  const auto images = train.images({0, 9999});
  EXPECT_EQ(images.size(), 2u * 784);
  for (const float x : images) ASSERT_TRUE(x >= 0 && x <= 1);
  EXPECT_EQ(train.classes_of({0}), (Order{9}));
  EXPECT_THROW(train.images({10000}), ValueError);
  EXPECT_THROW(train.classes_of({-1}), ValueError);
}

// hunts: a standard deviation that multiplies, or is taken before the mean.
TEST(FashionMnist, NormalizesAsTorchvision) {
  ImageDataset data{1, 1, 3, 10, {0, 51, 255}, {4}};

  data.mean = 0.25f;
  data.std = 0.5f;

  EXPECT_EQ(data.images({0}), (std::vector<float>{-0.5f, (0.2f - 0.25f) / 0.5f, 1.5f}));
}

class BadIdx : public testing::Test {
 protected:
  BadIdx()
      : folder_(std::filesystem::temp_directory_path() /
                ("plumb_idx_" + std::to_string(getpid()))) {
    std::filesystem::create_directories(folder_);
  }
  ~BadIdx() override { std::filesystem::remove_all(folder_); }

  static std::string labels(std::uint32_t magic, std::uint32_t count, const std::string& values) {
    std::string bytes;
    for (const std::uint32_t word : {magic, count})
      for (int shift = 24; shift >= 0; shift -= 8) bytes += static_cast<char>(word >> shift);
    return bytes + values;
  }
  static std::string images(std::uint32_t count) {
    std::string bytes = labels(0x803, count, "");
    for (const std::uint32_t n : {1u, 1u}) bytes += std::string(3, '\0') + static_cast<char>(n);
    return bytes + std::string(count, 'p');
  }
  std::string refusal(const std::string& bytes) {
    write_whole((folder_ / "file").string(), bytes);
    try {
      read_idx((folder_ / "file").string());
    } catch (const FileError& error) {
      EXPECT_EQ(std::string(error.what()).find('\n'), std::string::npos);
      return error.what();
    }
    return "read";
  }
  std::string dataset_refusal(const std::string& image_bytes, const std::string& label_bytes) {
    write_whole((folder_ / "train-images-idx3-ubyte").string(), image_bytes);
    write_whole((folder_ / "train-labels-idx1-ubyte").string(), label_bytes);
    try {
      load_fashion_mnist(folder_.string(), Split::train);
    } catch (const FileError& error) {
      return error.what();
    }
    return "read";
  }

  std::filesystem::path folder_;
};

TEST_F(BadIdx, IsRefusedInOneLine) {
  EXPECT_EQ(refusal(labels(0x801, 2, "ab")), "read");
  EXPECT_NE(refusal(labels(0x901, 2, "ab")).find("magic 2305, need 2049"), std::string::npos);
  EXPECT_NE(refusal(labels(0x801, 3, "ab")).find("holds 2 values, its header says 3"),
            std::string::npos);
  EXPECT_NE(refusal(labels(0x801, 1, "ab")).find("holds 2 values, its header says 1"),
            std::string::npos);
  EXPECT_NE(refusal("ab").find("too few"), std::string::npos);
  EXPECT_NE(refusal(labels(0x803, 3, "")).find("ends in its header"), std::string::npos);
}

TEST_F(BadIdx, GzipIsReadAndItsDamageIsNamed) {
  const std::string plain = labels(0x801, 300, std::string(300, 'x'));
  const std::string path = (folder_ / "packed").string();
  gzFile file = gzopen(path.c_str(), "wb");
  gzwrite(file, plain.data(), static_cast<unsigned>(plain.size()));
  gzclose(file);
  const std::string packed = read_whole(path);

  EXPECT_EQ(refusal(packed), "read");
  EXPECT_NE(refusal(packed.substr(0, packed.size() - 9)).find("broken gzip"), std::string::npos);
  std::string damaged = packed;
  damaged[damaged.size() - 6] = static_cast<char>(~damaged[damaged.size() - 6]);
  EXPECT_NE(refusal(damaged).find("broken gzip"), std::string::npos);
  EXPECT_NE(refusal(packed + "tail").find("4 bytes trail the gzip data"), std::string::npos);
  EXPECT_NE(refusal(packed + packed).find("holds 608 values, its header says 300"),
            std::string::npos);
}

TEST_F(BadIdx, CountsAndLabelsMustFit) {
  EXPECT_EQ(dataset_refusal(images(2), labels(0x801, 2, std::string("\x09\x00", 2))), "read");
  EXPECT_NE(dataset_refusal(images(3), labels(0x801, 2, std::string("\x09\x00", 2)))
                .find("3 images, but 2 labels"),
            std::string::npos);
  EXPECT_NE(dataset_refusal(images(2), labels(0x801, 2, "\x09\x0a"))
                .find("label 10 at 1, allowed: 0 to 9"),
            std::string::npos);
  EXPECT_NE(
      dataset_refusal(labels(0x801, 2, "ab"), labels(0x801, 2, "ab")).find("1 dimensions, need 3"),
      std::string::npos);
}

}  // namespace
}  // namespace plumb
