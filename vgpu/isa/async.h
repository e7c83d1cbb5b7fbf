// async.h - what accesses that end at a barrier object share.
#pragma once

#include "vgpu/isa/emitter.h"

namespace vgpu::isa {

/// st.async, red.async: `bytes` of each active lane's transactions close at the barrier of operand
/// k, in shared memory.
void close_transactions(Emitter& e, int k, std::int64_t bytes);

}  // namespace vgpu::isa
