#include "vgpu/observe/access.h"

#include <algorithm>

namespace vgpu::observe {
namespace {

using ptx::Instruction;
using ptx::Space;

constexpr int kRowBytes = 16, kBarrierBytes = 8;

/// All elements of a vector together.
int bytes_of(const Instruction& ins) {
  return ptx::bits_of(ins.last_type()) / 8 * ins.vector_length();
}

bool is_strong(const Instruction& ins) {
  return std::ranges::any_of(
      std::initializer_list<const char*>{"volatile", "relaxed", "acquire", "release", "mmio"},
      [&](const char* word) { return ins.has(word); });
}

bool releases(const Instruction& ins) { return ins.has("release") || ins.has("acq_rel"); }

Access plain(const Instruction& ins) {
  const bool loads = ins.opcode != "st";
  return {.operand = loads ? 1 : 0,
          .effect = loads ? Effect::read : Effect::write,
          .space = ins.space(),
          .bytes = bytes_of(ins),
          .strong = is_strong(ins),
          .releases = releases(ins),
          .stored = loads ? -1 : 1};
}

Access atomic(const Instruction& ins) {
  return {.operand = ins.opcode == "atom" ? 1 : 0,
          .effect = Effect::atomic,
          .space = ins.space(),
          .bytes = bytes_of(ins),
          .strong = true,
          .releases = releases(ins)};
}

std::vector<Access> copy(const Instruction& ins) {
  const bool moves = ins.has("async") && !ins.has("bulk") && !ins.has("mbarrier") &&
                     !ins.has("commit_group") && !ins.has("wait_group") && !ins.has("wait_all") &&
                     ins.operands.size() > 2 && ins.operands[2].kind == ptx::Operand::Kind::integer;
  if (!moves) return {};
  const int bytes = static_cast<int>(ins.operands[2].bits);
  // Bytes beyond src-size are not read: with a fourth operand nothing is said of the source.
  std::vector<Access> out;
  if (ins.operands.size() == 3)
    out.push_back({.operand = 1, .effect = Effect::read, .space = Space::global, .bytes = bytes});
  out.push_back({.operand = 0, .effect = Effect::write, .space = Space::shared, .bytes = bytes});
  return out;
}

Access rows(const Instruction& ins) {
  const bool loads = ins.opcode == "ldmatrix";
  const int count = ins.has("x4") ? 4 : ins.has("x2") ? 2 : 1;
  return {.operand = loads ? 1 : 0,
          .effect = loads ? Effect::read : Effect::write,
          .space = ins.space(),
          .bytes = kRowBytes,
          .lanes = count == 4 ? ~0u : (1u << 8 * count) - 1};
}

std::vector<Access> barrier_object(const Instruction& ins) {
  if (ins.has("pending_count")) return {};
  Access out{.effect = ins.has("init") ? Effect::write : Effect::atomic,
             .space = Space::shared,
             .bytes = kBarrierBytes,
             .strong = !ins.has("init")};
  const bool answers =
      ins.has("test_wait") || ins.has("try_wait") || ins.has("arrive") || ins.has("arrive_drop");
  out.operand = answers ? 1 : 0;
  return {out};
}

}  // namespace

std::vector<Access> accesses_of(const Instruction& ins) {
  const std::string& op = ins.opcode;
  if (op == "ld" || op == "ldu" || op == "st") {
    if (ins.space() == Space::param) return {};
    return {plain(ins)};
  }
  if (op == "atom" || op == "red") return {atomic(ins)};
  if (op == "cp") return copy(ins);
  if (op == "ldmatrix" || op == "stmatrix") return {rows(ins)};
  if (op == "mbarrier") return barrier_object(ins);
  return {};
}

bool is_fence(const Instruction& ins) {
  return (ins.opcode == "membar" || ins.opcode == "fence") && !ins.has("cta");
}

}  // namespace vgpu::observe
