#include "vgpu/machine/block_runner.h"

#include <algorithm>

#include "vgpu/machine/resident_block.h"
#include "vgpu/translate/calls.h"

namespace vgpu {
namespace {

/// Blocks that one OS thread keeps while they wait for each other: by far more than a GPU holds at
/// once, as long as they take no more memory than that.
constexpr std::size_t kMostStalled = 1 << 16, kMostStalledBytes = std::size_t{1} << 30;

std::string instruction_text(const Work& work, int index) {
  const ptx::Function& function = work.form->program().function;
  if (index < 0 || index >= static_cast<int>(function.body.size()))
    return "kernel " + function.name;
  return work.form->program().module->place_of(function.body[static_cast<std::size_t>(index)],
                                               function.name);
}

}  // namespace

BlockRunner::BlockRunner(Work& work) : work_(work) {}
BlockRunner::~BlockRunner() = default;

std::string BlockRunner::place() const {
  if (!running_) return "no block";
  const BlockState& state = running_->state();
  std::string text = "block (" + std::to_string(state.ctaid[0]) + "," +
                     std::to_string(state.ctaid[1]) + "," + std::to_string(state.ctaid[2]) + ")";
  return warp_ ? text + ", warp " + std::to_string(warp_->warp_index) : text;
}

/// Large shares first, single blocks at the end: few meetings of the threads, and no one waits
/// long.
bool BlockRunner::take_share() {
  std::uint64_t first = work_.next.load(std::memory_order_relaxed), end = 0;
  do {
    if (first >= work_.blocks) return false;
    end = first + std::max<std::uint64_t>(1, (work_.blocks - first) / (4 * work_.threads));
  } while (!work_.next.compare_exchange_weak(first, end, std::memory_order_relaxed));
  first_ = first;
  end_ = end;
  return true;
}

std::unique_ptr<ResidentBlock> BlockRunner::take() {
  if (first_ == end_ && !take_share()) return nullptr;
  const std::uint64_t number = first_++;
  std::unique_ptr<ResidentBlock> block;
  if (spare_.empty()) {
    block = std::make_unique<ResidentBlock>(work_);
  } else {
    block = std::move(spare_.back());
    spare_.pop_back();
  }
  block->start(place_in_order(number), this);
  return block;
}

std::uint64_t BlockRunner::place_in_order(std::uint64_t number) const {
  if (work_.multiplier == 1 && work_.shift == 0) return number;
  return static_cast<std::uint64_t>(
      (static_cast<unsigned __int128>(number) * work_.multiplier + work_.shift) % work_.blocks);
}

void BlockRunner::run() {
  for (;;) {
    if (work_.stopped.load(std::memory_order_relaxed)) return;
    if (work_.interruption.load(std::memory_order_relaxed) != Work::Interruption::none)
      throw interrupted(0);
    const std::size_t most =
        stalled_.empty() ? 1
                         : std::min(kMostStalled, kMostStalledBytes / stalled_.front()->bytes());
    if (stalled_.size() < std::max<std::size_t>(most, 1)) running_ = take();
    if (!running_ && stalled_.empty()) return;
    if (!running_) {
      running_ = std::move(stalled_.front());
      stalled_.erase(stalled_.begin());
    }
    const auto outcome = running_->run(*this);
    (outcome == ResidentBlock::Outcome::finished ? spare_ : stalled_)
        .push_back(std::move(running_));
  }
}

Fault BlockRunner::interrupted(std::uintptr_t address) {
  constexpr std::size_t kMostBlocks = 3;
  const bool timeout = work_.interruption == Work::Interruption::timeout;
  std::string text;
  if (running_) text = running_->whereabouts(warp_, work_.form->instruction_at(address));
  for (std::size_t i = 0; i < stalled_.size() && i < kMostBlocks; ++i)
    text += (text.empty() ? "" : "; ") + stalled_[i]->whereabouts(nullptr, -1);
  if (stalled_.size() > kMostBlocks)
    text += "; and " + std::to_string(stalled_.size() - kMostBlocks) + " blocks more";
  return Fault(timeout ? Fault::Kind::timeout : Fault::Kind::interrupted, text);
}

Fault BlockRunner::misaligned(const ResidentBlock& block, const std::string& where) const {
  char address[32];
  std::snprintf(address, sizeof address, "0x%llx",
                static_cast<unsigned long long>(block.state().fault_address));
  return Fault(Fault::Kind::misaligned_address,
               where + ": address " + address + " is no multiple of " +
                   std::to_string(block.state().fault_bytes) + " in " + place());
}

void BlockRunner::fail(ResidentBlock& block, RunResult result) {
  const std::string where = instruction_text(work_, block.state().fault_pc);
  if (pending.set) throw Fault(pending.kind, where + ": " + pending.message + " in " + place());
  if (result == RunResult::stuck) {
    block.observe_deadlock();
    const std::string kernel = "kernel " + work_.launch->kernel->info.name;
    throw Fault(Fault::Kind::deadlock, kernel + ": deadlock in " + place() +
                                           ": threads wait at a barrier that others never reach");
  }
  if (block.state().fault_bytes != 0) throw misaligned(block, where);
  if (const char* text = block.state().fault_text)
    throw Fault(Fault::Kind::trap, where + ": " + text + " in " + place());
  const auto& body = work_.form->program().function.body;
  const int at = block.state().fault_pc;
  const bool trap = at >= 0 && body[static_cast<std::size_t>(at)].opcode == "trap";
  if (trap && body[static_cast<std::size_t>(at)].has("stack"))
    throw Fault(Fault::Kind::illegal_address, where + ": the stack of " +
                                                  std::to_string(translate::kStackBytes) +
                                                  " bytes overflows in " + place());
  if (trap && body[static_cast<std::size_t>(at)].has("function"))
    throw Fault(Fault::Kind::illegal_address,
                where + ": no function of this prototype has this address, in " + place());
  throw Fault(trap ? Fault::Kind::trap : Fault::Kind::unsupported_instruction,
              where + (trap ? ": in " : ": an operand outside what is supported in ") + place());
}

}  // namespace vgpu
