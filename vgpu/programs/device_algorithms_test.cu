// CUB's and Thrust's device-wide algorithms over a million elements against the standard library.
#include <gtest/gtest.h>
#include <thrust/device_vector.h>
#include <thrust/reduce.h>
#include <thrust/sort.h>

#include <algorithm>
#include <cub/device/device_radix_sort.cuh>
#include <cub/device/device_reduce.cuh>
#include <cub/device/device_scan.cuh>
#include <numeric>
#include <vector>

namespace {

constexpr int kCount = 1000003;

std::vector<unsigned> words(unsigned seed) {
  std::vector<unsigned> out(kCount);
  for (unsigned& w : out) w = seed = seed * 1664525u + 1013904223u;
  return out;
}

template <class T>
std::vector<T> back(const thrust::device_vector<T>& from) {
  std::vector<T> out(from.size());
  EXPECT_EQ(cudaMemcpy(out.data(), thrust::raw_pointer_cast(from.data()), out.size() * sizeof(T),
                       cudaMemcpyDefault),
            cudaSuccess);
  return out;
}

/// Calls algorithm(temporary, bytes) for the size of its memory and then for its work.
template <class Algorithm>
void run(Algorithm algorithm) {
  std::size_t bytes = 0;
  ASSERT_EQ(algorithm(nullptr, bytes), cudaSuccess);
  thrust::device_vector<unsigned char> room(bytes);
  ASSERT_EQ(algorithm(thrust::raw_pointer_cast(room.data()), bytes), cudaSuccess);
  ASSERT_EQ(cudaDeviceSynchronize(), cudaSuccess);
}

template <class T>
T* raw(thrust::device_vector<T>& v) {
  return thrust::raw_pointer_cast(v.data());
}

TEST(DeviceAlgorithms, CubReducesAMillionElements) {
  const std::vector<unsigned> x = words(1);
  thrust::device_vector<unsigned> in(x), out(2);
  run([&](void* room, std::size_t& bytes) {
    return cub::DeviceReduce::Sum(room, bytes, raw(in), raw(out), kCount);
  });
  run([&](void* room, std::size_t& bytes) {
    return cub::DeviceReduce::Max(room, bytes, raw(in), raw(out) + 1, kCount);
  });
  const std::vector<unsigned> got = back(out);
  EXPECT_EQ(got[0], std::accumulate(x.begin(), x.end(), 0u));
  EXPECT_EQ(got[1], *std::max_element(x.begin(), x.end()));
}

/// Decoupled look-back: every tile waits for the tiles before it.
TEST(DeviceAlgorithms, CubScansAMillionElements) {
  const std::vector<unsigned> x = words(2);
  thrust::device_vector<unsigned> in(x), out(kCount);
  run([&](void* room, std::size_t& bytes) {
    return cub::DeviceScan::ExclusiveSum(room, bytes, raw(in), raw(out), kCount);
  });
  std::vector<unsigned> want(kCount);
  std::exclusive_scan(x.begin(), x.end(), want.begin(), 0u);
  EXPECT_EQ(back(out), want);
}

TEST(DeviceAlgorithms, CubSortsAMillionPairsByTheirKeys) {
  const std::vector<unsigned> x = words(3);
  std::vector<unsigned> order(kCount);
  std::iota(order.begin(), order.end(), 0u);
  thrust::device_vector<unsigned> keys(x), values(order), sorted_keys(kCount),
      sorted_values(kCount);
  run([&](void* room, std::size_t& bytes) {
    return cub::DeviceRadixSort::SortPairs(room, bytes, raw(keys), raw(sorted_keys), raw(values),
                                           raw(sorted_values), kCount);
  });
  std::stable_sort(order.begin(), order.end(), [&](unsigned a, unsigned b) { return x[a] < x[b]; });
  EXPECT_EQ(back(sorted_values), order);
  std::vector<unsigned> want(x);
  std::sort(want.begin(), want.end());
  EXPECT_EQ(back(sorted_keys), want);
}

TEST(DeviceAlgorithms, ThrustSortsAMillionFloats) {
  std::vector<float> x;
  for (const unsigned w : words(4)) x.push_back(static_cast<float>(static_cast<int>(w)) * 0x1p-20f);
  thrust::device_vector<float> v(x);
  thrust::sort(v.begin(), v.end());
  std::sort(x.begin(), x.end());
  EXPECT_EQ(back(v), x);
}

TEST(DeviceAlgorithms, ThrustReducesAMillionElementsByKey) {
  std::vector<int> keys, values;
  for (const unsigned w : words(5)) {
    keys.push_back(keys.empty() ? 0 : keys.back() + (w % 5 == 0));
    values.push_back(static_cast<int>(w >> 16) - 20000);
  }
  thrust::device_vector<int> in_keys(keys), in_values(values), out_keys(kCount), out_values(kCount);
  const auto ends = thrust::reduce_by_key(in_keys.begin(), in_keys.end(), in_values.begin(),
                                          out_keys.begin(), out_values.begin());
  std::vector<int> want_keys, want_values;
  for (int i = 0; i < kCount; ++i) {
    if (want_keys.empty() || want_keys.back() != keys[i]) {
      want_keys.push_back(keys[i]);
      want_values.push_back(0);
    }
    want_values.back() += values[i];
  }
  ASSERT_EQ(ends.first - out_keys.begin(), static_cast<std::ptrdiff_t>(want_keys.size()));
  out_keys.resize(want_keys.size());
  out_values.resize(want_values.size());
  EXPECT_EQ(back(out_keys), want_keys);
  EXPECT_EQ(back(out_values), want_values);
}

}  // namespace
