// provenance.h - what a figure is worth nothing without: machine, versions, command, date.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

namespace plumb::bench {

/// "AMD EPYC, 2 cores, AVX-512".
std::string machine_text();

/// This process's command line as it was typed, the program without its folder.
std::string command_text();

/// Texts and numbers, one level: machine, cpu, cores, load (processes that ran or waited to,
/// over the last minute), command, date (UTC), plumbline, revision (of git; "-dirty" when files of
/// it were changed, "unknown" outside of a clone), cuda, compiler.
nlohmann::ordered_json provenance();

}  // namespace plumb::bench
