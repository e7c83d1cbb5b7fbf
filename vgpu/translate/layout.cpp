#include "vgpu/translate/layout.h"

#include <algorithm>
#include <unordered_set>

#include "vgpu/machine/state.h"

namespace vgpu::translate {
namespace {

using ptx::Space;
using ptx::Variable;

constexpr std::uint64_t kLocalAlign = 16;

std::uint64_t align_up(std::uint64_t value, std::uint64_t align) {
  return (value + align - 1) / align * align;
}

std::uint64_t place(std::uint64_t& end, const Variable& variable, std::uint64_t room = 0) {
  const std::uint64_t at = align_up(end, std::max<std::uint64_t>(1, variable.align));
  end = at + variable.bytes() + room;
  return at;
}

void collect_symbols(const ptx::Operand& operand, std::unordered_set<std::string>& out) {
  if (!operand.name.empty()) out.insert(operand.name);
  for (const auto& element : operand.elements) collect_symbols(element, out);
}

void lay_out_registers(const ptx::Function& function, Layout& layout) {
  std::uint32_t end = 0;
  for (const ptx::Register& r : function.registers) {
    const auto bytes = r.type == ptx::Type::pred
                           ? 4u
                           : static_cast<std::uint32_t>(ptx::bits_of(r.type) / 8 * kWarpSize);
    layout.vector_slot.push_back(static_cast<std::uint32_t>(align_up(end, std::min(bytes, 64u))));
    end = layout.vector_slot.back() + bytes;
  }
  end = static_cast<std::uint32_t>(align_up(end, 16));
  for (const ptx::Register& r : function.registers) {
    const auto bytes = std::max(8u, static_cast<std::uint32_t>(ptx::bits_of(r.type) / 8));
    layout.scalar_slot.push_back(static_cast<std::uint32_t>(align_up(end, bytes)));
    end = layout.scalar_slot.back() + bytes;
  }
  layout.frame_bytes = static_cast<std::uint32_t>(align_up(end, 64));
}

}  // namespace

std::vector<const Variable*> addressed_variables(const ptx::Module& module) {
  std::vector<const Variable*> out;
  for (const Variable& v : module.variables)
    if (v.space == Space::global || v.space == Space::constant) out.push_back(&v);
  return out;
}

Layout lay_out(const ptx::Module& module, const ptx::Function& function,
               std::uint64_t room_between) {
  Layout layout;
  lay_out_registers(function, layout);
  for (const Variable& p : function.parameters)
    layout.parameter[p.name] = place(layout.parameter_bytes, p);
  std::unordered_set<std::string> used;
  for (const auto& ins : function.body)
    for (const auto& operand : ins.operands) collect_symbols(operand, used);
  std::vector<const Variable*> dynamic;
  auto place_shared = [&](const Variable& v) {
    if (v.space != Space::shared || !used.contains(v.name)) return;
    if (v.external || v.bytes() == 0)
      dynamic.push_back(&v);
    else
      layout.shared[v.name] = place(layout.shared_bytes, v, room_between);
  };
  for (const Variable& v : function.variables) place_shared(v);
  for (const Variable& v : module.variables) place_shared(v);
  for (const Variable* v : dynamic)
    layout.shared_bytes =
        align_up(layout.shared_bytes, std::max<std::uint64_t>(kLocalAlign, v->align));
  for (const Variable* v : dynamic) layout.shared[v->name] = layout.shared_bytes;
  std::uint64_t local_align = kLocalAlign;  // of a lane's memory: lane i's begins i times as far
  for (const Variable& v : function.variables) {
    if (v.space != Space::local) continue;
    layout.local[v.name] = place(layout.local_bytes, v, room_between);
    local_align = std::max<std::uint64_t>(local_align, v.align);
  }
  layout.local_bytes = align_up(layout.local_bytes, local_align);
  const auto addressed = addressed_variables(module);
  for (std::size_t i = 0; i < addressed.size(); ++i)
    layout.symbol[addressed[i]->name] = static_cast<int>(i);
  return layout;
}

}  // namespace vgpu::translate
