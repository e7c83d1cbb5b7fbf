// scratch_folder.h - a folder of its own under the system's temporary one, removed with its
// contents.
#pragma once

#include <filesystem>
#include <stdexcept>
#include <string>

namespace plumb::bench {

class ScratchFolder {
 public:
  /// Throws std::runtime_error when none can be made.
  ScratchFolder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "plumb_bench_XXXXXX").string();
    if (mkdtemp(pattern.data()) == nullptr)
      throw std::runtime_error("cannot make a folder " + pattern);
    path_ = pattern;
  }
  ScratchFolder(const ScratchFolder&) = delete;
  ScratchFolder& operator=(const ScratchFolder&) = delete;
  ~ScratchFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  std::string file(const std::string& name) const { return (path_ / name).string(); }

 private:
  std::filesystem::path path_;
};

}  // namespace plumb::bench
