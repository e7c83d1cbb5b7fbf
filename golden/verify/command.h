// command.h - `plumbline verify` and `plumbline record`.
#pragma once

#include <functional>
#include <string>

namespace CLI {
class App;
}

namespace plumb::golden {

/// Gets the run to do: a function from the device's name to the exit code. Called while the command
/// line is parsed.
using Chosen = std::function<void(const std::function<int(const std::string& device)>&)>;

void add_verify_command(CLI::App& app, const Chosen& chosen);
void add_record_command(CLI::App& app, const Chosen& chosen);

}  // namespace plumb::golden
