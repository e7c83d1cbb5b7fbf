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

/// Streams and memory that programs make anew for each step are one finding: of the same kernels,
/// and of allocations of one size.
void tell(const Meeting& meeting, const Region& region, const PieceUse& now,
          const PieceUse& before) {
  const std::string key =
      now.what + ", " + before.what + ", " + meeting.hazard + ", " + std::to_string(region.bytes);
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

StreamOrder::State& StreamOrder::state_of(Line line) {
  const auto [at, fresh] = lines_.try_emplace(line);
  if (fresh) host_.reach(line, pieces_);  // whatever was before, the host waited for it
  return at->second;
}

StreamOrder::State& StreamOrder::next_of(const StreamKind& stream) {
  State& state = state_of(stream.line);
  state.kind = stream;
  for (const auto& [line, other] : lines_)
    if (other.kind.device == stream.device && line != stream.line &&
        ((stream.legacy && other.kind.blocking) || (stream.blocking && other.kind.legacy)))
      state.knows.join(other.knows);
  return state;
}

void StreamOrder::forget_what_the_host_knows() {
  for (auto at = lines_.begin(); at != lines_.end();) {
    if (!host_.holds(at->first, at->second.last)) {
      ++at;
      continue;
    }
    for (auto& [line, state] : lines_) state.knows.forget(at->first);
    host_.forget(at->first);
    at = lines_.erase(at);
  }
}

Piece StreamOrder::begin(const StreamKind& stream, const std::string& what) {
  const std::lock_guard lock(mutex_);
  State& state = next_of(stream);
  state.knows.reach(stream.line, state.last = ++pieces_);
  return {stream.line, state.last, what, stream.name, state.knows};
}

Piece StreamOrder::begin_node(Line line, const std::string& what, const std::string& where,
                              const Progress& after) {
  const std::lock_guard lock(mutex_);
  State& state = state_of(line);
  state.kind.device = -1;  // of no stream's concern
  state.last = ++pieces_;
  Piece out{line, state.last, what, where, after};
  out.knows.reach(line, out.number);
  return out;
}

void StreamOrder::wait(const StreamKind& stream, const Progress& done) {
  const std::lock_guard lock(mutex_);
  State& state = next_of(stream);
  state.knows.join(done);
  state.knows.reach(stream.line, state.last = ++pieces_);  // what it waits for is not forgotten
}

void StreamOrder::wait(Line line, const Progress& done) {
  const std::lock_guard lock(mutex_);
  state_of(line).knows.join(done);
}

void StreamOrder::host_waits(const StreamKind& stream) {
  const std::lock_guard lock(mutex_);
  host_.join(next_of(stream).knows);
  forget_what_the_host_knows();
}

void StreamOrder::host_waits(const Progress& done) {
  const std::lock_guard lock(mutex_);
  host_.join(done);
  forget_what_the_host_knows();
}

void StreamOrder::host_waits_for_device(int device) {
  const std::lock_guard lock(mutex_);
  for (const auto& [line, state] : lines_)
    if (state.kind.device == device) host_.join(state.knows);
  forget_what_the_host_knows();
}

std::size_t StreamOrder::open_lines() {
  const std::lock_guard lock(mutex_);
  return lines_.size();
}

void StreamOrder::touched(const Piece& piece, Region& region, const Ranges& reads,
                          const Ranges& writes) {
  const std::lock_guard lock(mutex_);
  const PieceUse now{piece.line, piece.number, piece.what, piece.where, reads, writes};
  for (const PieceUse& before : region.uses)
    if (!is_known(piece, before))
      if (const auto meeting = meeting_of(now, before)) tell(*meeting, region, now, before);
  if (!region.uses.empty() && region.uses.back().line == now.line &&
      region.uses.back().number == now.number) {
    for (const Range& range : reads) add(region.uses.back().reads, range);
    for (const Range& range : writes) add(region.uses.back().writes, range);
    return;
  }
  std::erase_if(region.uses, [&](const PieceUse& old) {
    return is_over(old) || (is_known(piece, old) && stands_for(now, old));
  });
  region.uses.push_back(now);
}

}  // namespace vgpu::observe
