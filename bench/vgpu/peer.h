// peer.h - LibTorch as a peer: plumbline-reference, started when first asked for.
#pragma once

#include <memory>
#include <string>

#include "bench/vgpu/measure.h"
#include "reference/client.h"

namespace plumb::bench {

class LibTorch {
 public:
  /// The process's one.
  static LibTorch& get();

  bool available() const { return client_ != nullptr; }
  /// Why it is not available and how to get it; one line.
  const std::string& reason() const { return reason_; }
  /// "LibTorch 2.15.0 AVX512".
  std::string name() const { return name_; }

  /// A time.* verb with `threads` threads; empty when LibTorch is not available.
  Timed timing(const std::string& verb, nlohmann::json fields, int threads);
  reference::Client& client() { return *client_; }

 private:
  LibTorch();
  std::unique_ptr<reference::Client> client_;
  std::string reason_, name_ = "LibTorch";
};

/// Names LibTorch as the row's peer, or says why it is missing.
void set_peer(Row& row, const std::string& operation);

}  // namespace plumb::bench
