#include "vgpu/observe/block_counters.h"

#include <algorithm>
#include <array>
#include <bit>
#include <initializer_list>
#include <string_view>

namespace vgpu::observe {
namespace {

constexpr std::uint64_t kSector = 32, kWord = 4, kBanks = 32;
/// Words that one request can touch: 32 lanes of 64 bytes, each beginning in the middle of one.
constexpr std::size_t kMostPieces = kWarpSize * (kMostBytes / kWord + 1);

/// Distinct numbers among those added.
class Distinct {
 public:
  void add(std::uint64_t value) {
    if (count_ != 0 && values_[count_ - 1] == value) return;  // most are sorted as they come
    values_[count_++] = value;
  }
  std::span<const std::uint64_t> values() {
    std::sort(values_.begin(), values_.begin() + static_cast<std::ptrdiff_t>(count_));
    const auto end =
        std::unique(values_.begin(), values_.begin() + static_cast<std::ptrdiff_t>(count_));
    return {values_.data(), static_cast<std::size_t>(end - values_.begin())};
  }

 private:
  std::array<std::uint64_t, kMostPieces> values_;
  std::size_t count_ = 0;
};

template <class Body>
void for_lanes(std::uint32_t lanes, Body body) {
  for (; lanes; lanes &= lanes - 1) body(static_cast<std::size_t>(std::countr_zero(lanes)));
}

std::uint64_t round_up(std::uint64_t value, std::uint64_t to) { return (value + to - 1) / to; }

/// Bytes that at least one lane touches, counted in words of four.
Distinct words_of(const Access& access, std::uint32_t active, const std::uint64_t* addresses,
                  std::uint64_t base) {
  Distinct out;
  for_lanes(active, [&](std::size_t lane) {
    const std::uint64_t first = addresses[lane] - base;
    for (std::uint64_t w = first / kWord;
         w <= (first + static_cast<std::uint64_t>(access.bytes) - 1) / kWord; ++w)
      out.add(w);
  });
  return out;
}

struct Pieces {
  std::uint64_t all, least;
};

Pieces sectors(std::span<const std::uint64_t> words) {
  constexpr std::uint64_t kWords = kSector / kWord;
  std::uint64_t count = 0, last = ~std::uint64_t{0};
  for (const std::uint64_t word : words) {
    count += word / kWords != last;
    last = word / kWords;
  }
  return {count, round_up(words.size(), kWords)};
}

Pieces wavefronts(std::span<const std::uint64_t> words) {
  std::array<std::uint64_t, kBanks> in_bank{};
  for (const std::uint64_t word : words) ++in_bank[word % kBanks];
  return {*std::ranges::max_element(in_bank), round_up(words.size(), kBanks)};
}

bool is_one_of(std::string_view word, std::initializer_list<const char*> words) {
  return std::ranges::find(words, word) != words.end();
}

/// Of an arithmetic instruction by its last type.
InstructionClass class_of_type(const ptx::Instruction& ins) {
  switch (ins.last_type()) {
    case ptx::Type::f32:
      return InstructionClass::f32;
    case ptx::Type::f64:
      return InstructionClass::f64;
    case ptx::Type::f16:
    case ptx::Type::f16x2:
    case ptx::Type::bf16:
    case ptx::Type::bf16x2:
      return InstructionClass::half;
    default:
      return InstructionClass::integer;
  }
}

}  // namespace

InstructionClass class_of(const ptx::Instruction& ins) {
  const std::string& op = ins.opcode;
  if (is_one_of(op, {"ld", "ldu", "st", "cp", "prefetch", "prefetchu", "discard", "applypriority",
                     "ldmatrix", "stmatrix", "createpolicy"}))
    return InstructionClass::memory;
  if (op == "atom" || op == "red" || op == "mbarrier") return InstructionClass::atomic;
  if (is_one_of(op, {"bar", "barrier", "membar", "fence", "nanosleep"}))
    return InstructionClass::barrier;
  if (is_one_of(op, {"shfl", "vote", "match", "redux", "activemask", "elect"}))
    return InstructionClass::exchange;
  if (is_one_of(op, {"bra", "brx", "ret", "exit", "trap", "call"}))
    return InstructionClass::control;
  if (is_one_of(op, {"mov", "selp", "cvta", "prmt", "slct", "isspacep", "mapa"}))
    return InstructionClass::move;
  if (is_one_of(op, {"mma", "wmma", "movmatrix"})) return InstructionClass::matrix;
  if (is_one_of(op, {"tex", "tld4", "txq", "suld", "sust", "sured", "suq"}))
    return InstructionClass::texture;
  if (op == "cvt") return InstructionClass::convert;
  const InstructionClass by_type = class_of_type(ins);
  if (by_type == InstructionClass::integer) return by_type;
  return is_one_of(op, {"ex2", "lg2", "sin", "cos", "tanh", "rcp", "rsqrt", "sqrt", "div"})
             ? InstructionClass::special
             : by_type;
}

void BlockCounters::accessed(const Access& access, CountedSpace space, std::uint32_t active,
                             const std::uint64_t* addresses, std::uint64_t base) {
  if (active == 0 || space == CountedSpace::none) return;
  const bool shared = space == CountedSpace::shared;
  if (access.effect == Effect::atomic) count_atomics(space, active, addresses);
  if (space == CountedSpace::global) count_buffers(access, active, addresses);
  if (access.effect == Effect::atomic) return;
  Distinct words = words_of(access, active, addresses, base);
  const Pieces pieces = shared ? wavefronts(words.values()) : sectors(words.values());
  const bool loads = access.effect == Effect::read;
  Traffic& traffic = space == CountedSpace::global
                         ? (loads ? counters_.global_load : counters_.global_store)
                     : shared ? (loads ? counters_.shared_load : counters_.shared_store)
                     : loads  ? counters_.local_load
                              : counters_.local_store;
  const std::uint64_t lanes = lanes_of(active);
  traffic += {1, lanes, lanes * static_cast<std::uint64_t>(access.bytes), pieces.all, pieces.least};
}

void BlockCounters::count_atomics(CountedSpace space, std::uint32_t active,
                                  const std::uint64_t* addresses) {
  const bool global = space == CountedSpace::global;
  Atomics& atomics = global ? counters_.global_atomics : counters_.shared_atomics;
  Distinct distinct;
  for_lanes(active, [&](std::size_t lane) { distinct.add(addresses[lane]); });
  ++atomics.requests;
  atomics.lanes += lanes_of(active);
  atomics.addresses += distinct.values().size();
  if (global) for_lanes(active, [&](std::size_t lane) { ++atomics_at_[addresses[lane]]; });
}

void BlockCounters::count_buffers(const Access& access, std::uint32_t active,
                                  const std::uint64_t* addresses) {
  const auto bytes = static_cast<std::uint64_t>(access.bytes);
  for_lanes(active, [&](std::size_t lane) {
    if (!last_ || !last_->holds(addresses[lane])) last_ = MemoryMap::get().find(addresses[lane]);
    if (!last_) return;
    Counters::BufferBytes& of = buffers_[last_];
    const std::uint64_t at = addresses[lane] - last_->begin;
    const std::uint64_t inside = std::min<std::uint64_t>(bytes, last_->bytes - at);
    if (access.reads()) {
      of.read += bytes;
      last_->launch_reads.add_atomically(at, inside);
    }
    if (access.writes()) {
      of.written += bytes;
      last_->launch_writes.add_atomically(at, inside);
    }
  });
}

Counters BlockCounters::result(std::span<const std::pair<int, int>> basic_blocks,
                               const std::vector<ptx::Instruction>& body) const {
  Counters out = counters_;
  for (std::size_t k = 0; k < basic_blocks.size(); ++k)
    for (int i = basic_blocks[k].first; i < basic_blocks[k].second; ++i) {
      const ptx::Instruction& ins = body[static_cast<std::size_t>(i)];
      if (ins.opcode == "barrier_result") continue;  // half of a bar.red
      const auto c = static_cast<std::size_t>(class_of(ins));
      out.warp_instructions[c] += runs_[k].warps;
      out.thread_instructions[c] += runs_[k].lanes;
    }
  for (const auto& [region, bytes] : buffers_) {
    out.buffers[region->label].read += bytes.read;
    out.buffers[region->label].written += bytes.written;
  }
  return out;
}

}  // namespace vgpu::observe
