#include "impl/train/checkpoint.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <string_view>

#include "impl/core/error.h"

namespace plumb::train {
namespace {

constexpr const char* kBuffer = "momentum_buffer.";

std::string spelled(Dtype dtype) {
  if (dtype == Dtype::boolean) return "BOOL";
  std::string name = name_of(dtype);
  std::transform(name.begin(), name.end(), name.begin(),
                 [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  return name;
}

/// Digits and nothing else.
std::optional<std::int64_t> whole_number(std::string_view text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value < 0) return std::nullopt;
  return value;
}

std::int64_t number_of(const SafetensorsFile& file, const std::string& key,
                       const std::string& path) {
  const auto found = file.metadata.find(key);
  const std::optional<std::int64_t> value =
      found == file.metadata.end() ? std::nullopt : whole_number(found->second);
  PLUMB_CHECK(FileError, value, "{}: no count '{}' in its metadata: not a checkpoint", path, key);
  return *value;
}

std::string text_of(const SafetensorsFile& file, const std::string& key, const std::string& path) {
  const auto found = file.metadata.find(key);
  PLUMB_CHECK(FileError, found != file.metadata.end(),
              "{}: no '{}' in its metadata: not a checkpoint", path, key);
  return found->second;
}

Progress progress_of(const SafetensorsFile& file, const std::string& path) {
  return {number_of(file, "epoch", path), number_of(file, "batch", path),
          number_of(file, "step", path), text_of(file, "epoch_generator", path),
          text_of(file, "config", path)};
}

struct Loaded {
  nn::StateDict parameters;
  optim::SGD::State optimizer;
};

/// The file's tensors, on the device. Throws ValueError for a buffer of no parameter.
Loaded tensors_of(const SafetensorsFile& file, const optim::SGD& optimizer) {
  Loaded out{{}, optimizer.state_dict()};
  std::vector<Tensor>& buffers = out.optimizer.momentum_buffers;
  std::fill(buffers.begin(), buffers.end(), Tensor());
  for (const auto& [name, tensor] : file.tensors) {
    if (name.rfind(kBuffer, 0) != 0) {
      out.parameters[name] = to_device_tensor(tensor);
      continue;
    }
    const auto number = whole_number(name.substr(std::string_view(kBuffer).size()));
    PLUMB_CHECK(ValueError, number && *number < static_cast<std::int64_t>(buffers.size()),
                "'{}' belongs to no parameter", name);
    buffers[static_cast<std::size_t>(*number)] = to_device_tensor(tensor);
  }
  return out;
}

}  // namespace

HostTensor to_host_tensor(const Tensor& tensor) {
  return {spelled(tensor.dtype()), tensor.shape(), tensor.to_bytes()};
}

Tensor to_device_tensor(const HostTensor& tensor) {
  for (const Dtype dtype : kAllDtypes)
    if (spelled(dtype) == tensor.dtype)
      return Tensor::from_bytes(tensor.bytes, tensor.shape, dtype);
  PLUMB_THROW(UsageError, "dtype '{}'", tensor.dtype);
}

SafetensorsFile make_checkpoint(const nn::Module& model, const optim::SGD& optimizer,
                                const Progress& progress) {
  SafetensorsFile file;
  for (const auto& [name, tensor] : model.state_dict()) file.tensors[name] = to_host_tensor(tensor);
  const auto state = optimizer.state_dict();
  for (std::size_t i = 0; i < state.momentum_buffers.size(); ++i)
    if (state.momentum_buffers[i].defined())
      file.tensors[kBuffer + std::to_string(i)] = to_host_tensor(state.momentum_buffers[i]);
  file.metadata = {{"epoch", std::to_string(progress.epoch)},
                   {"batch", std::to_string(progress.batch)},
                   {"step", std::to_string(progress.step)},
                   {"epoch_generator", progress.epoch_generator},
                   {"config", progress.config}};
  return file;
}

void save_checkpoint(const std::string& path, const nn::Module& model, const optim::SGD& optimizer,
                     const Progress& progress) {
  write_safetensors(path, make_checkpoint(model, optimizer, progress));
}

Progress load_checkpoint(const std::string& path, const nn::Module& model, optim::SGD& optimizer) {
  const SafetensorsFile file = read_safetensors(path);
  Progress progress = progress_of(file, path);
  const optim::SGD::State before = optimizer.state_dict();
  try {
    const Loaded loaded = tensors_of(file, optimizer);
    optimizer.load_state_dict(loaded.optimizer);
    try {
      model.load_state_dict(loaded.parameters);
    } catch (const Error&) {
      optimizer.load_state_dict(before);
      throw;
    }
  } catch (const Error& error) {
    throw FileError(path + ": does not fit this model: " + error.what());
  }
  return progress;
}

}  // namespace plumb::train
