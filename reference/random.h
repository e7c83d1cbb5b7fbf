// random.h - LibTorch's random numbers from a seed.
#pragma once

#include <nlohmann/json.hpp>

namespace plumb::reference {

/// {distribution, dtype, arguments, seed, count, path}: tensor "draws" in f64 or i64 goes to
/// `path`. Throws std::exception with LibTorch's text for what it refuses.
nlohmann::json draw_random(const nlohmann::json& request);

}  // namespace plumb::reference
