// repro.h - command lines that can be pasted into a shell.
#pragma once

#include <string>
#include <vector>

namespace plumb::golden {

/// The path of this process's own program.
std::string own_program();

/// Words as a shell reads them: quoted where they must be.
std::string shell_line(const std::vector<std::string>& words);

/// What judges cases as this process does, but for `--case`: the program (relative to the current
/// folder when it lies below), the environment that chooses goldens and LibTorch, device, live
/// file, `checks` (--check).
std::string repro_command(const std::string& program, const std::string& device,
                          const std::string& live, const std::string& checks = "");

}  // namespace plumb::golden
