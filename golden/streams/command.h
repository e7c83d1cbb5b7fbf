// command.h - `plumbline streams`.
#pragma once

#include <functional>

namespace CLI {
class App;
}

namespace plumb::golden {

/// Gets the run to do, which needs no device: a function to the exit code.
void add_streams_command(CLI::App& app,
                         const std::function<void(const std::function<int()>&)>& chosen);

}  // namespace plumb::golden
