// Kernels that reach the matrix units and the asynchronous copies through NVIDIA's headers, against
// plain loops, bit by bit. TENSOR_PTX: the PTX files, "|" between them.
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <fstream>
#include <sstream>

#include "vgpu/bit_gate/gate.h"
#include "vgpu/bit_gate/tensor_gate.h"
#include "vgpu/machine/machine.h"

namespace vgpu::gate {
namespace {

template <class T>
using List = std::vector<T>;

constexpr int kRows = 64, kColumns = 96, kDepth = 80;

List<std::string> sources() {
  List<std::string> out;
  std::istringstream list(TENSOR_PTX);
  for (std::string path; std::getline(list, path, '|');) out.push_back(path);
  return out;
}

std::string architecture_of(const std::string& path) {
  const auto at = path.find("tensor_ptx_") + std::strlen("tensor_ptx_");
  return "compute_" + path.substr(at, path.find('.', at) - at);
}

class TensorCores : public testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    std::ifstream file(GetParam());
    std::stringstream text;
    text << file.rdbuf();
    ASSERT_FALSE(text.str().empty()) << GetParam();
    module_ = LoadedModule::load(ptx::parse(text.str(), architecture_of(GetParam())));
  }

  /// `parameters`: a struct of the kernel's arguments in order.
  template <class Parameters>
  void run(const char* kernel, Dim3 grid, Dim3 block, const Parameters& parameters,
           std::size_t shared_bytes = 0) {
    Kernel* found = module_->kernel(kernel);
    ASSERT_NE(found, nullptr) << kernel;
    launch({found, grid, block, shared_bytes, &parameters, false}, profile("b200"));
  }

  bool is_hopper() const { return architecture_of(GetParam()) != "compute_80"; }

 private:
  std::shared_ptr<LoadedModule> module_;
};

std::uint32_t next(std::uint32_t& word) { return (word = word * 1664525u + 1013904223u) >> 8; }

/// In (-1, 1).
List<float> numbers(int count, std::uint32_t seed) {
  List<float> out;
  for (int i = 0; i < count; ++i) out.push_back(static_cast<float>(next(seed)) * 0x1p-23f - 1);
  return out;
}

template <class T>
List<T> integers(int count, std::uint32_t seed) {
  List<T> out;
  for (int i = 0; i < count; ++i) out.push_back(static_cast<T>(next(seed)));
  return out;
}

/// A value's bits kept to those of tf32.
List<float> tf32(List<float> x) {
  for (float& v : x) {
    std::uint32_t bits;
    std::memcpy(&bits, &v, sizeof bits);
    bits &= 0xffffe000;
    std::memcpy(&v, &bits, sizeof v);
  }
  return x;
}

/// d = 2 (a b + c), each sum in the order of k, rounded once a product: kRows x kColumns from
/// a kRows x kDepth and b's columns.
template <class T>
List<T> product(const List<T>& a, const List<T>& b, const List<T>& c) {
  List<T> d;
  for (int i = 0; i < kRows; ++i)
    for (int j = 0; j < kColumns; ++j) {
      T sum = c[static_cast<std::size_t>(i * kColumns + j)];
      for (int l = 0; l < kDepth; ++l) {
        const T x = a[static_cast<std::size_t>(i * kDepth + l)],
                y = b[static_cast<std::size_t>(j * kDepth + l)];
        if constexpr (std::is_integral_v<T>)
          sum += x * y;
        else
          sum = std::fma(x, y, sum);
      }
      d.push_back(sum + sum);
    }
  return d;
}

/// The same with sums rounded to halves after each 16 products.
List<std::uint16_t> product_in_halves(const List<float>& a, const List<float>& b,
                                      const List<float>& c) {
  const auto rounded = [](float x) { return host::from_halves(host::to_halves({x}))[0]; };
  List<float> d;
  for (int i = 0; i < kRows; ++i)
    for (int j = 0; j < kColumns; ++j) {
      float sum = c[static_cast<std::size_t>(i * kColumns + j)];
      for (int l = 0; l < kDepth; ++l) {
        sum = std::fma(a[static_cast<std::size_t>(i * kDepth + l)],
                       b[static_cast<std::size_t>(j * kDepth + l)], sum);
        if (l % 16 == 15) sum = rounded(sum);
      }
      d.push_back(sum + sum);
    }
  return host::to_halves(d);
}

/// Elements whose bytes differ.
template <class T>
std::size_t differences(const List<T>& got, const List<T>& want) {
  if (got.size() != want.size()) return got.size() + want.size();
  std::size_t out = 0;
  for (std::size_t i = 0; i < got.size(); ++i)
    out += std::memcmp(&got[i], &want[i], sizeof(T)) != 0;
  return out;
}

