// init.h - torch.nn.init: initial weights, bit by bit what LibTorch draws from the same generator.
//
// Each function fills the tensor, which must be contiguous (LibTorch fills others in the order of
// their memory: not supported). Errors: ValueError and ShapeError with LibTorch's text. kaiming of
// a tensor without elements does nothing (LibTorch warns). Scalars are combined in double and
// rounded to the dtype where they are used.
// Source: PyTorch torch/nn/init.py.
#pragma once

#include <optional>
#include <string>

#include "impl/core/tensor.h"
#include "impl/random/distributions.h"

namespace plumb::nn::init {

/// Inputs and outputs of a unit: size(1) and size(0), times the elements of a kernel. So fan_in is
/// of one group of a convolution and fan_out of all; a transposed convolution has them the other
/// way round. Throws ValueError below two dimensions.
struct Fans {
  std::int64_t in = 0, out = 0;
};
Fans calculate_fan_in_and_fan_out(const Shape& shape);

/// linear, conv1d to conv_transpose3d, sigmoid: 1; tanh: 5/3; relu: sqrt(2); leaky_relu:
/// sqrt(2 / (1 + a^2)), a = 0.01 by default; selu: 3/4.
double calculate_gain(const std::string& nonlinearity, std::optional<double> a = {});

using random::Kernels;

void constant_(Tensor tensor, double value);
inline void ones_(const Tensor& tensor) { constant_(tensor, 1); }
inline void zeros_(const Tensor& tensor) { constant_(tensor, 0); }
/// Ones on the diagonal; two dimensions.
void eye_(Tensor tensor);
/// The identity of a convolution, group by group: three to five dimensions.
void dirac_(Tensor tensor, std::int64_t groups = 1);

void uniform_(Tensor tensor, Mt19937& generator, double a = 0, double b = 1,
              Kernels kernels = Kernels::avx2);
void normal_(Tensor tensor, Mt19937& generator, double mean = 0, double std = 1,
             Kernels kernels = Kernels::avx2);
/// Normal numbers within [a, b], which are values and not multiples of std: whole tensors are drawn
/// until each place has had one that is inside.
void trunc_normal_(Tensor tensor, Mt19937& generator, double mean = 0, double std = 1,
                   double a = -2, double b = 2, Kernels kernels = Kernels::avx2);

/// U(-b, b), b = gain sqrt(6 / (fan_in + fan_out)).
void xavier_uniform_(const Tensor& tensor, Mt19937& generator, double gain = 1,
                     Kernels kernels = Kernels::avx2);
/// N(0, gain^2 2 / (fan_in + fan_out)).
void xavier_normal_(const Tensor& tensor, Mt19937& generator, double gain = 1,
                    Kernels kernels = Kernels::avx2);

/// `mode`: "fan_in" or "fan_out"; `a`: the slope of a leaky_relu.
struct Kaiming {
  double a = 0;
  std::string mode = "fan_in", nonlinearity = "leaky_relu";
};
/// U(-b, b), b = gain sqrt(3 / fan).
void kaiming_uniform_(const Tensor& tensor, Mt19937& generator, const Kaiming& options = {},
                      Kernels kernels = Kernels::avx2);
/// N(0, gain^2 / fan).
void kaiming_normal_(const Tensor& tensor, Mt19937& generator, const Kaiming& options = {},
                     Kernels kernels = Kernels::avx2);

/// Rows (or columns, where there are fewer) of length `gain` at right angles, by QR of normal
/// numbers with the signs of R's diagonal. The draws are LibTorch's; the last bits are not, which
/// there are LAPACK's. Two dimensions or more; f64 and f32.
void orthogonal_(const Tensor& tensor, Mt19937& generator, double gain = 1,
                 Kernels kernels = Kernels::avx2);
/// N(0, std^2), of which ceil(sparsity * rows) of each column are set to zero. Their order comes
/// from `order`, LibTorch's default generator whatever generator is passed. Two dimensions.
void sparse_(const Tensor& tensor, Mt19937& generator, Mt19937& order, double sparsity,
             double std = 0.01, Kernels kernels = Kernels::avx2);

}  // namespace plumb::nn::init
