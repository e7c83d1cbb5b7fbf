// config.h - what a training run is: keys of a YAML file, declared once with type, default, range
// and sentence.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "impl/ops/sgd.h"

namespace plumb::train {

struct Config {
  std::vector<std::int64_t> layers = {784, 256, 128, 10};
  std::string data_folder = "golden/data/fashion_mnist_12k";
  std::int64_t batch_size = 64;
  double mean = 0, std = 1;
  bool shuffle = true, drop_last = false;
  SgdOptions optimizer;
  double label_smoothing = 0;
  std::int64_t epochs = 5;
  std::int64_t seed = 0;
  std::int64_t memory_budget = 0;
  std::string checkpoint;
  std::int64_t checkpoint_every = 0;
  std::int64_t log_every = 50;
};

/// One key: its dotted name, "integer" or the like, what is allowed, what it means, and how it is
/// read and shown.
struct Key {
  std::string name, type, allowed, sentence;
  /// Throws ValueError("... is not ...") when the text is not of the type or out of range.
  std::function<void(Config&, const std::string& text)> set;
  std::function<std::string(const Config&)> show;
};

const std::vector<Key>& keys();

/// Reads a YAML file of nested maps, then "KEY VALUE" overrides. Throws UsageError, one line:
/// "file:line: key 'x' is unknown; nearest: 'y'", or what was given and what is allowed.
Config load_config(const std::string& path, const std::vector<std::string>& overrides);

/// Every key with its value, as YAML that load_config reads.
std::string to_yaml(const Config& config);

/// The table of keys for --help.
std::string describe_keys();

}  // namespace plumb::train
