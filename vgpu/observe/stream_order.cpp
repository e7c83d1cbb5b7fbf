#include "vgpu/observe/stream_order.h"

#include <optional>

#include "vgpu/observe/memory_map.h"
#include "vgpu/observe/report.h"

namespace vgpu::observe {
namespace {

/// The first byte at which the later piece meets the earlier one, and how.
struct Meeting {
  const char* hazard = nullptr;
  std::uint64_t at = 0;
};
std::optional<Meeting> meeting_of(const PieceUse& now, const PieceUse& before) {
  if (const Ranges met = both(now.reads, before.writes); !met.empty())
    return Meeting{"read after write", met.front().begin};
  if (const Ranges met = both(now.writes, before.writes); !met.empty())
    return Meeting{"write after write", met.front().begin};
  if (const Ranges met = both(now.writes, before.reads); !met.empty())
    return Meeting{"write after read", met.front().begin};
  return {};
}

void tell(const Meeting& meeting, const Region& region, const PieceUse& now,
          const PieceUse& before) {
  const std::string key = now.what + " of " + now.where + ", " + before.what + " of " +
                          before.where + ", " + region.label + ", " + meeting.hazard;
  Log::get().add({Kind::race_stream, key, -1, -1, Severity::error}, [&] {
    Report r;
    r.kind = Kind::race_stream;
    r.what =
        std::string(meeting.hazard) + " with no order between: " + now.what + " of " + now.where;
    r.address = region.label + " + " + std::to_string(meeting.at);
    r.other_place = "the earlier " + before.what;
    r.other_thread = before.where;
    return r;
  });
}

/// Whatever meets `old` without an order meets `now` so too.
bool stands_for(const PieceUse& now, const PieceUse& old) {
  return covers(now.writes, old.writes) &&
         (covers(now.reads, old.reads) || covers(now.writes, old.reads));
}

}  // namespace

StreamOrder& StreamOrder::get() {
  static StreamOrder* order = new StreamOrder;  // never destroyed, as the memory map
  return *order;
}

Piece*& StreamOrder::current() {
  thread_local Piece* piece = nullptr;
  return piece;
}

StreamOrder::State& StreamOrder::next_of(const StreamKind& stream) {
  State& state = lines_[stream.line];
  state.kind = stream;
  state.knows.join(host_);
  for (const auto& [line, other] : lines_)
    if (other.kind.device == stream.device && line != stream.line &&
        ((stream.legacy && other.kind.blocking) || (stream.blocking && other.kind.legacy)))
      state.knows.join(other.knows);
  return state;
}

Piece StreamOrder::begin(const StreamKind& stream, const std::string& what) {
  const std::lock_guard lock(mutex_);
  State& state = next_of(stream);
  state.knows.reach(stream.line, ++state.pieces);
  return {stream.line, state.pieces, what, stream.name, state.knows};
}

Piece StreamOrder::begin_node(Line line, const std::string& what, const std::string& where,
                              const Progress& after) {
  const std::lock_guard lock(mutex_);
  State& state = lines_[line];
  state.kind.device = -1;  // of no stream's concern
  Piece out{line, ++state.pieces, what, where, after};
  out.knows.reach(line, out.number);
  return out;
}

void StreamOrder::wait(const StreamKind& stream, const Progress& done) {
  const std::lock_guard lock(mutex_);
  next_of(stream).knows.join(done);
}

void StreamOrder::wait(Line line, const Progress& done) {
  const std::lock_guard lock(mutex_);
  lines_[line].knows.join(done);
}

void StreamOrder::host_waits(const StreamKind& stream) {
  const std::lock_guard lock(mutex_);
  host_.join(next_of(stream).knows);
}

void StreamOrder::host_waits(const Progress& done) {
  const std::lock_guard lock(mutex_);
  host_.join(done);
}

void StreamOrder::host_waits_for_device(int device) {
  const std::lock_guard lock(mutex_);
  for (const auto& [line, state] : lines_)
    if (state.kind.device == device) host_.join(state.knows);
}

void StreamOrder::touched(const Piece& piece, Region& region, const Ranges& reads,
                          const Ranges& writes) {
  const std::lock_guard lock(mutex_);
  const PieceUse now{piece.line, piece.number, piece.what, piece.where, reads, writes};
  for (const PieceUse& before : region.uses)
    if (!piece.knows.holds(before.line, before.number))
      if (const auto meeting = meeting_of(now, before)) tell(*meeting, region, now, before);
  if (!region.uses.empty() && region.uses.back().line == now.line &&
      region.uses.back().number == now.number) {
    for (const Range& range : reads) add(region.uses.back().reads, range);
    for (const Range& range : writes) add(region.uses.back().writes, range);
    return;
  }
  std::erase_if(region.uses, [&](const PieceUse& old) {
    return host_.holds(old.line, old.number) ||
           (piece.knows.holds(old.line, old.number) && stands_for(now, old));
  });
  region.uses.push_back(now);
}

}  // namespace vgpu::observe
