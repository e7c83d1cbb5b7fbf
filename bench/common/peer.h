// peer.h - LibTorch as a peer: plumbline-reference, started when first asked for.
#pragma once

#include <memory>
#include <string>

#include "bench/common/alternation.h"
#include "golden/client/client.h"

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

  /// A timing verb with `threads` threads; empty when LibTorch is not available. A call of it
  /// throws client::Error when LibTorch refuses the request or ends.
  Timed timing(const std::string& verb, nlohmann::json fields, int threads);
  client::Client& client() { return *client_; }

 private:
  LibTorch();
  std::unique_ptr<client::Client> client_;
  std::string reason_, name_ = "LibTorch";
};

}  // namespace plumb::bench
