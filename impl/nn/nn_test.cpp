// Expected values: torch 2.15.0 on a CPU with AVX-512; each test says the calls.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "impl/core/error.h"
#include "impl/data/fashion_mnist.h"
#include "impl/data/sampler.h"
#include "impl/nn/module.h"
#include "impl/optim/sgd.h"

namespace plumb {
namespace {

TEST(Linear, IsInitialisedAsLibTorchDoes) {
  Mt19937 generator(11);  // torch.manual_seed(11); torch.nn.Linear(5, 3)
  nn::Linear layer(5, 3, true, Dtype::f32, generator);

  const auto weight = layer.state_dict().at("weight").to_host<float>(),
             bias = layer.state_dict().at("bias").to_host<float>();

  EXPECT_EQ(
      std::vector<float>(weight.begin(), weight.begin() + 4),
      (std::vector<float>{-0x1.4170bep-2f, -0x1.8a1bd6p-7f, 0x1.bcd06ep-2f, -0x1.2fb57ep-2f}));
  EXPECT_EQ(bias, (std::vector<float>{0x1.1c682ap-9f, -0x1.6c10a8p-2f, 0x1.dc426ap-3f}));
  EXPECT_EQ(nn::Linear(0, 2, true, Dtype::f32, generator).state_dict().at("bias").to_host<float>(),
            (std::vector<float>{0, 0}));
}

TEST(Linear, HalvesAreDrawnInF32AndKeepTheUpperEndOut) {
  struct Expected {
    Dtype dtype;
    double sum, end;  // torch.manual_seed(3); w = torch.nn.Linear(784, 128, dtype=...).weight
    int at_end;       // (w == -end).sum(); (w == end).sum() is 0
  };
  for (const Expected& e : {Expected{Dtype::f16, -0x1.df4ed26p+3, 0x1.248p-5, 71},
                            Expected{Dtype::bf16, -0x1.f3beaaa1cp+4, 0x1.24p-5, 547}}) {
    Mt19937 generator(3);
    const nn::Linear layer(784, 128, true, e.dtype, generator);

    const auto values = layer.state_dict().at("weight").to(Dtype::f64).to_host<double>();

    EXPECT_EQ(std::accumulate(values.begin(), values.end(), 0.0), e.sum) << name_of(e.dtype);
    EXPECT_EQ(std::count(values.begin(), values.end(), -e.end), e.at_end) << name_of(e.dtype);
    EXPECT_EQ(std::count(values.begin(), values.end(), e.end), 0) << name_of(e.dtype);
  }
}

TEST(Linear, ItsParametersAreCountedAsSuch) {
  const auto parameter = static_cast<std::size_t>(Category::parameter);
  const std::size_t before = Allocator::get().figures().live_by[parameter];
  Mt19937 generator(3);

  const nn::Linear layer(7, 5, true, Dtype::f16, generator);

  EXPECT_EQ(Allocator::get().figures().live_by[parameter] - before, (7 * 5 + 5) * 2u);
}

/// torch.linspace in f64, as its CPU kernel has it: from both ends.
std::vector<double> linspace(double from, double to, std::int64_t count) {
  std::vector<double> out;
  const double step = (to - from) / static_cast<double>(count - 1);
  for (std::int64_t i = 0; i < count; ++i)
    out.push_back(i < count / 2 ? from + step * static_cast<double>(i)
                                : to - step * static_cast<double>(count - 1 - i));
  return out;
}

TEST(Training, ThreeStepsGiveLibTorchsLossesAndParameters) {
  Mt19937 generator(0);
  const auto model = nn::mlp({4, 6, 3}, Dtype::f64, generator);
  const auto parameters = model->parameters();
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    auto values = linspace(-0.5, 0.7, parameters[i].value().numel());
    for (double& v : values) v *= i % 2 ? -0.3 : 1;
    parameters[i].value().copy_(Tensor::from_host(values, parameters[i].value().shape()));
  }
  optim::SGD optimizer(parameters,
                       {.lr = 0.1, .momentum = 0.9, .weight_decay = 0.01, .nesterov = true});
  const nn::CrossEntropyLoss loss_of({.label_smoothing = 0.1},
                                     Tensor::from_host<double>({1, 2, .5}, {3}));
  const Variable x(Tensor::from_host(linspace(-1, 1, 20), {5, 4}));
  const Tensor y = Tensor::from_host<std::int64_t>({0, 2, 1, -100, 2}, {5});
  const double expected[] = {1.26752585343421, 1.1887597909067698, 1.1148726012712145};

