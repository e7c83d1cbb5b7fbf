// tensors.h - between safetensors files and at::Tensor.
#pragma once

#include <ATen/ATen.h>

#include <map>
#include <string>

namespace plumb::reference {

using TensorMap = std::map<std::string, at::Tensor>;

/// Throws std::exception, one line, for a file that is damaged.
TensorMap read_tensors(const std::string& path);
void write_tensors(const std::string& path, const TensorMap& tensors);

}  // namespace plumb::reference
