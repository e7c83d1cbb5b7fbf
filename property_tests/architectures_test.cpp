// The ops give the same bits from the PTX of four architectures: compute_75, 80, 90 and 100, one
// process each, chosen by the profile. -fmad=false: contraction is the compiler's choice and
// differs between them; what the ops fuse they say with fma().
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmath>
#include <filesystem>

#include "impl/core/file.h"
#include "impl/ops/cross_entropy.h"
#include "impl/ops/linear.h"
#include "impl/ops/relu.h"
#include "impl/ops/sgd.h"
#include "property_tests/harness/generate.h"
#include "vgpu/runtime/device.h"

namespace plumb::test {
namespace {

constexpr std::int64_t kRows = 37, kIn = 300, kOut = 45;  // tails of every tile, three chunks of k

/// All outputs of one op over one dtype, as bytes.
class Outputs {
 public:
  void add(const Tensor& tensor) {
    for (const std::byte b : tensor.to_bytes()) bytes_ += static_cast<char>(b);
  }
  const std::string& bytes() const { return bytes_; }

 private:
  std::string bytes_;
};

Tensor real(Shape shape, Dtype dtype, std::uint64_t seed) {
  return upload(filled(std::move(shape), dtype, Fill::real, seed));
}

void add_linear(Outputs& out, Dtype dtype) {
  const Tensor x = real({kRows, kIn}, dtype, 1), weight = real({kOut, kIn}, dtype, 2);
  const Tensor bias = real({kOut}, dtype, 3), dy = real({kRows, kOut}, dtype, 4);
  out.add(linear_forward(x, weight, &bias));
  const LinearGrads grads = linear_backward(dy, x, weight);
  for (const Tensor& t : {grads.dx, grads.dweight, grads.dbias}) out.add(t);
}

void add_relu(Outputs& out, Dtype dtype) {
  const Tensor y = relu_forward(real({kRows, kIn}, dtype, 5), {});
  out.add(y);
  out.add(relu_backward(real({kRows, kIn}, dtype, 6), y, {}));
}

void add_cross_entropy(Outputs& out, Dtype dtype) {
  const Tensor weight = real({kOut}, dtype, 7), dy = real({}, dtype, 8);
  const CrossEntropyOptions options{Reduction::mean, -100, 0.1};
  for (const Shape& shape : {Shape{kRows, kOut}, Shape{3, kOut, 7}}) {
    const Tensor x = real(shape, dtype, 9), p = real(shape, dtype, 10);
    Shape rows = shape;
    rows.erase(rows.begin() + 1);
    const Tensor labels = upload(make_array(
        rows, Dtype::i64, [](std::size_t i) { return static_cast<long double>(i * 7 % kOut); }));
    for (const Tensor& target : {labels, p}) {
      const CrossEntropyResult result = cross_entropy_forward(x, target, &weight, options, {});
      const bool probabilities = is_floating(target.dtype());
      const CrossEntropyGrads grads = cross_entropy_backward(dy, x, target, &weight, options,
                                                             result, {true, probabilities}, {});
      out.add(result.loss);
      out.add(grads.dinput);
      if (probabilities) out.add(grads.dtarget);
    }
  }
}

void add_sgd(Outputs& out, Dtype dtype) {
  std::vector<SgdParam> params;
  for (const std::int64_t count : {1, 2049, 700})
    params.push_back(
        {real({count}, dtype, 11), real({count}, dtype, 12), real({count}, dtype, 13), false});
  sgd_step(params, {.lr = 0.1, .momentum = 0.9, .weight_decay = 0.01, .nesterov = true}, {});
  for (const SgdParam& p : params) out.add(p.param), out.add(p.momentum_buffer);
}

struct Part {
  const char* op;
  void (*add)(Outputs&, Dtype);
};
constexpr Part kParts[] = {{"linear", add_linear},
                           {"relu", add_relu},
                           {"cross_entropy", add_cross_entropy},
                           {"sgd", add_sgd}};

/// In a process of its own, since a process has one device: writes <folder>/<profile>.<op>.<dtype>.
void write_outputs(const std::string& profile, const std::string& folder) {
  vgpu::runtime::choose_device({true, profile, 1, 0});
  for (const Part& part : kParts)
    for (const Dtype dtype : {Dtype::f64, Dtype::f32, Dtype::f16, Dtype::bf16}) {
      Outputs out;
      part.add(out, dtype);
      write_whole(folder + "/" + profile + "." + part.op + "." + name_of(dtype), out.bytes());
    }
}

class Architectures : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = testing::TempDir() + "/architectures.XXXXXX";
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  /// All at once: most of the time goes to translating the kernels, on one core each.
  void run(const std::vector<std::string>& profiles) {
    std::vector<pid_t> children;
    for (const std::string& profile : profiles) children.push_back(start(profile));
    for (std::size_t i = 0; i < children.size(); ++i) {
      int status = -1;
      waitpid(children[i], &status, 0);
      EXPECT_EQ(status, 0) << profiles[i];
    }
  }

