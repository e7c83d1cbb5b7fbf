// libtorch.h - asks LibTorch about a case, on the spot.
#pragma once

#include <memory>
#include <string>

#include "golden/client/client.h"
#include "golden/harness/answer.h"
#include "golden/harness/op.h"
#include "impl/core/safetensors.h"

namespace plumb::golden {

/// A LibTorch process in one set-up: "stock" (everything on) or "recording" (libtorch's results do
/// not depend on the machine's processor).
class LibTorch {
 public:
  /// Throws client::Error when the program is not there, cannot start, is of another version
  /// than the project's, or does not answer within `timeout_seconds`: it says how to get it.
  explicit LibTorch(const std::string& setup, double timeout_seconds = 120);
  ~LibTorch();
  LibTorch(const LibTorch&) = delete;

  /// Full outputs; f32_stock or f32_recording by the set-up. Throws client::Refused with
  /// LibTorch's text for a case that it does not take; client::Error when it ends, does not
  /// answer in time or answers what is no answer: ask another LibTorch then.
  Answer answer(const Case& c);

  /// A request whose answer's tensors go to "path".
  SafetensorsFile tensors(const std::string& verb, nlohmann::json fields);
  /// "DEFAULT", "AVX2", "AVX512": which of its kernels it runs.
  std::string capability();

 private:
  struct Reply {
    nlohmann::json json;
    std::string path;  // of its tensors
  };
  Reply ask(const std::string& verb, nlohmann::json fields);
  void require_version() const;

  bool recording_;
  double timeout_seconds_;
  std::string folder_;
  std::unique_ptr<client::Client> client_;
};

}  // namespace plumb::golden
