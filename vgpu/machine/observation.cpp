#include "vgpu/machine/observation.h"

#include "vgpu/observe/memory_map.h"

namespace vgpu {
namespace {

using Places = std::unordered_map<std::string, std::uint64_t>;

/// The arrays of `places`, in the order of their declarations; those without a bound reach to
/// `end`.
std::vector<observe::Extent> extents(const translate::Program& program, const Places& places,
                                     std::uint64_t end) {
  std::vector<observe::Extent> out;
  const auto add = [&](const ptx::Variable& v) {
    const auto place = places.find(v.name);
    if (place == places.end()) return;
    const bool open = v.external || v.bytes() == 0;
    out.push_back({v.name, place->second, open ? end - place->second : v.bytes()});
  };
  for (const ptx::Variable& v : program.function.variables) add(v);
  for (const ptx::Variable& v : program.module->variables) add(v);
  return out;
}

}  // namespace

Observation::Observation(const Launch& launch, KernelForm& form, std::uint64_t number,
                         const void* workspace, std::size_t workspace_bytes)
    : lock_(observe::MemoryMap::get().mutex), workspace_(workspace) {
  if (workspace)
    observe::MemoryMap::get().add(workspace, workspace_bytes, "the grid's barrier", true);
  const translate::Program& program = form.program();
  const translate::Layout& layout = program.layout;
  subject_.module = program.module;
  subject_.function = &program.function;
  subject_.notes = &form.notes();
  subject_.unwritten = &program.unwritten;
  subject_.shared_bytes = layout.shared_bytes + launch.dynamic_shared_bytes;
  subject_.local_bytes = layout.local_bytes;
  subject_.shared = extents(program, layout.shared, subject_.shared_bytes);
  subject_.local = extents(program, layout.local, subject_.local_bytes);
  subject_.dynamic_shared_bytes = launch.dynamic_shared_bytes;
  for (const translate::Block& block : program.flow.blocks)
    subject_.basic_blocks.emplace_back(block.first, block.last);
  subject_.parameters = static_cast<const std::uint8_t*>(launch.parameters);
  subject_.parameter_bytes = layout.parameter_bytes;
  const std::uint32_t block[] = {launch.block.x, launch.block.y, launch.block.z},
                      grid[] = {launch.grid.x, launch.grid.y, launch.grid.z};
  std::copy(block, block + 3, subject_.block);
  std::copy(grid, grid + 3, subject_.grid);
  observer_ = std::make_unique<observe::LaunchObserver>(subject_, settings().checks,
                                                        static_cast<std::uint32_t>(number));
}

Observation::~Observation() {
  observer_->finish();
  observe::MemoryMap::get().drop_retired();
  if (workspace_) observe::MemoryMap::get().remove(workspace_);
}

}  // namespace vgpu
