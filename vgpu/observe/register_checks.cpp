// register_checks.cpp - values that nobody wrote, followed through registers to where they decide
// something.
#include <bit>

#include "vgpu/observe/block_observer.h"

namespace vgpu::observe {
namespace {

/// Lanes whose result nobody wrote; `of` gives those of a register.
template <class Of>
std::uint32_t result_of(const RegisterUse& use, const Of& of, std::uint32_t first,
                        std::uint32_t second) {
  // Lanes where one of two predicates is written, and is not `neutral`.
  const auto settled = [&](std::uint32_t neutral) {
    return (~of(use.reads[0]) & (first ^ neutral)) | (~of(use.reads[1]) & (second ^ neutral));
  };
  std::uint32_t any = 0;
  for (const int reg : use.reads) any |= of(reg);
  switch (use.kind) {
    case RegisterUse::Kind::decides:
      return 0;
    case RegisterUse::Kind::selects:
      return (of(use.reads[0]) & first) | (of(use.reads[1]) & ~first) | of(use.reads[2]);
    case RegisterUse::Kind::any:
      return any & ~settled(0);
    case RegisterUse::Kind::all:
      return any & ~settled(~0u);
    default:
      return any;
  }
}

}  // namespace

void BlockObserver::registers(const WarpState& warp, int index, std::uint32_t block,
                              std::uint32_t lanes, std::uint32_t first, std::uint32_t second) {
  const UnwrittenRegisters& all = *subject_.unwritten;
  const RegisterUse& use = all.uses.at(index);
  std::uint32_t* const unwritten = unwritten_.data() + warp.warp_index * all.names.size();
  const auto of = [&](int reg) { return reg < 0 ? 0u : unwritten[reg]; };
  const auto need = [&](int reg, std::uint32_t which) {
    const std::uint32_t missing = of(reg) & which;
    if (missing == 0) return;
    launch_.report(Kind::uninitialised, index, -1, [&](Report& r) {
      r.what = "use of register " + all.names[static_cast<std::size_t>(reg)];
      r.thread = launch_.thread(
          block_, static_cast<int>(warp.warp_index) * kWarpSize + std::countr_zero(missing));
    });
    unwritten[reg] &= ~missing;  // told once
  };
  need(use.guard, block);
  if (use.kind == RegisterUse::Kind::decides)
    for (const int reg : use.reads) need(reg, lanes);
  const std::uint32_t result = result_of(use, of, first, second);
  for (const int reg : use.writes) unwritten[reg] = (unwritten[reg] & ~lanes) | (result & lanes);
}

}  // namespace vgpu::observe
