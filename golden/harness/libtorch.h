// libtorch.h - asks LibTorch about a case, on the spot.
#pragma once

#include <memory>
#include <string>

#include "golden/harness/answer.h"
#include "golden/harness/op.h"
#include "reference/client.h"

namespace plumb::golden {

/// A LibTorch process in one set-up: "stock" (everything on) or "recording" (libtorch's results do
/// not depend on the machine's processor).
class LibTorch {
 public:
  /// Throws Error when the program is not there or cannot start: it says how to get it.
  explicit LibTorch(const std::string& setup);
  ~LibTorch();
  LibTorch(const LibTorch&) = delete;

  /// Full outputs; f32_stock or f32_recording by the set-up. Throws Error with LibTorch's text when
  /// it refuses the case, ends, or does not answer in time.
  Answer answer(const Case& c);

 private:
  bool recording_;
  std::string folder_;
  std::unique_ptr<reference::Client> client_;
};

}  // namespace plumb::golden
