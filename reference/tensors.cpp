#include "reference/tensors.h"

#include <cstring>

#include "impl/core/safetensors.h"

namespace plumb::reference {
namespace {

struct Row {
  const char* name;
  at::ScalarType type;
};
constexpr Row kRows[] = {{"F64", at::kDouble},    {"F32", at::kFloat}, {"F16", at::kHalf},
                         {"BF16", at::kBFloat16}, {"I64", at::kLong},  {"I32", at::kInt},
                         {"U8", at::kByte},       {"BOOL", at::kBool}};

}  // namespace

TensorMap read_tensors(const std::string& path) {
  TensorMap out;
  for (const auto& [name, host] : read_safetensors(path).tensors)
    for (const Row& row : kRows) {
      if (host.dtype != row.name) continue;
      at::Tensor tensor = at::empty(host.shape, at::TensorOptions(row.type));
      if (!host.bytes.empty()) std::memcpy(tensor.data_ptr(), host.bytes.data(), host.bytes.size());
      out[name] = tensor;
    }
  return out;
}

void write_tensors(const std::string& path, const TensorMap& tensors) {
  SafetensorsFile file;
  for (const auto& [name, tensor] : tensors)
    for (const Row& row : kRows) {
      if (tensor.scalar_type() != row.type) continue;
      const at::Tensor dense = tensor.contiguous();
      const auto* bytes = static_cast<const std::byte*>(dense.const_data_ptr());
      file.tensors[name] = {row.name, dense.sizes().vec(),
                            std::vector<std::byte>(bytes, bytes + dense.nbytes())};
    }
  write_safetensors(path, file);
}

}  // namespace plumb::reference
