#include "impl/core/file.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "impl/core/error.h"

namespace plumb {
namespace {

/// A temporary file that goes away unless it is kept.
class Temporary {
 public:
  explicit Temporary(const std::string& path)
      : name_(path + ".XXXXXX"), descriptor_(mkstemp(name_.data())) {
    PLUMB_CHECK(FileError, descriptor_ >= 0, "cannot write {}: {}", path, std::strerror(errno));
  }
  ~Temporary() {
    if (descriptor_ >= 0) close(descriptor_);
    if (!kept_) unlink(name_.c_str());
  }
  Temporary(const Temporary&) = delete;
  Temporary& operator=(const Temporary&) = delete;

  bool write(std::span<const char> bytes) {
    while (!bytes.empty()) {
      const ssize_t n = ::write(descriptor_, bytes.data(), bytes.size());
      if (n < 0 && errno == EINTR) continue;
      if (n < 0) return false;
      bytes = bytes.subspan(static_cast<std::size_t>(n));
    }
    return fsync(descriptor_) == 0 && fchmod(descriptor_, 0644) == 0;
  }
  bool become(const std::string& path) {
    kept_ = std::rename(name_.c_str(), path.c_str()) == 0;
    return kept_;
  }

 private:
  std::string name_;
  int descriptor_;
  bool kept_ = false;
};

}  // namespace

void write_whole(const std::string& path, std::span<const char> bytes) {
  std::error_code ignored;
  const auto folder = std::filesystem::path(path).parent_path();
  if (!folder.empty()) std::filesystem::create_directories(folder, ignored);
  Temporary file(path);
  PLUMB_CHECK(FileError, file.write(bytes) && file.become(path), "cannot write {}: {}", path,
              std::strerror(errno));
}

std::string read_whole(const std::string& path) {
  errno = 0;
  std::ifstream file(path, std::ios::binary);
  PLUMB_CHECK(FileError, file.good() && !std::filesystem::is_directory(path), "cannot read {}: {}",
              path, errno ? std::strerror(errno) : "it is a folder");
  std::string bytes((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  PLUMB_CHECK(FileError, !file.bad(), "cannot read {}: {}", path, std::strerror(errno));
  return bytes;
}

}  // namespace plumb
