#include "impl/train/config.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>

#include "impl/core/error.h"
#include "impl/core/file.h"

namespace plumb::train {
namespace {

class ConfigFile : public testing::Test {
 protected:
  ConfigFile()
      : path_(
            (std::filesystem::temp_directory_path() / ("plumb_config_" + std::to_string(getpid())))
                .string()) {}
  ~ConfigFile() override { std::filesystem::remove(path_); }
  Config load(const std::string& text, const std::vector<std::string>& overrides = {}) {
    write_whole(path_, text);
    return load_config(path_, overrides);
  }
  std::string refusal(const std::string& text, const std::vector<std::string>& overrides = {}) {
    try {
      load(text, overrides);
    } catch (const UsageError& error) {
      EXPECT_EQ(std::string(error.what()).find('\n'), std::string::npos);
      return error.what();
    }
    return "accepted";
  }
  std::string path_;
};

TEST_F(ConfigFile, ReadsNestedKeysAndOverrides) {
  const Config c =
      load("model:\n  layers: [4, 3]\noptimizer:\n  lr: 0.25\n  nesterov: true\n  momentum: 0.5\n",
           {"train.epochs", "7", "model.layers", "[5, 2]"});
  EXPECT_EQ(c.layers, (std::vector<std::int64_t>{5, 2}));
  EXPECT_EQ(c.optimizer.lr, 0.25);
  EXPECT_TRUE(c.optimizer.nesterov);
  EXPECT_EQ(c.epochs, 7);
  EXPECT_EQ(load("").epochs, Config{}.epochs);
}

TEST_F(ConfigFile, UnknownKeysNameTheNearestAndTheLine) {
  EXPECT_EQ(refusal("train:\n  epoch: 3\n"),
            path_ + ":2: key 'train.epoch' is unknown; nearest: 'train.epochs'");
  EXPECT_EQ(refusal("", {"optimizer.lrr", "1"}),
            "command line: key 'optimizer.lrr' is unknown; nearest: 'optimizer.lr'");
}

TEST_F(ConfigFile, IllTypedAndOutOfRangeValuesSayWhatIsAllowed) {
  EXPECT_NE(
      refusal("data:\n  batch_size: many\n")
          .find(":2: key 'data.batch_size': 'many' is not allowed; need an integer, 1 or more"),
      std::string::npos);
  EXPECT_NE(refusal("data:\n  batch_size: 0\n").find("1 or more"), std::string::npos);
  EXPECT_NE(refusal("data: {shuffle: yes}\n").find("need a boolean, true or false"),
            std::string::npos);
  EXPECT_NE(refusal("optimizer: {lr: nan}\n").find("need a number, 0 or more"), std::string::npos);
  EXPECT_NE(refusal("model: {layers: [3]}\n").find("at least 2 sizes"), std::string::npos);
  EXPECT_NE(refusal("optimizer: {nesterov: true}\n").find("Nesterov momentum requires a momentum"),
            std::string::npos);
  EXPECT_NE(refusal("loss: {label_smoothing: 1.5}\n").find("0 to 1"), std::string::npos);
  EXPECT_NE(refusal("", {"train.seed"}).find("'train.seed' has no value"), std::string::npos);
}

TEST_F(ConfigFile, WhatIsNoYamlIsRefused) {
  EXPECT_NE(refusal("a: [1\n").find("not YAML"), std::string::npos);
  EXPECT_NE(refusal("- 1\n").find("need a map"), std::string::npos);
  EXPECT_THROW(load_config("/nonexistent.yaml", {}), FileError);
}

TEST_F(ConfigFile, ShownConfigsReadBackTheSame) {
  const Config c = load("optimizer: {lr: 0.1}\ntrain: {checkpoint: some/file}\n");
  EXPECT_EQ(to_yaml(load(to_yaml(c))), to_yaml(c));
  for (const Key& key : keys()) EXPECT_NE(describe_keys().find(key.name), std::string::npos);
}

}  // namespace
}  // namespace plumb::train
