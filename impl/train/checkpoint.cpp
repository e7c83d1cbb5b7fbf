#include "impl/train/checkpoint.h"

#include <algorithm>
#include <charconv>

#include "impl/core/error.h"

namespace plumb::train {
namespace {

constexpr const char* kBuffer = "momentum_buffer.";

std::string spelled(Dtype dtype) {
  if (dtype == Dtype::boolean) return "BOOL";
  std::string name = name_of(dtype);
  std::transform(name.begin(), name.end(), name.begin(), [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  return name;
}

std::int64_t number_of(const SafetensorsFile& file, const std::string& key, const std::string& path) {
  const auto found = file.metadata.find(key);
  std::int64_t value = -1;
  if (found != file.metadata.end()) std::from_chars(found->second.data(), found->second.data() + found->second.size(), value);
  PLUMB_CHECK(FileError, value >= 0, "{}: no '{}' in its metadata: not a checkpoint", path, key);
  return value;
}

}  // namespace

HostTensor to_host_tensor(const Tensor& tensor) { return {spelled(tensor.dtype()), tensor.shape(), tensor.to_bytes()}; }

Tensor to_device_tensor(const HostTensor& tensor) {
  for (const Dtype dtype : kAllDtypes)
    if (spelled(dtype) == tensor.dtype) return Tensor::from_bytes(tensor.bytes, tensor.shape, dtype);
  PLUMB_THROW(UsageError, "dtype '{}'", tensor.dtype);
}

SafetensorsFile make_checkpoint(const nn::Module& model, const optim::SGD& optimizer, const Progress& progress) {
  SafetensorsFile file;
  for (const auto& [name, tensor] : model.state_dict()) file.tensors[name] = to_host_tensor(tensor);
  const auto state = optimizer.state_dict();
  for (std::size_t i = 0; i < state.momentum_buffers.size(); ++i)
    if (state.momentum_buffers[i].defined()) file.tensors[kBuffer + std::to_string(i)] = to_host_tensor(state.momentum_buffers[i]);
  file.metadata = {{"epoch", std::to_string(progress.epoch)}, {"batch", std::to_string(progress.batch)}, {"step", std::to_string(progress.step)},
                   {"epoch_generator", progress.epoch_generator}, {"config", progress.config}};
  return file;
}

void save_checkpoint(const std::string& path, const nn::Module& model, const optim::SGD& optimizer, const Progress& progress) {
  write_safetensors(path, make_checkpoint(model, optimizer, progress));
}

Progress load_checkpoint(const std::string& path, const nn::Module& model, optim::SGD& optimizer) {
  const SafetensorsFile file = read_safetensors(path);
  nn::StateDict parameters;
  optim::SGD::State state = optimizer.state_dict();
  for (Tensor& buffer : state.momentum_buffers) buffer = Tensor();
  try {
    for (const auto& [name, tensor] : file.tensors) {
      if (name.rfind(kBuffer, 0) != 0) {
        parameters[name] = to_device_tensor(tensor);
        continue;
      }
      std::size_t number = state.momentum_buffers.size();
      const std::string digits = name.substr(std::string(kBuffer).size());
      std::from_chars(digits.data(), digits.data() + digits.size(), number);
      PLUMB_CHECK(ValueError, number < state.momentum_buffers.size(), "'{}' belongs to no parameter", name);
      state.momentum_buffers[number] = to_device_tensor(tensor);
    }
    model.load_state_dict(parameters);
    optimizer.load_state_dict(state);
  } catch (const Error& error) {
    throw FileError(path + ": does not fit this model: " + error.what());
  }
  Progress progress{number_of(file, "epoch", path), number_of(file, "batch", path), number_of(file, "step", path), {}, {}};
  const auto text_of = [&](const char* key) { return file.metadata.count(key) ? file.metadata.at(key) : std::string(); };
  progress.epoch_generator = text_of("epoch_generator");
  progress.config = text_of("config");
  return progress;
}

}  // namespace plumb::train
