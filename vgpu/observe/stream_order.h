// stream_order.h - which work of a device is before which, and what met without an order.
//
// The machine does work when it is given; a GPU does it when the stream comes to it, beside that of
// other streams. A line of work is a stream, or a node of an executable graph. Each counts its
// pieces (a launch, a copy, a fill) and knows how far the others are: by events, by what the host
// waited for before it gave a piece, by a graph's edges, and through the legacy stream, which waits
// for the blocking streams of its device as they do for it. Two pieces that touch one byte, at
// least one of them writing, race when the later one does not know that the earlier one is done.
//
// A line whose every piece the host waited for is forgotten until it gets more to do: all that
// comes later knows of them. So the clocks stay as short as what may still run.
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

/// The last piece of each line that is known to be done; pieces are numbered in the order in which
/// they were given.
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
  void forget(Line line) { done_.erase(line); }

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

  /// Lines that may still run, for all that the host knows.
  std::size_t open_lines();

  /// The piece touched these bytes of the region; tells what they meet. Under the memory map's
  /// mutex.
  void touched(const Piece& piece, Region& region, const Ranges& reads, const Ranges& writes);

 private:
  struct State {
    StreamKind kind;
    std::uint64_t last = 0;  // piece
    Progress knows;
  };
  // Each under the mutex:
  State& state_of(Line line);
  /// What the stream's next piece comes after, besides what the host knows.
  State& next_of(const StreamKind& stream);
  void forget_what_the_host_knows();
  bool is_known(const Piece& piece, const PieceUse& before) const {
    return piece.knows.holds(before.line, before.number) || is_over(before);
  }
  bool is_over(const PieceUse& use) const {
    return host_.holds(use.line, use.number) || !lines_.contains(use.line);
  }

  std::mutex mutex_;
  std::map<Line, State> lines_;  // that the host does not know to be done
  Progress host_;
  std::uint64_t pieces_ = 0;
};

}  // namespace vgpu::observe
