// layout.h - where things lie: a kernel's registers in the warp's frame, its variables in each
// memory space.
#pragma once

#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

#include "vgpu/ptx/module.h"

namespace vgpu::translate {

struct Layout {
  // The frame follows the WarpState. A register has 32 lanes' room (a predicate: 32 bits) and a
  // scalar's.
  std::vector<std::uint32_t> vector_slot, scalar_slot;
  std::uint32_t frame_bytes = 0;

  std::unordered_map<std::string, std::uint64_t> parameter;  // offset in the launch's parameters
  std::uint64_t parameter_bytes = 0;
  std::unordered_map<std::string, std::uint64_t> shared;  // offset in the block's shared memory
  std::uint64_t shared_bytes = 0;                         // static; dynamic arrays start here
  std::unordered_map<std::string, std::uint64_t> local;   // offset in a lane's local memory
  std::uint64_t local_bytes = 0;                          // per lane
  std::unordered_map<std::string, int> symbol;            // index in BlockState::symbols
};

/// `function` is prepared (prepare.h). Behind each array in shared and local memory `room_between`
/// bytes belong to none.
Layout lay_out(const ptx::Module& module, const ptx::Function& function,
               std::uint64_t room_between);

/// Module variables that have an address of their own, in the order of BlockState::symbols.
std::vector<const ptx::Variable*> addressed_variables(const ptx::Module& module);

}  // namespace vgpu::translate
