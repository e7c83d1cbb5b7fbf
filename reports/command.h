// command.h - `plumbline report`.
#pragma once

#include <functional>

namespace CLI {
class App;
}

namespace plumb::report {

/// `chosen` gets the work to do when the command line names it.
void add_report_command(CLI::App& app,
                        const std::function<void(const std::function<int()>&)>& chosen);

}  // namespace plumb::report
