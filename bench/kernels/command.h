// command.h - `plumbline kernels`.
#pragma once

#include <functional>
#include <string>

namespace CLI {
class App;
}

namespace plumb::bench {

/// Gets the GPU's name and the run to do, which returns the exit code.
using ChosenGpu = std::function<void(const std::string& gpu, const std::function<int()>& run)>;

void add_kernels_command(CLI::App& app, const ChosenGpu& chosen);

}  // namespace plumb::bench
