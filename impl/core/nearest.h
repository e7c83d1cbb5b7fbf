// nearest.h - what a mistyped name was meant to be.
#pragma once

#include <string>
#include <vector>

namespace plumb {

/// The name in `names` that is the fewest edits away (the first of equals); "" when there is none.
std::string nearest(const std::string& name, const std::vector<std::string>& names);

}  // namespace plumb
