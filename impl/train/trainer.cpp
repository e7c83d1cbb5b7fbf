#include "impl/train/trainer.h"

#include <algorithm>
#include <cmath>
#include <sstream>

#include "impl/data/sampler.h"

namespace plumb::train {
namespace {

constexpr std::int64_t kEvaluationBatch = 1000;

ImageDataset load_images(const Config& config, Split split) {
  ImageDataset images = load_fashion_mnist(config.data_folder, split);
  images.mean = static_cast<float>(config.mean);
  images.std = static_cast<float>(config.std);
  return images;
}

/// The first parameter or gradient that holds a NaN or an infinity.
std::string first_not_finite(const nn::Module& model) {
  for (const auto& [name, parameter] : model.named_parameters())
    for (const auto& [what, tensor] :
         {std::pair{"gradient", parameter.grad()}, std::pair{"parameter", parameter.value()}}) {
      if (!tensor.defined()) continue;
      const auto values = tensor.to(Dtype::f64).to_host<double>();
      if (!std::all_of(values.begin(), values.end(), [](double v) { return std::isfinite(v); }))
        return std::string(what) + " of " + name;
    }
  return "loss";
}

/// "lr: 0.02, here lr: 0.5" of two configurations as to_yaml() writes them.
std::string first_difference(const std::string& theirs, const std::string& ours) {
  std::istringstream a(theirs), b(ours);
  std::string line_of_a, line_of_b;
  do {
    line_of_a.clear(), line_of_b.clear();
    std::getline(a, line_of_a), std::getline(b, line_of_b);
  } while (line_of_a == line_of_b && a && b);
  const auto bare = [](const std::string& line) {
    const auto begin = line.find_first_not_of(' ');
    return begin == std::string::npos ? "nothing" : line.substr(begin);
  };
  return bare(line_of_a) + ", here " + bare(line_of_b);
}

}  // namespace

Trainer::Trainer(Config config)
    : config_(std::move(config)),
      train_(load_images(config_, Split::train)),
      test_(load_images(config_, Split::test)),
      generator_(static_cast<std::uint64_t>(config_.seed)),
      loss_({.label_smoothing = config_.label_smoothing}) {
  PLUMB_CHECK(ValueError,
              config_.layers.front() == train_.height * train_.width &&
                  config_.layers.back() == train_.classes,
              "model.layers goes from {} to {}, the data from {} pixels to {} classes",
              config_.layers.front(), config_.layers.back(), train_.height * train_.width,
              train_.classes);
  if (config_.memory_budget)
    Allocator::get().set_budget(static_cast<std::size_t>(config_.memory_budget));
  model_ = nn::mlp(config_.layers, Dtype::f32, generator_);
  optimizer_ = std::make_unique<optim::SGD>(model_->parameters(), config_.optimizer);
  progress_.config = to_yaml(config_);
}

std::int64_t Trainer::batches_per_epoch() const {
  return config_.drop_last ? train_.count / config_.batch_size
                           : (train_.count + config_.batch_size - 1) / config_.batch_size;
}

std::vector<std::vector<std::int64_t>> Trainer::planned_orders() const {
  Mt19937 generator = generator_;
  std::vector<std::vector<std::int64_t>> out;
  for (std::int64_t epoch = progress_.epoch; epoch < config_.epochs; ++epoch)
    out.push_back(config_.shuffle ? shuffled_order(generator, train_.count)
                                  : unshuffled_order(generator, train_.count));
  return out;
}

Batch Trainer::load(const std::vector<std::int64_t>& indices) const {
  const MemoryScope scope(Category::input);
  const auto count = static_cast<std::int64_t>(indices.size());
  return {indices, Tensor::from_host(train_.images(indices), {count, config_.layers.front()}),
          Tensor::from_host(train_.classes_of(indices), {count})};
}

double Trainer::train_on(const Batch& batch, std::int64_t number) {
  Tape tape;
  optimizer_->zero_grad();
  Allocator::get().begin_phase("forward");
  const Variable loss =
      loss_.forward(tape, model_->forward(tape, Variable(batch.images)), batch.labels);
  const double value = loss.value().item();
  Allocator::get().begin_phase("backward");
  tape.backward(loss);
  if (!std::isfinite(value))
    throw NotFinite("step " + std::to_string(number) + ": the loss is " + std::to_string(value) +
                    "; first tensor that is not finite: " + first_not_finite(*model_));
  Allocator::get().begin_phase("step");
  optimizer_->step();
  Allocator::get().begin_phase("");
  return value;
}

Evaluation Trainer::evaluate(const ImageDataset& images) {
  Evaluation out;
  const auto order = sequential_order(images.count);
  for (const auto& indices : batches_of(order, kEvaluationBatch, false)) {
    const auto count = static_cast<std::int64_t>(indices.size());
    Tape tape;
    const Variable x(Tensor::from_host(images.images(indices), {count, config_.layers.front()}));
    const Tensor y = Tensor::from_host(images.classes_of(indices), {count});
    const Variable logits = model_->forward(tape, x);
    const Variable loss = functional::cross_entropy(tape, logits, Variable(y), nullptr,
                                                    {.reduction = Reduction::sum});
    out.loss += loss.value().item();
    const auto rows = logits.value().to_host<float>();
    const std::size_t classes = rows.size() / indices.size();
    for (std::size_t i = 0; i < indices.size(); ++i) {
      const float* row = rows.data() + i * classes;
      out.right += std::max_element(row, row + classes) - row ==
                   images.labels[static_cast<std::size_t>(indices[i])];
    }
    out.images += count;
  }
  if (out.images) out.loss /= static_cast<double>(out.images);
  return out;
}

void Trainer::checkpoint() const {
  if (!config_.checkpoint.empty())
    save_checkpoint(config_.checkpoint, *model_, *optimizer_, progress_);
}

void Trainer::resume(const std::string& path) {
  const Progress loaded = load_checkpoint(path, *model_, *optimizer_);
  PLUMB_CHECK(FileError, loaded.config == progress_.config,
              "{}: was made with another configuration: {}", path,
              first_difference(loaded.config, progress_.config));
  progress_ = loaded;
  try {
    generator_.set_state(loaded.epoch_generator);
  } catch (const ValueError& error) {
    throw FileError(path + ": " + error.what());
  }
}

void Trainer::run(const std::function<bool(const Step&)>& keep_going) {
  for (; progress_.epoch < config_.epochs; ++progress_.epoch, progress_.batch = 0) {
    progress_.epoch_generator = generator_.state();
    const auto order = config_.shuffle ? shuffled_order(generator_, train_.count)
                                       : unshuffled_order(generator_, train_.count);
    const auto batches = batches_of(order, config_.batch_size, config_.drop_last);
    while (progress_.batch < static_cast<std::int64_t>(batches.size())) {
      const Batch batch = load(batches[static_cast<std::size_t>(progress_.batch)]);
      const double loss = train_on(batch, progress_.step + 1);
      ++progress_.batch;
      ++progress_.step;
      const Step step{progress_.epoch,
                      progress_.batch,
                      static_cast<std::int64_t>(batches.size()),
                      progress_.step,
                      loss,
                      static_cast<std::int64_t>(batch.indices.size())};
      if (!keep_going(step)) return checkpoint();
      if (config_.checkpoint_every && progress_.step % config_.checkpoint_every == 0) checkpoint();
    }
  }
  checkpoint();
}

}  // namespace plumb::train
