// mlp.h - LibTorch trains an MLP with SGD, and says in f64 what each tensor of a step is and how
// far f32 may be from it.
#pragma once

#include <nlohmann/json.hpp>

#include "reference/tensors.h"

namespace plumb::reference {

struct MlpOptions {
  std::vector<std::int64_t> layers;
  double lr = 0, momentum = 0, dampening = 0, weight_decay = 0, label_smoothing = 0;
  bool nesterov = false, maximize = false;
};

/// Throws std::invalid_argument naming the field that is missing or unknown.
MlpOptions options_from(const nlohmann::json& request);

/// Linear layers with ReLU between them; parameters "0.weight", "0.bias", "2.weight" ... as
/// nn.Sequential names them.
class Mlp {
 public:
  /// nn.Linear's default initialisation after torch.manual_seed(seed).
  Mlp(MlpOptions options, std::uint64_t seed, at::ScalarType dtype);

  std::vector<at::Tensor> parameters;  // weight, bias, weight, bias ...
  std::vector<at::Tensor> buffers;     // momentum; undefined before the first step

  /// One step; the loss before it.
  double step(const at::Tensor& images, const at::Tensor& labels);
  /// Mean loss (without smoothing) and right answers.
  std::pair<double, std::int64_t> evaluate(const at::Tensor& images,
                                           const at::Tensor& labels) const;

  /// The step that step() is about to make, in f64 from this state, and for each tensor
  /// "bound.<name>": how far an f32 computation in any order of summation may be from it. Names:
  /// loss, logits, gradient.<p>, <p>, momentum_buffer.<p>.
  TensorMap judge(const at::Tensor& images, const at::Tensor& labels) const;

  /// Parameters, and "momentum_buffer.<number>" where there are any.
  TensorMap state() const;
  std::string name_of(std::size_t parameter) const;

 private:
  at::Tensor logits(const at::Tensor& images) const;
  MlpOptions options_;
};

}  // namespace plumb::reference
