#include "vgpu/translate/program.h"

#include "vgpu/translate/if_conversion.h"
#include "vgpu/translate/prepare.h"
#include "vgpu/translate/unwritten.h"

namespace vgpu::translate {
namespace {

/// Instructions that full code may have to leave to masked code: they begin a block.
std::vector<int> deoptimisation_points(const ptx::Function& function, const Shapes& shapes,
                                       WarpRows rows) {
  std::vector<int> out;
  for (std::size_t i = 0; i < function.body.size(); ++i)
    if (function.body[i].opcode == "brx" || widens_affine(function.body[i], shapes, rows))
      out.push_back(static_cast<int>(i));
  return out;
}

bool may_poll(const ptx::Instruction& ins) {
  if (ins.opcode == "atom" || ins.opcode == "nanosleep") return true;
  if (ins.opcode == "mbarrier") return ins.has("test_wait") || ins.has("try_wait");
  return ins.opcode == "ld" &&
         (ins.has("volatile") || ins.has("acquire") || ins.has("relaxed") || ins.has("mmio"));
}

bool is_uniform_guard(const Program& program, const ptx::Instruction& ins) {
  return ins.guard < 0 || program.shapes.of_register[ins.guard].uniform();
}

void find_entries(Program& program) {
  const int count = program.block_count();
  program.entry.assign(count, false);
  program.resume.assign(count, false);
  program.polls.assign(count, false);
  program.resume[0] = true;
  std::vector<int> polling(count + 1, 0);  // blocks before this one that may poll
  for (int k = 0; k < count; ++k) {
    bool found = false;
    for (int i = program.flow.blocks[k].first; i < program.flow.blocks[k].last; ++i)
      found |= may_poll(program.function.body[i]);
    polling[k + 1] = polling[k] + found;
  }
  for (int k = 0; k < count; ++k) {
    const Block& block = program.flow.blocks[k];
    const ptx::Instruction& last = program.function.body[block.last - 1];
    if (is_branch(last) && (!is_uniform_guard(program, last) || last.opcode == "brx") &&
        block.immediate_postdominator >= 0 && block.immediate_postdominator < count)
      program.entry[block.immediate_postdominator] = true;
    if (is_block_barrier(last) && k + 1 < count)
      program.entry[k + 1] = program.resume[k + 1] = true;
    for (int target : block.successors) {
      if (last.opcode == "brx") program.entry[target] = true;
      if (target > k) continue;
      program.entry[target] = true;
      if (polling[k + 1] == polling[target]) continue;
      program.polls[k] = true;
      program.resume[target] = true;
    }
  }
}

}  // namespace

Prepared prepare_kernel(const ptx::Module& module, const ptx::Function& kernel, Observed observed) {
  constexpr std::uint64_t kRoomBetween = 128;
  const bool plain = observed == Observed::no;
  Prepared out{&module, prepare(module, kernel), {}};
  if (plain) convert_short_branches(out.function);
  out.layout = lay_out(module, out.function, plain ? 0 : kRoomBetween);
  return out;
}

Program make_program(const Prepared& prepared, WarpRows rows, bool noisy,
                     const observe::Checks& checks) {
  Program program{prepared.module,
                  prepared.function,
                  prepared.layout,
                  rows,
                  noisy,
                  checks,
                  {},
                  {},
                  {},
                  {},
                  {},
                  {}};
  program.shapes = analyse_shapes(program.function, rows);
  program.flow =
      analyse_flow(program.function, deoptimisation_points(program.function, program.shapes, rows));
  find_entries(program);
  if (checks.init) program.unwritten = find_unwritten(program.function, program.flow);
  return program;
}

}  // namespace vgpu::translate