  for (const double want : expected) {
    Tape tape;
    optimizer.zero_grad();
    const Variable loss = loss_of.forward(tape, model->forward(tape, x), y);
    EXPECT_NEAR(loss.value().item(), want, 1e-14);
    tape.backward(loss);
    optimizer.step();
  }

  const double sums[] = {3.1880795516596114, -0.352289190413721, 1.7855368220537997,
                         -0.08927684110269002};
  const double largest[] = {0.6962814449194088, 0.20640661511890115, 0.7063117669663002,
                            0.3791060940068454};
  for (std::size_t i = 0; i < 4; ++i) {
    const auto values = parameters[i].value().to_host<double>();
    double most = 0;
    for (const double v : values) most = std::max(most, std::fabs(v));
    EXPECT_NEAR(std::accumulate(values.begin(), values.end(), 0.0), sums[i], 1e-13);
    EXPECT_NEAR(most, largest[i], 1e-14);
  }
}

TEST(Training, TwoEpochsOfFashionMnistReachLibTorchsAccuracy) {
  const ImageDataset train = load_fashion_mnist(PLUMB_FASHION_MNIST, Split::train),
                     test = load_fashion_mnist(PLUMB_FASHION_MNIST, Split::test);
  Mt19937 generator(1);
  const auto model = nn::mlp({784, 256, 128, 10}, Dtype::f32, generator);
  optim::SGD optimizer(model->parameters(), {.lr = 0.02, .momentum = 0.9});
  const nn::CrossEntropyLoss loss_of;
  const auto batches =
      batches_of(shuffled_order(generator, train.count), 64, false);  // the same in both epochs
  ASSERT_EQ(batches.size(), 157u);

  for (int epoch = 0; epoch < 2; ++epoch)
    for (const auto& batch : batches) {
      Tape tape;
      optimizer.zero_grad();
      const Variable x(
          Tensor::from_host(train.images(batch), {static_cast<std::int64_t>(batch.size()), 784}));
      const Tensor y =
          Tensor::from_host(train.classes_of(batch), {static_cast<std::int64_t>(batch.size())});
      tape.backward(loss_of.forward(tape, model->forward(tape, x), y));
      optimizer.step();
    }

  Tape tape;
  const auto all = sequential_order(test.count);
  const auto logits =
      model->forward(tape, Variable(Tensor::from_host(test.images(all), {test.count, 784})))
          .value()
          .to_host<float>();
  int right = 0;
  for (std::int64_t i = 0; i < test.count; ++i) {
    const float* row = logits.data() + i * 10;
    right += std::max_element(row, row + 10) - row == test.labels[static_cast<std::size_t>(i)];
  }
  EXPECT_NEAR(right / static_cast<double>(test.count), 0.769,
              0.01);  // torch: same seed, batches and options
}

std::size_t live(Category category) {
  return Allocator::get().figures().live_by[static_cast<std::size_t>(category)];
}

/// A tensor in the account of the data.
Tensor input(Shape shape, Dtype dtype) {
  const MemoryScope scope(Category::input);
  return Tensor::zeros(std::move(shape), dtype);
}

TEST(Tape, SaysWhatItSavesAndRunsBackwardOnce) {
  Mt19937 generator(2);
  const auto model = nn::mlp({3, 2, 2}, Dtype::f32, generator);
  Tape tape;
  const Variable y = model->forward(tape, Variable(input({4, 3}, Dtype::f32)));
  const Variable loss =
      functional::cross_entropy(tape, y, Variable(input({4}, Dtype::i64)), nullptr);

  EXPECT_NE(
      tape.description().find("linear saved x [4, 3] f32 48 bytes; weight [2, 3] f32 24 bytes"),
      std::string::npos)
      << tape.description();
  EXPECT_NE(tape.description().find("relu saved result [4, 2] f32 32 bytes"), std::string::npos);
  // relu's result 32, the logits 32, their row_max and row_sum 16 each, total_weight 4
  EXPECT_EQ(tape.saved_bytes(), 100u);
  EXPECT_THROW(tape.backward(y), ShapeError);
  tape.backward(loss);
  EXPECT_EQ(tape.saved_bytes(), 0u);
  EXPECT_THROW(tape.backward(loss), ValueError);
  EXPECT_EQ(model->parameters()[0].grad().shape(), (Shape{2, 3}));
  EXPECT_THROW(functional::relu(tape, y), ValueError);
}

TEST(Tape, KeepsNothingButWhatIsSavedAndReleasesItInBackward) {
  Mt19937 generator(2);
  const auto model = nn::mlp({3, 2, 2}, Dtype::f32, generator);
  const Tensor x = input({4, 3}, Dtype::f32), target = input({4}, Dtype::i64);
  const std::size_t activation = live(Category::activation), gradient = live(Category::gradient);
  const std::size_t temporary = live(Category::temporary);
  Tape tape;

  const Variable loss =
      functional::cross_entropy(tape, model->forward(tape, Variable(x)), Variable(target), nullptr);
  EXPECT_EQ(live(Category::activation) - activation, tape.saved_bytes());
  EXPECT_EQ(live(Category::temporary) - temporary,
            4u);  // the loss; not the result of the first layer
  tape.backward(loss);

  EXPECT_EQ(live(Category::activation), activation);
  EXPECT_EQ(live(Category::temporary) - temporary, 4u);
  EXPECT_EQ(live(Category::gradient) - gradient, (2 * 3 + 2 + 2 * 2 + 2) * 4u);
}

TEST(Tape, RetainsAPassForAnotherBackward) {
  const Variable x(Tensor::from_host<double>({1, -2, 3}, {3}), true);
  Tape tape;
  const Variable y = functional::relu(tape, x);

  tape.backward(y, Tensor::from_host<double>({1, 1, 1}, {3}), {}, true);
  tape.backward(y, Tensor::from_host<double>({2, 2, 2}, {3}));

  EXPECT_EQ(x.grad().to_host<double>(), (std::vector<double>{3, 0, 3}));
  EXPECT_THROW(tape.backward(y, x.value()), ValueError);
}

TEST(Tape, GradientMustFitItsRootAndTheRootItsTape) {
  const Variable x(Tensor::zeros({3}, Dtype::f32), true);
  Tape tape;
  const Variable y = functional::relu(tape, x);

  EXPECT_THROW(tape.backward(y), ShapeError);
  EXPECT_THROW(tape.backward(y, Tensor::zeros({2}, Dtype::f32)), ShapeError);
  EXPECT_THROW(tape.backward(y, Tensor::zeros({3}, Dtype::f64)), ShapeError);
  EXPECT_THROW(tape.backward(x, x.value()), ValueError);
  EXPECT_THROW(tape.backward({}, x.value()), ValueError);
  tape.backward(y, x.value());
}

TEST(Tape, GradientsOfAVariableUsedTwiceAdd) {
  const Variable x(Tensor::from_host<double>({1, -2, 3}, {1, 3}), true),
      weight(Tensor::from_host<double>({1, 1, 1}, {1, 3}), true);
  Tape tape;
  const Variable h = functional::linear(tape, functional::relu(tape, x), weight, {});
  tape.backward(functional::linear(tape, functional::relu(tape, x), weight, {}));
  EXPECT_EQ(weight.grad().to_host<double>(), (std::vector<double>{1, 0, 3}));
  Tape second;
  second.backward(functional::linear(second, functional::relu(second, x), weight, {}));
  EXPECT_EQ(weight.grad().to_host<double>(), (std::vector<double>{2, 0, 6}));
  EXPECT_EQ(x.grad().to_host<double>(), (std::vector<double>{2, 0, 2}));
}

TEST(Module, StateDictsMustFitExactly) {
  Mt19937 generator(3);
  const auto model = nn::mlp({3, 2}, Dtype::f32, generator);
  nn::StateDict state{{"0.weight", Tensor::full({2, 3}, 7, Dtype::f32)},
                      {"0.bias", Tensor::zeros({2}, Dtype::f32)}};
  model->load_state_dict(state);
  EXPECT_EQ(model->state_dict().at("0.weight").select(0, 1).select(0, 2).item(), 7);
  state["1.bias"] = state["0.bias"];
  state["0.weight"] = Tensor::zeros({3, 2}, Dtype::f32);
  state.erase("0.bias");
  try {
    model->load_state_dict(state);
    ADD_FAILURE();
  } catch (const ValueError& error) {
    const std::string text = error.what();
    EXPECT_NE(
        text.find("missing: 0.bias unexpected: 1.bias different: 0.weight is [3, 2], need [2, 3];"),
        std::string::npos)
        << text;
  }
}

TEST(Sgd, RefusesWhatLibTorchRefuses) {
  const Variable p(Tensor::zeros({1}, Dtype::f32), true);
  const auto message = [&](const SgdOptions& options) -> std::string {
    try {
      optim::SGD({p}, options);
    } catch (const ValueError& error) {
      return error.what();
    }
    return "accepted";
  };
  EXPECT_NE(message({.lr = -1}).find("Invalid learning rate: -1"), std::string::npos);
  EXPECT_NE(message({.momentum = -1}).find("Invalid momentum value: -1"), std::string::npos);
  EXPECT_NE(message({.weight_decay = -1}).find("Invalid weight_decay value: -1"),
            std::string::npos);
  EXPECT_NE(
      message({.nesterov = true}).find("Nesterov momentum requires a momentum and zero dampening"),
      std::string::npos);
  EXPECT_EQ(message({.lr = NAN}), "accepted");
  EXPECT_THROW(optim::SGD(std::vector<optim::ParameterGroup>{}), ValueError);
  EXPECT_THROW(optim::SGD({{{p}, {}}, {{p}, {}}}), ValueError);
  EXPECT_THROW(optim::SGD({p, p}, SgdOptions{}), ValueError);
  EXPECT_THROW(optim::SGD({Variable(p.value())}, SgdOptions{}), ValueError);
}

TEST(Sgd, ResumesFromItsState) {
  const Variable p(Tensor::full({3}, 1, Dtype::f32), true),
      q(Tensor::full({3}, 1, Dtype::f32), true);
  optim::SGD first({p}, {.lr = 0.5, .momentum = 0.5, .dampening = 0.25});
  p.grad() = Tensor::full({3}, 2, Dtype::f32);
  first.step();
  optim::SGD second({q}, {.lr = 9});
  q.value().copy_(p.value());
  q.grad() = p.grad();

  second.load_state_dict(first.state_dict());
  first.step();
  second.step();

  // buf = 2, then 0.5 * 2 + 0.75 * 2 = 2.5; p = 1 - 0.5 * 2 - 0.5 * 2.5
  EXPECT_EQ(p.value().to_host<float>(), (std::vector<float>{-1.25f, -1.25f, -1.25f}));
  EXPECT_EQ(q.value().to_host<float>(), p.value().to_host<float>());
  EXPECT_THROW(second.load_state_dict({}), ValueError);
}

TEST(Sgd, AStateThatDoesNotFitChangesNothing) {
  const Variable p(Tensor::full({2}, 1, Dtype::f32), true);
  optim::SGD optimizer({p}, {.lr = 0.5, .momentum = 0.5});
  p.grad() = Tensor::full({2}, 2, Dtype::f32);
  optimizer.step();
  optim::SGD::State state = optimizer.state_dict();
  state.groups[0].lr = 9;

  state.params[0][0] = 1;
  EXPECT_THROW(optimizer.load_state_dict(state), ValueError);
  state.params[0][0] = 0;
  state.momentum_buffers[0] = Tensor::zeros({3}, Dtype::f32);
  EXPECT_THROW(optimizer.load_state_dict(state), ValueError);

  EXPECT_EQ(optimizer.param_groups()[0].options.lr, 0.5);
  EXPECT_EQ(optimizer.state_dict().momentum_buffers[0].to_host<float>(),
            (std::vector<float>{2, 2}));
}

}  // namespace
}  // namespace plumb
