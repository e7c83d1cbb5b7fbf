#include "impl/data/idx.h"

#include <zlib.h>

#include <string_view>

#include "impl/core/error.h"
#include "impl/core/file.h"

namespace plumb {
namespace {

constexpr int kGzipWindow = 15 + 16;  // zlib's code for "a gzip header is expected"
constexpr std::size_t kMostBytes = std::size_t{1} << 33;
constexpr std::size_t kMostPacked = (std::size_t{1} << 32) - 1;  // zlib counts its input in 32 bits

bool is_gzip(std::string_view bytes) { return bytes.substr(0, 2) == "\x1f\x8b"; }

/// A decompression that ends with its scope.
struct Inflation {
  z_stream stream{};
  ~Inflation() { inflateEnd(&stream); }
};

/// All members of a gzip file, one after another (RFC 1952, 2.2).
std::string inflate_gzip(const std::string& compressed, const std::string& path) {
  PLUMB_CHECK(FileError, compressed.size() <= kMostPacked,
              "{}: {} bytes of gzip, allowed: up to {}", path, compressed.size(), kMostPacked);
  Inflation inflation;
  z_stream& stream = inflation.stream;
  PLUMB_CHECK(FileError, inflateInit2(&stream, kGzipWindow) == Z_OK, "{}: zlib cannot start", path);
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(compressed.data()));
  stream.avail_in = static_cast<uInt>(compressed.size());
  std::string out, piece(1 << 16, '\0');
  while (true) {
    stream.next_out = reinterpret_cast<Bytef*>(piece.data());
    stream.avail_out = static_cast<uInt>(piece.size());
    const int status = inflate(&stream, Z_NO_FLUSH);
    out.append(piece, 0, piece.size() - stream.avail_out);
    PLUMB_CHECK(FileError, out.size() <= kMostBytes, "{}: unpacks to more than {} bytes", path,
                kMostBytes);
    PLUMB_CHECK(FileError, status != Z_BUF_ERROR, "{}: broken gzip: it is cut short", path);
    PLUMB_CHECK(FileError, status == Z_OK || status == Z_STREAM_END, "{}: broken gzip: {}", path,
                stream.msg ? stream.msg : "it is damaged");
    if (status == Z_OK) continue;
    if (stream.avail_in == 0) return out;
    PLUMB_CHECK(FileError,
                is_gzip({reinterpret_cast<const char*>(stream.next_in), stream.avail_in}),
                "{}: {} bytes trail the gzip data", path, stream.avail_in);
    PLUMB_CHECK(FileError, inflateReset(&stream) == Z_OK, "{}: zlib cannot go on", path);
  }
}

std::uint32_t big_endian(const std::string& bytes, std::size_t at) {
  std::uint32_t value = 0;
  for (std::size_t i = 0; i < 4; ++i) value = value << 8 | static_cast<std::uint8_t>(bytes[at + i]);
  return value;
}

}  // namespace

IdxArray read_idx(const std::string& path) {
  std::string bytes = read_whole(path);
  if (is_gzip(bytes)) bytes = inflate_gzip(bytes, path);
  PLUMB_CHECK(FileError, bytes.size() >= 4, "{}: {} bytes are too few for an IDX header", path,
              bytes.size());
  const std::uint32_t magic = big_endian(bytes, 0), dimensions = magic & 0xff;
  PLUMB_CHECK(FileError, magic >> 8 == 8 && dimensions >= 1 && dimensions <= 8,
              "{}: magic {}, need 2049 to 2056 (unsigned bytes, 1 to 8 dimensions)", path, magic);
  const std::size_t header = 4 + 4 * dimensions;
  PLUMB_CHECK(FileError, bytes.size() >= header, "{}: ends in its header", path);
  IdxArray out;
  std::size_t count = 1;
  for (std::uint32_t d = 0; d < dimensions; ++d) {
    const std::uint32_t n = big_endian(bytes, 4 + 4 * d);
    PLUMB_CHECK(FileError, n == 0 || count <= kMostBytes / n,
                "{}: its header describes more than {} bytes", path, kMostBytes);
    out.shape.push_back(n);
    count *= n;
  }
  PLUMB_CHECK(FileError, bytes.size() - header == count, "{}: holds {} values, its header says {}",
              path, bytes.size() - header, count);
  out.values.assign(bytes.begin() + static_cast<std::ptrdiff_t>(header), bytes.end());
  return out;
}

}  // namespace plumb