template <class Stored, class Sum>
struct Multiplication {
  const Stored *a, *b;
  const Sum* c;
  Sum* d;
  int columns, depth;
};

constexpr int kA = kRows * kDepth, kB = kColumns * kDepth, kC = kRows * kColumns;

Dim3 tiles(int m, int n) {
  return {static_cast<std::uint32_t>(kColumns / n), static_cast<std::uint32_t>(kRows / m)};
}

TEST_P(TensorCores, HalvesSumInFloats) {
  struct Case {
    const char* kernel;
    int m, n;
  };
  for (const Case& c : {Case{"wmma_f16_f32", 16, 16}, Case{"wmma_f16_f32_tall", 32, 8},
                        Case{"wmma_f16_f32_wide", 8, 32}}) {
    const auto a = host::to_halves(numbers(kA, 1)), b = host::to_halves(numbers(kB, 2));
    const List<float> sums = numbers(kC, 3);
    List<float> d(kC);
    run(c.kernel, tiles(c.m, c.n), {32},
        Multiplication<std::uint16_t, float>{a.data(), b.data(), sums.data(), d.data(), kColumns,
                                             kDepth});
    EXPECT_EQ(differences(d, product(host::from_halves(a), host::from_halves(b), sums)), 0u)
        << c.kernel;
  }
}

TEST_P(TensorCores, HalvesSumInHalves) {
  const auto a = host::to_halves(numbers(kA, 4)), b = host::to_halves(numbers(kB, 5)),
             c = host::to_halves(numbers(kC, 6));
  List<std::uint16_t> d(kC);
  run("wmma_f16_f16", tiles(16, 16), {32},
      Multiplication<std::uint16_t, std::uint16_t>{a.data(), b.data(), c.data(), d.data(), kColumns,
                                                   kDepth});
  EXPECT_EQ(differences(d, product_in_halves(host::from_halves(a), host::from_halves(b),
                                             host::from_halves(c))),
            0u);
}

TEST_P(TensorCores, BfloatsSumInFloats) {
  const auto a = host::to_bfloats(numbers(kA, 7)), b = host::to_bfloats(numbers(kB, 8));
  const List<float> c = numbers(kC, 9);
  List<float> d(kC);
  run("wmma_bf16_f32", tiles(16, 16), {32},
      Multiplication<std::uint16_t, float>{a.data(), b.data(), c.data(), d.data(), kColumns,
                                           kDepth});
  EXPECT_EQ(differences(d, product(host::from_bfloats(a), host::from_bfloats(b), c)), 0u);
}

TEST_P(TensorCores, FloatsMultiplyInTheBitsOfTf32) {
  const List<float> a = numbers(kA, 10), b = numbers(kB, 11), c = numbers(kC, 12);
  List<float> d(kC);
  run("wmma_tf32_f32", tiles(16, 16), {32},
      Multiplication<float, float>{a.data(), b.data(), c.data(), d.data(), kColumns, kDepth});
  EXPECT_EQ(differences(d, product(tf32(a), tf32(b), c)), 0u);
}

TEST_P(TensorCores, DoublesSumInDoubles) {
  const auto widened = [](const List<float>& x) { return List<double>(x.begin(), x.end()); };
  List<double> a = widened(numbers(kA, 13)), b = widened(numbers(kB, 14)),
               c = widened(numbers(kC, 15)), d(kC);
  for (double& x : a) x += 0x1p-40;
  run("wmma_f64", tiles(8, 8), {32},
      Multiplication<double, double>{a.data(), b.data(), c.data(), d.data(), kColumns, kDepth});
  EXPECT_EQ(differences(d, product(a, b, c)), 0u);
}

template <class Byte>
void expect_integers(const List<Byte>& a, const List<Byte>& b, const List<int>& c,
                     const List<int>& d) {
  const auto widened = [](const List<Byte>& x) { return List<int>(x.begin(), x.end()); };
  EXPECT_EQ(differences(d, product(widened(a), widened(b), c)), 0u);
}

TEST_P(TensorCores, BytesSumInIntegers) {
  const auto c = integers<int>(kC, 16);
  const auto a = integers<signed char>(kA, 17), b = integers<signed char>(kB, 18);
  List<int> d(kC);
  run("wmma_s8", tiles(16, 16), {32},
      Multiplication<signed char, int>{a.data(), b.data(), c.data(), d.data(), kColumns, kDepth});
  expect_integers(a, b, c, d);
  const auto e = integers<unsigned char>(kA, 19), f = integers<unsigned char>(kB, 20);
  run("wmma_u8", tiles(32, 8), {32},
      Multiplication<unsigned char, int>{e.data(), f.data(), c.data(), d.data(), kColumns, kDepth});
  expect_integers(e, f, c, d);
}