  pid_t start(const std::string& profile) {
    const pid_t child = fork();
    if (child != 0) return child;
    try {
      write_outputs(profile, folder_);
    } catch (const std::exception& error) {
      std::fprintf(stderr, "%s: %s\n", profile.c_str(), error.what());
      _exit(1);
    }
    _exit(0);
  }

  std::string bytes(const std::string& profile, const Part& part, Dtype dtype) const {
    return read_whole(folder_ + "/" + profile + "." + part.op + "." + name_of(dtype));
  }

  std::string folder_;
};

TEST_F(Architectures, TheOpsGiveTheSameBits) {
  const std::vector<std::string> profiles = {"t4", "a100", "h100", "b200"};  // 75, 80, 90, 100

  run(profiles);

  for (const Part& part : kParts)
    for (const Dtype dtype : {Dtype::f64, Dtype::f32, Dtype::f16, Dtype::bf16}) {
      const std::string want = bytes("a100", part, dtype);
      EXPECT_FALSE(want.empty());
      for (const std::string& profile : profiles)
        EXPECT_TRUE(bytes(profile, part, dtype) == want)
            << part.op << " " << name_of(dtype) << " on " << profile << " differs from a100";
    }
}

/// matmul.cuh's order: fma upwards in chunks of 128, the chunks' sums added, then the bias.
template <class Accum>
HostArray host_linear(const HostArray& x, const HostArray& weight, const HostArray& bias) {
  return make_array({kRows, kOut}, x.dtype, [&](std::size_t i) {
    const std::size_t row = i / kOut, column = i % kOut;
    Accum total = 0;
    for (std::size_t begin = 0; begin < kIn; begin += 128) {
      Accum chunk = 0;
      for (std::size_t k = begin; k < std::min<std::size_t>(begin + 128, kIn); ++k)
        chunk = std::fma(static_cast<Accum>(x.values[row * kIn + k]),
                         static_cast<Accum>(weight.values[column * kIn + k]), chunk);
      total += chunk;
    }
    return static_cast<long double>(total + static_cast<Accum>(bias.values[column]));
  });
}

TEST_F(Architectures, LinearHasTheBitsOfItsOrderOfSumsInPlainCpp) {
  run({"a100"});
  for (const Dtype dtype : {Dtype::f64, Dtype::f32, Dtype::f16, Dtype::bf16}) {
    const HostArray x = filled({kRows, kIn}, dtype, Fill::real, 1),
                    weight = filled({kOut, kIn}, dtype, Fill::real, 2),
                    bias = filled({kOut}, dtype, Fill::real, 3);
    const HostArray want = dtype == Dtype::f64 ? host_linear<double>(x, weight, bias)
                                               : host_linear<float>(x, weight, bias);

    const std::string got = bytes("a100", kParts[0], dtype);

    const std::string expected = bytes_of_array(want);
    ASSERT_GE(got.size(), expected.size());
    EXPECT_TRUE(got.compare(0, expected.size(), expected) == 0) << name_of(dtype);
  }
}

}  // namespace
}  // namespace plumb::test
