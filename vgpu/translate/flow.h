// flow.h - a function's control flow: basic blocks, where lanes that part can meet again, which
// registers live where.
//
// A block's index is its pc: lanes that part are run lowest pc first, and blocks stand in the order
// of the text. A block ends after a branch, a return, a trap or a barrier, and before a label or an
// instruction that exchanges data within a warp (so that masked code can wait there for the lanes
// that the instruction names).
#pragma once

#include <vector>

#include "vgpu/ptx/module.h"

namespace vgpu::translate {

/// A set of register indices.
class RegisterSet {
 public:
  explicit RegisterSet(int count = 0) : words_((count + 63) / 64) {}
  bool has(int reg) const { return (words_[reg / 64] >> (reg % 64)) & 1; }
  void add(int reg) { words_[reg / 64] |= std::uint64_t{1} << (reg % 64); }
  void remove(int reg) { words_[reg / 64] &= ~(std::uint64_t{1} << (reg % 64)); }
  /// Adds all of `other`; true when that changed this set.
  bool merge(const RegisterSet& other);
  std::vector<int> list() const;

 private:
  std::vector<std::uint64_t> words_;
};

struct Block {
  int first = 0, last = 0;  // instructions [first, last)
  std::vector<int> successors;
  int immediate_postdominator = -1;  // -1: the function's end
  RegisterSet live_in;
};

struct Flow {
  std::vector<Block> blocks;
  std::vector<int> block_of;  // instruction -> block; one past the end -> blocks.size()
};

/// Registers that an instruction writes and reads. A guarded write also reads (the lanes that keep
/// their value).
void registers_written(const ptx::Instruction& instruction, std::vector<int>& out);
void registers_read(const ptx::Instruction& instruction, std::vector<int>& out);

bool ends_thread(const ptx::Instruction& instruction);       // ret, exit, trap
bool is_branch(const ptx::Instruction& instruction);         // bra, brx
bool is_block_barrier(const ptx::Instruction& instruction);  // bar, barrier: not bar.warp
bool is_warp_barrier(const ptx::Instruction& instruction);   // bar.warp.sync
bool is_warp_exchange(
    const ptx::Instruction& instruction);  // shfl.sync, vote.sync and their kin: data cross lanes
bool takes_whole_warp(
    const ptx::Instruction& instruction);  // mma and its kin: exchanges that name no lanes

/// `starts`: instructions that begin a block besides those that the control flow demands.
Flow analyse_flow(const ptx::Function& function, const std::vector<int>& starts = {});

}  // namespace vgpu::translate
