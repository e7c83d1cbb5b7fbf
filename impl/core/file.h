// file.h - files read whole and written whole.
#pragma once

#include <span>
#include <string>

namespace plumb {

/// Replaces `path` by the bytes: temporary file beside it, fsync, rename. Throws FileError naming
/// path and reason (no space, no rights ...); the old file is then as it was and no temporary file
/// stays.
void write_whole(const std::string& path, std::span<const char> bytes);

/// Throws FileError naming path and reason.
std::string read_whole(const std::string& path);

}  // namespace plumb
