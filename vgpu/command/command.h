// command.h - `plumbline exec` and `plumbline vgpu run|ops|info`: the virtual GPU from the command
// line.
#pragma once

#include <functional>
#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace vgpu::command {

/// Gets the run to do: a function to the exit code. Called while the command line is parsed;
/// vgpu::settings().threads is then what the line's --threads says.
using Chosen = std::function<void(const std::function<int()>&)>;

void add_exec_command(CLI::App& app, const Chosen& chosen);
/// The command line (without the program's name) with "--" in front of the program that exec is to
/// start, so that whatever follows is that program's.
std::vector<std::string> mark_program(int argc, char** argv);
void add_vgpu_command(CLI::App& app, const Chosen& chosen);

inline constexpr int kUsage = 64;

// The subcommands of vgpu, a file each.
void add_run_command(CLI::App& vgpu_app, const Chosen& chosen);
void add_ops_command(CLI::App& vgpu_app, const Chosen& chosen);
void add_info_command(CLI::App& vgpu_app, const Chosen& chosen);

}  // namespace vgpu::command
