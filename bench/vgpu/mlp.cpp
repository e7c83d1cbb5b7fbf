// mlp.cpp - a training step of the MLP 784-256-128-10: forward, backward and SGD, against
// LibTorch's.
#include <cmath>
#include <cstring>

#include "bench/common/scratch_folder.h"
#include "bench/vgpu/rows.h"
#include "impl/core/safetensors.h"
#include "impl/nn/module.h"
#include "impl/optim/sgd.h"

namespace plumb::bench {
namespace {

const std::vector<std::int64_t> kLayers = {784, 256, 128, 10};
constexpr double kLr = 0.02, kMomentum = 0.95, kWeightDecay = 1e-4, kSmoothing = 0.1;
constexpr std::uint64_t kSeed = 1;

/// Products of matrices alone: forward, dweight, and dx but for the first layer.
double flops_of(std::int64_t batch) {
  double flops = 0;
  for (std::size_t i = 0; i + 1 < kLayers.size(); ++i)
    flops += 2.0 * static_cast<double>(batch * kLayers[i] * kLayers[i + 1]) * (i == 0 ? 2 : 3);
  return flops;
}

/// As train/trainer.cpp does it, on one batch that stays on the device.
class Training {
 public:
  explicit Training(std::int64_t batch) : batch_(batch), generator_(kSeed) {
    std::uint32_t word = 1;
    const auto next = [&] { return (word = word * 1664525u + 1013904223u) >> 8; };
    for (std::int64_t i = 0; i < batch * kLayers.front(); ++i)
      host_images_.push_back(static_cast<float>(next()) * 0x1p-23f - 1);
    for (std::int64_t i = 0; i < batch; ++i) host_labels_.push_back(next() % 10);
    images_ = Tensor::from_host(host_images_, {batch, kLayers.front()});
    labels_ = Tensor::from_host(host_labels_, {batch});
    model_ = nn::mlp(kLayers, Dtype::f32, generator_);
    optimizer_ = std::make_unique<optim::SGD>(
        model_->parameters(),
        SgdOptions{
            .lr = kLr, .momentum = kMomentum, .weight_decay = kWeightDecay, .nesterov = true});
  }
  /// The loss before the step.
  double step() {
    Tape tape;
    optimizer_->zero_grad();
    const Variable loss = loss_.forward(tape, model_->forward(tape, Variable(images_)), labels_);
    const double value = loss.value().item();
    tape.backward(loss);
    optimizer_->step();
    return value;
  }
  void write_batch(const std::string& path) const {
    const auto host = [](const char* dtype, Shape shape, const auto& values) {
      HostTensor out{dtype, std::move(shape),
                     std::vector<std::byte>(values.size() * sizeof values[0])};
      std::memcpy(out.bytes.data(), values.data(), out.bytes.size());
      return out;
    };
    write_safetensors(path, {{{"images", host("F32", {batch_, kLayers.front()}, host_images_)},
                              {"labels", host("I64", {batch_}, host_labels_)}},
                             {}});
  }

 private:
  std::int64_t batch_;
  Mt19937 generator_;
  std::vector<float> host_images_;
  std::vector<std::int64_t> host_labels_;
  Tensor images_, labels_;
  std::unique_ptr<nn::Sequential> model_;
  std::unique_ptr<optim::SGD> optimizer_;
  nn::CrossEntropyLoss loss_{{.label_smoothing = kSmoothing}};
};

/// LibTorch starts from the same seed and must find the same losses.
void start_peer(const Row& row, Training& ours, const ScratchFolder& folder) {
  ours.write_batch(folder.file("batch"));
  client::Client& client = LibTorch::get().client();
  client.request(
      "mlp.init",
      {{"layers", kLayers},
       {"optimizer",
        {{"lr", kLr}, {"momentum", kMomentum}, {"weight_decay", kWeightDecay}, {"nesterov", true}}},
       {"label_smoothing", kSmoothing},
       {"seed", kSeed},
       {"state", folder.file("state")}});
  std::vector<float> got, want;
  for (int step = 0; step < 5; ++step) {
    got.push_back(static_cast<float>(ours.step()));
    want.push_back(client.request("mlp.step", {{"batch", folder.file("batch")}}).at("loss"));
  }
  require_close(row, got, want, 1e-4);
}

/// Without LibTorch: the batch must be learnt.
void require_learning(const Row& row, Training& ours) {
  const double before = ours.step();
  for (int step = 0; step < 20; ++step) ours.step();
  if (const double after = ours.step(); !(after < before))
    throw WrongResult(row.id + ": the loss went from " + std::to_string(before) + " to " +
                      std::to_string(after));
}

void run(benchmark::State& state, Row& row, std::int64_t batch) {
  const ScratchFolder folder;
  Training ours(batch);
  set_peer(row, "step");
  LibTorch::get().available() ? start_peer(row, ours, folder) : require_learning(row, ours);
  const Timed peer =
      LibTorch::get().timing("time.step", {{"batch", folder.file("batch")}}, row.threads);
  measure(state, row, timed([&] { ours.step(); }), peer,
          [&](double seconds) { return static_cast<double>(batch) / seconds; });
  set_fma_bound(row, flops_of(batch) / static_cast<double>(batch) * row.figure->median / 1e9);
}

}  // namespace

void add_mlp_rows(Rows& rows) {
  for (const std::int64_t batch : {100, 64})
    for (const int threads : {1, 2}) {
      Row row;
      row.id = "mlp_784_256_128_10/train_step/f32/n" + std::to_string(batch);
      row.threads = threads;
      row.unit = "images/s";
      row.judged = Judged::time_ratio;
      row.goal = {3, 3};
      rows.add(row,
               [batch](benchmark::State& state, Row& measured) { run(state, measured, batch); });
    }
}

}  // namespace plumb::bench
