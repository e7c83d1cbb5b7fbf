// checkpoint.h - a training run that can go on: parameters, momentum buffers, generator and place,
// in one safetensors file.
#pragma once

#include "impl/core/safetensors.h"
#include "impl/nn/module.h"
#include "impl/optim/sgd.h"

namespace plumb::train {

struct Progress {
  std::int64_t epoch = 0, batch = 0, step = 0;  // the next batch of the epoch, steps done
  std::string epoch_generator;                  // Mt19937::state() at the epoch's beginning
  std::string config;                           // YAML, must be the same to go on
};

/// "0.weight" ... and "momentum_buffer.<number>"; read from the device.
SafetensorsFile make_checkpoint(const nn::Module& model, const optim::SGD& optimizer,
                                const Progress& progress);

/// Written whole: a killed run leaves the last one good. Throws FileError.
void save_checkpoint(const std::string& path, const nn::Module& model, const optim::SGD& optimizer,
                     const Progress& progress);

/// Fills model and optimizer. Throws FileError, one line, for a damaged file, one that is no
/// checkpoint and what does not fit; model and optimizer are then as they were.
Progress load_checkpoint(const std::string& path, const nn::Module& model, optim::SGD& optimizer);

/// Between host and device.
HostTensor to_host_tensor(const Tensor& tensor);
Tensor to_device_tensor(const HostTensor& tensor);

}  // namespace plumb::train
