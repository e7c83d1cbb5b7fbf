// trainer.h - trains a classifier on images, epoch by epoch, and can be stopped at any step.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "impl/core/error.h"
#include "impl/data/fashion_mnist.h"
#include "impl/nn/module.h"
#include "impl/optim/sgd.h"
#include "impl/train/checkpoint.h"
#include "impl/train/config.h"

namespace plumb::train {

/// A tensor that is not finite: names the step and the tensor.
struct NotFinite : Error {
  using Error::Error;
};

struct Batch {
  std::vector<std::int64_t> indices;
  Tensor images;  // [n, pixels]
  Tensor labels;  // [n], i64
};

struct Step {
  std::int64_t epoch = 0, batch = 0, batches = 0, number = 0;  // number counts from 1
  double loss = 0;
  std::int64_t images = 0;
};

struct Evaluation {
  std::int64_t images = 0, right = 0;
  double loss = 0;  // mean over the images
  double accuracy() const {
    return images ? static_cast<double>(right) / static_cast<double>(images) : 0;
  }
};

/// One run. The stream of random numbers is torch's: initial weights first, then each epoch's
/// DataLoader draws.
class Trainer {
 public:
  explicit Trainer(Config config);

  const Config& config() const { return config_; }
  nn::Module& model() { return *model_; }
  optim::SGD& optimizer() { return *optimizer_; }
  const ImageDataset& training_images() const { return train_; }
  const ImageDataset& test_images() const { return test_; }
  std::int64_t batches_per_epoch() const;
  std::int64_t steps_done() const { return progress_.step; }

  /// The order of the images in every epoch, as run() will draw them from here.
  std::vector<std::vector<std::int64_t>> planned_orders() const;

  /// Goes on from a checkpoint. Throws FileError when it is of another configuration.
  void resume(const std::string& path);
  /// Trains until the end, or until `keep_going` says no after a step (the reason to stop is its
  /// own). Writes checkpoints as configured, and one when stopped. Throws NotFinite; the last
  /// checkpoint is then left as it was.
  void run(const std::function<bool(const Step&)>& keep_going);

  Batch load(const std::vector<std::int64_t>& indices) const;
  /// Forward, backward and step of one batch; the loss. Throws NotFinite naming the step and the
  /// tensor.
  double train_on(const Batch& batch, std::int64_t number);
  Evaluation evaluate(const ImageDataset& images);

 private:
  void checkpoint() const;

  Config config_;
  ImageDataset train_, test_;
  Mt19937 generator_;
  std::unique_ptr<nn::Sequential> model_;
  std::unique_ptr<optim::SGD> optimizer_;
  nn::CrossEntropyLoss loss_;
  Progress progress_;
};

}  // namespace plumb::train
