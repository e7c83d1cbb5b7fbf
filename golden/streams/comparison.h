// comparison.h - our random numbers beside LibTorch's, bit by bit.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "golden/harness/libtorch.h"
#include "golden/streams/stream.h"

namespace plumb::golden {

/// LibTorch's draws as they are kept: the sha256 of each, by stream and in the order of
/// all_draws().
class StreamSums {
 public:
  /// Throws FileError, one line, for a file that is missing, damaged or of other draws.
  static StreamSums read(const std::string& path);
  void write(const std::string& path) const;

  /// "" when it is not kept.
  std::string sum(const std::string& stream, std::size_t draw) const;
  void set(const std::string& stream, std::size_t draw, const std::string& sum);

 private:
  std::map<std::string, std::vector<std::string>> sums_;
};

/// golden/streams/streams.json of the source tree this was built from.
std::string streams_file();

/// LibTorch in both forms. The AVX2 form is that of the processor: Throws client::Error where it
/// has none.
class LiveStreams {
 public:
  LiveStreams();
  std::string draw(const Stream& stream, const Draw& draw);

 private:
  LibTorch stock_, recording_;
};

/// What was compared of a stream. Of kept sums a draw is equal as a whole or not at all.
struct StreamResult {
  std::string name, distribution;
  std::int64_t draws = 0, numbers = 0, equal = 0;
};
StreamResult compare_kept(const Stream& stream, const StreamSums& kept);
StreamResult compare_live(const Stream& stream, LiveStreams& libtorch);

}  // namespace plumb::golden
