#include "impl/data/idx.h"

#include <zlib.h>

#include "impl/core/error.h"
#include "impl/core/file.h"

namespace plumb {
namespace {

constexpr int kGzipWindow = 15 + 16;  // zlib's code for "a gzip header is expected"
constexpr std::size_t kMostBytes = std::size_t{1} << 33;

std::string inflate_gzip(const std::string& compressed, const std::string& path) {
  z_stream stream{};
  PLUMB_CHECK(FileError, inflateInit2(&stream, kGzipWindow) == Z_OK, "{}: zlib cannot start", path);
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(compressed.data()));
  stream.avail_in = static_cast<uInt>(compressed.size());
  std::string out, piece(1 << 16, '\0');
  int status = Z_OK;
  while (status == Z_OK && out.size() < kMostBytes) {
    stream.next_out = reinterpret_cast<Bytef*>(piece.data());
    stream.avail_out = static_cast<uInt>(piece.size());
    status = inflate(&stream, Z_NO_FLUSH);
    out.append(piece, 0, piece.size() - stream.avail_out);
  }
  const std::string why = stream.msg ? stream.msg : status == Z_BUF_ERROR || status == Z_OK ? "it is cut short" : "it is damaged";
  inflateEnd(&stream);
  PLUMB_CHECK(FileError, status == Z_STREAM_END, "{}: broken gzip: {}", path, why);
  return out;
}

std::uint32_t big_endian(const std::string& bytes, std::size_t at) {
  std::uint32_t value = 0;
  for (std::size_t i = 0; i < 4; ++i) value = value << 8 | static_cast<std::uint8_t>(bytes[at + i]);
  return value;
}

}  // namespace

IdxArray read_idx(const std::string& path) {
  std::string bytes = read_whole(path);
  if (bytes.size() >= 2 && bytes[0] == '\x1f' && bytes[1] == '\x8b') bytes = inflate_gzip(bytes, path);
  PLUMB_CHECK(FileError, bytes.size() >= 4, "{}: {} bytes are too few for an IDX header", path, bytes.size());
  const std::uint32_t magic = big_endian(bytes, 0), dimensions = magic & 0xff;
  PLUMB_CHECK(FileError, magic >> 8 == 8 && dimensions >= 1 && dimensions <= 8,
              "{}: magic {}, need 2049 to 2056 (unsigned bytes, 1 to 8 dimensions)", path, magic);
  const std::size_t header = 4 + 4 * dimensions;
  PLUMB_CHECK(FileError, bytes.size() >= header, "{}: ends in its header", path);
  IdxArray out;
  std::size_t count = 1;
  for (std::uint32_t d = 0; d < dimensions; ++d) {
    const std::uint32_t n = big_endian(bytes, 4 + 4 * d);
    PLUMB_CHECK(FileError, n == 0 || count <= kMostBytes / n, "{}: its header describes more than {} bytes", path, kMostBytes);
    out.shape.push_back(n);
    count *= n;
  }
  PLUMB_CHECK(FileError, bytes.size() - header == count, "{}: holds {} values, its header says {}", path, bytes.size() - header, count);
  out.values.assign(bytes.begin() + static_cast<std::ptrdiff_t>(header), bytes.end());
  return out;
}

}  // namespace plumb
