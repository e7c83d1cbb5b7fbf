// stream_order.h - which work of a device is before which, and what met without an order.
//
// The machine does work when it is given; a GPU does it when the stream comes to it, beside that of
// other streams. A line of work is a stream, or a node of an executable graph. Each counts its
// pieces (a launch, a copy, a fill) and knows how far the others are: by events, by what the host
// waited for before it gave a piece, by a graph's edges, and through the legacy stream, which waits
// for the blocking streams of its device as they do for it. Two pieces that touch one byte, at
// least one of them writing, race when the later one does not know that the earlier one is done.
//
// All threads of the host count as one, in the order of their calls.
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <string>

#include "vgpu/observe/ranges.h"

namespace vgpu::observe {

struct Region;

using Line = std::uint64_t;

/// How many pieces of each line are known to be done.
class Progress {
 public:
  bool holds(Line line, std::uint64_t piece) const {
    const auto found = done_.find(line);
    return found != done_.end() && found->second >= piece;
  }
  void reach(Line line, std::uint64_t piece) {
    std::uint64_t& done = done_[line];
    done = std::max(done, piece);
  }
  void join(const Progress& other) {
    for (const auto& [line, piece] : other.done_) reach(line, piece);
  }

 private:
  std::map<Line, std::uint64_t> done_;
};

/// What a stream is to the others of its device.
struct StreamKind {
  Line line = 0;
  int device = 0;
  bool legacy = false, blocking = true;
  std::string name;  // "stream 3"
};

/// A piece of work while it is done.
struct Piece {
  Line line = 0;
  std::uint64_t number = 0;
  std::string what, where;  // "kernel k", "stream 3"
  Progress knows;           // itself too
};

/// What a piece touched of a memory (Region::uses).
struct PieceUse {
  Line line = 0;
  std::uint64_t number = 0;
  std::string what, where;
  Ranges reads, writes;
};

/// Thread-safe.
class StreamOrder {
 public:
  static StreamOrder& get();
  /// What this thread does now; null: nothing that belongs to a stream.
  static Piece*& current();

  Piece begin(const StreamKind& stream, const std::string& what);
  /// A node's run, after what `after` knows.
  Piece begin_node(Line line, const std::string& what, const std::string& where,
                   const Progress& after);
  /// The line goes on after all that `done` knows (an event, the end of a graph).
  void wait(const StreamKind& stream, const Progress& done);
  void wait(Line line, const Progress& done);
  void host_waits(const StreamKind& stream);
  void host_waits(const Progress& done);
  void host_waits_for_device(int device);

  /// The piece touched these bytes of the region; tells what they meet. Under the memory map's
  /// mutex.
  void touched(const Piece& piece, Region& region, const Ranges& reads, const Ranges& writes);

 private:
  struct State {
    StreamKind kind;
    std::uint64_t pieces = 0;
    Progress knows;
  };
  /// What the stream's next piece comes after. Under the mutex.
  State& next_of(const StreamKind& stream);

  std::mutex mutex_;
  std::map<Line, State> lines_;
  Progress host_;
};

}  // namespace vgpu::observe
