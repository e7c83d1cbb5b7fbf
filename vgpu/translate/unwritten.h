// unwritten.h - which registers a kernel may read before it wrote them, and where.
#pragma once

#include "vgpu/observe/registers.h"
#include "vgpu/translate/flow.h"

namespace vgpu::translate {

/// Those that live where the kernel begins, and what is computed from them. Without any, empty.
observe::UnwrittenRegisters find_unwritten(const ptx::Function& function, const Flow& flow);

}  // namespace vgpu::translate