TEST_P(TensorCores, LdmatrixBringsWhatMmaMultiplies) {
  const auto a = host::to_halves(numbers(kA, 21)), columns = host::to_halves(numbers(kB, 22));
  List<std::uint16_t> rows(kB);
  for (std::size_t j = 0; j < kColumns; ++j)
    for (std::size_t l = 0; l < kDepth; ++l) rows[l * kColumns + j] = columns[j * kDepth + l];
  List<float> d(kC);
  const struct {
    const std::uint16_t *a, *b;
    float* d;
    int columns, depth;
  } parameters{a.data(), rows.data(), d.data(), kColumns, kDepth};

  run("mma_f16", tiles(16, 8), {32}, parameters);

  for (float& x : d) x += x;
  EXPECT_EQ(
      differences(d, product(host::from_halves(a), host::from_halves(columns), List<float>(kC))),
      0u);
}

struct Copies {
  const float* in;
  float* out;
  int count;
};

/// Each chunk the other way round.
List<float> reversed(const List<float>& in, std::size_t chunk) {
  List<float> out;
  for (std::size_t at = 0; at < in.size(); at += chunk)
    for (std::size_t i = 0; i < chunk; ++i) out.push_back(in[at + chunk - 1 - i]);
  return out;
}

TEST_P(TensorCores, PipelinePrimitivesFetchAhead) {
  constexpr std::size_t chunks = 5, chunk = 4 * kAsyncThreads;
  const List<float> in = numbers(chunks * chunk, 23);
  List<float> out(in.size()), want;
  run("pipeline_primitives", {1}, {kAsyncThreads}, Copies{in.data(), out.data(), chunks});
  const auto fetched = [&](std::size_t at) {  // of every fourth thread two floats
    return at / 4 % 4 == 3 && at % 4 >= 2 ? 0.0f : in[at];
  };
  for (std::size_t at = 0; at < in.size(); ++at)
    want.push_back(fetched(at) + fetched(at / chunk * chunk + (at % chunk + 4) % chunk));
  EXPECT_EQ(differences(out, want), 0u);
}

TEST_P(TensorCores, BarriersTellWhenCopiesHaveCome) {
  constexpr int chunks = 6;
  const List<float> in = numbers(chunks * kAsyncChunk, 24);
  for (const char* kernel : {"barrier_copies", "bulk_copies"}) {
    if (std::string(kernel) == "bulk_copies" && !is_hopper()) continue;
    List<float> out(in.size());
    run(kernel, {1}, {256}, Copies{in.data(), out.data(), chunks});
    EXPECT_EQ(differences(out, reversed(in, kAsyncChunk)), 0u) << kernel;
  }
}

TEST_P(TensorCores, ProducersAndConsumersTakeTurns) {
  constexpr unsigned chunks = 9, consumers = 128;
  const List<float> in = numbers(chunks * kAsyncChunk, 25);
  List<float> out(consumers), want(consumers);
  run("pipeline_roles", {1}, {2 * consumers}, Copies{in.data(), out.data(), chunks});
  for (unsigned t = 0; t < consumers; ++t)
    for (unsigned i = 0; i < chunks; ++i)
      for (unsigned at = t; at < kAsyncChunk; at += consumers)
        want[t] += in[i * kAsyncChunk + kAsyncChunk - 1 - at];
  EXPECT_EQ(differences(out, want), 0u);
}

TEST_P(TensorCores, GroupsCopyAnyNumberOfBytes) {
  for (const unsigned count : {4u, 77u, 1000u}) {
    const List<float> in = numbers(static_cast<int>(count), 26);
    List<float> out(count);
    run("group_copies", {1}, {96}, Copies{in.data(), out.data(), static_cast<int>(count)},
        sizeof(float) * count);
    EXPECT_EQ(differences(out, reversed(in, count)), 0u) << count;
  }
}

TEST_P(TensorCores, StmatrixPutsATileBackTransposed) {
  if (!is_hopper()) GTEST_SKIP() << "stmatrix is of compute_90";
  const auto in = integers<std::uint16_t>(64, 27);
  List<std::uint16_t> out(64), want(64);
  for (std::size_t i = 0; i < 64; ++i) want[i % 8 * 8 + i / 8] = in[i];
  const struct {
    const std::uint16_t* in;
    std::uint16_t* out;
  } parameters{in.data(), out.data()};
  run("transpose_tile", {1}, {32}, parameters);
  EXPECT_EQ(differences(out, want), 0u);
}

INSTANTIATE_TEST_SUITE_P(Ptx, TensorCores, testing::ValuesIn(sources()),
                         [](const auto& given) { return architecture_of(given.param); });

}  // namespace
}  // namespace vgpu::gate
