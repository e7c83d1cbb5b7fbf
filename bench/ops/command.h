// command.h - `plumbline bench`, and the options by which calls are chosen.
#pragma once

#include <functional>
#include <string>

namespace CLI {
class App;
}

namespace plumb::bench {

/// Gets the run to do: a function from the device's name to the exit code. Called while the command
/// line is parsed.
using Chosen = std::function<void(const std::function<int(const std::string& device)>&)>;

void add_bench_command(CLI::App& app, const Chosen& chosen);

struct Wanted;
/// --op, --direction and --dtype, which fill `wanted`.
void add_call_options(CLI::App& app, Wanted& wanted);

}  // namespace plumb::bench
