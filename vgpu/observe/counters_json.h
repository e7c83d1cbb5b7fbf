// counters_json.h - counters as JSON.
#pragma once

#include <nlohmann/json.hpp>

#include "vgpu/observe/counters.h"

namespace vgpu::observe {

/// Every counter under its name, those of zero too.
nlohmann::ordered_json to_json(const CountedKernel& kernel);

}  // namespace vgpu::observe
