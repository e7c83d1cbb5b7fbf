#include "impl/train/checkpoint.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>

#include "impl/core/error.h"
#include "impl/core/file.h"

namespace plumb {
namespace {

constexpr SgdOptions kOptions{.lr = 0.5, .momentum = 0.5};

/// A model of two layers and its optimizer.
struct Training {
  Mt19937 generator;
  std::unique_ptr<nn::Sequential> model;
  optim::SGD optimizer;

  explicit Training(std::uint64_t seed, std::int64_t inner = 4)
      : generator(seed),
        model(nn::mlp({3, inner, 2}, Dtype::f32, generator)),
        optimizer(model->parameters(), kOptions) {}

  void step() {
    Tape tape;
    optimizer.zero_grad();
    const Variable x(Tensor::from_host<float>({1, 2, 3, -1, 0, 1}, {2, 3}));
    const Variable y = model->forward(tape, x);
    tape.backward(functional::cross_entropy(
        tape, y, Variable(Tensor::from_host<std::int64_t>({0, 1}, {2})), nullptr));
    optimizer.step();
  }

  std::vector<std::vector<float>> tensors() const {
    std::vector<std::vector<float>> out;
    for (const Variable& p : model->parameters()) out.push_back(p.value().to_host<float>());
    for (const Tensor& buffer : optimizer.state_dict().momentum_buffers)
      out.push_back(buffer.defined() ? buffer.to_host<float>() : std::vector<float>());
    return out;
  }
};

class Checkpoint : public testing::Test {
 protected:
  Checkpoint()
      : folder_(std::filesystem::temp_directory_path() /
                ("plumb_checkpoint_" + std::to_string(getpid()))),
        path_((folder_ / "run.safetensors").string()) {
    std::filesystem::create_directories(folder_);
  }
  ~Checkpoint() override { std::filesystem::remove_all(folder_); }

  train::Progress progress(const Training& run) const {
    return {1, 2, 3, run.generator.state(), "model: {}\n"};
  }

  /// The message that loading into `run` gives; the run must stay as it was.
  std::string refusal(Training& run) const {
    const auto before = run.tensors();
    try {
      train::load_checkpoint(path_, *run.model, run.optimizer);
    } catch (const FileError& error) {
      EXPECT_EQ(run.tensors(), before);
      const std::string text = error.what();
      EXPECT_NE(text.find(path_), std::string::npos) << text;
      EXPECT_EQ(text.find('\n'), std::string::npos) << text;
      return text;
    }
    return "loaded";
  }
  std::string refusal_of(const SafetensorsFile& file) const {
    write_safetensors(path_, file);
    Training run(9);
    return refusal(run);
  }

  std::filesystem::path folder_;
  std::string path_;
};

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

TEST_F(Checkpoint, ARunGoesOnBitForBit) {
  Training whole(1), resumed(2);
  whole.step();
  whole.step();
  train::save_checkpoint(path_, *whole.model, whole.optimizer, progress(whole));

  const train::Progress got = train::load_checkpoint(path_, *resumed.model, resumed.optimizer);
  resumed.generator.set_state(got.epoch_generator);
  whole.step();
  resumed.step();

  EXPECT_EQ(resumed.tensors(), whole.tensors());
  EXPECT_EQ(resumed.generator.random64(), whole.generator.random64());
  EXPECT_EQ(got.epoch, 1);
  EXPECT_EQ(got.batch, 2);
  EXPECT_EQ(got.step, 3);
  EXPECT_EQ(got.config, "model: {}\n");
}

TEST_F(Checkpoint, BeforeTheFirstStepThereAreNoMomentumBuffers) {
  Training fresh(1), trained(2);
  trained.step();
  train::save_checkpoint(path_, *fresh.model, fresh.optimizer, progress(fresh));

  train::load_checkpoint(path_, *trained.model, trained.optimizer);

  EXPECT_EQ(trained.tensors(), fresh.tensors());
  EXPECT_FALSE(trained.optimizer.state_dict().momentum_buffers[0].defined());
}

TEST_F(Checkpoint, AnotherModelIsRefusedAndNothingChanges) {
  Training small(1), large(2, 5);
  small.step();
  large.step();
  train::save_checkpoint(path_, *small.model, small.optimizer, progress(small));

  EXPECT_TRUE(has(refusal(large), "does not fit this model")) << refusal(large);
}

TEST_F(Checkpoint, AFileThatIsNoCheckpointIsRefused) {
  Training run(1);
  run.step();
  const SafetensorsFile good = train::make_checkpoint(*run.model, run.optimizer, progress(run));
  ASSERT_EQ(refusal_of(good), "loaded");

  SafetensorsFile bad = good;
  bad.tensors.erase("2.bias");
  EXPECT_TRUE(has(refusal_of(bad), "missing: 2.bias"));
  bad = good;
  bad.tensors["3.weight"] = bad.tensors["2.weight"];
  EXPECT_TRUE(has(refusal_of(bad), "unexpected: 3.weight"));
  for (const char* name : {"momentum_buffer.4", "momentum_buffer.0x", "momentum_buffer.-1"}) {
    bad = good;
    bad.tensors[name] = bad.tensors["momentum_buffer.0"];
    EXPECT_TRUE(has(refusal_of(bad), "belongs to no parameter")) << name;
  }
  bad = good;
  bad.tensors["momentum_buffer.0"] = bad.tensors["momentum_buffer.1"];
  EXPECT_TRUE(has(refusal_of(bad), "momentum_buffer 0 has shape [4], its parameter [4, 3]"));
  for (const char* count : {"", "-1", "3x"}) {
    bad = good;
    bad.metadata["step"] = count;
    EXPECT_TRUE(has(refusal_of(bad), "no count 'step'")) << count;
  }
  for (const char* key : {"epoch", "batch", "step", "epoch_generator", "config"}) {
    bad = good;
    bad.metadata.erase(key);
    EXPECT_TRUE(has(refusal_of(bad), std::string("'") + key + "' in its metadata")) << key;
  }
}

TEST_F(Checkpoint, AFileThatIsCutShortOrMissingIsRefused) {
  Training run(1), other(2);
  train::save_checkpoint(path_, *run.model, run.optimizer, progress(run));
  const std::string bytes = read_whole(path_);

  write_whole(path_, std::string_view(bytes).substr(0, bytes.size() - 1));
  EXPECT_TRUE(has(refusal(other), "the file")) << refusal(other);
  std::filesystem::remove(path_);
  EXPECT_TRUE(has(refusal(other), "No such file"));
}

}  // namespace
}  // namespace plumb
