#include "golden/streams/comparison.h"

#include <cstring>

#include "golden/harness/golden_file.h"
#include "impl/core/error.h"
#include "impl/core/file.h"

namespace plumb::golden {
namespace {

using nlohmann::json;

constexpr int kSchema = 1;
constexpr std::size_t kElement = 8;

json draws_as_json() {
  json out = json::array();
  for (const Draw& d : all_draws()) out.push_back({d.seed, d.count});
  return out;
}

StreamResult empty_result(const Stream& stream) {
  return {name_of(stream), stream.distribution, 0, 0, 0};
}

}  // namespace

StreamSums StreamSums::read(const std::string& path) {
  try {
    const json file = json::parse(read_whole(path));
    if (file.at("schema") != kSchema || file.at("draws") != draws_as_json())
      throw FileError(path + ": other draws than ours: record it again");
    StreamSums out;
    out.sums_ = file.at("sums").get<decltype(out.sums_)>();
    return out;
  } catch (const json::exception& error) {
    throw FileError(path + ": " + error.what());
  }
}

void StreamSums::write(const std::string& path) const {
  const json file = {{"schema", kSchema}, {"draws", draws_as_json()}, {"sums", sums_}};
  write_whole(path, file.dump(1) + "\n");
}

std::string StreamSums::sum(const std::string& stream, std::size_t draw) const {
  const auto found = sums_.find(stream);
  return found == sums_.end() || draw >= found->second.size() ? "" : found->second[draw];
}

void StreamSums::set(const std::string& stream, std::size_t draw, const std::string& sum) {
  std::vector<std::string>& sums = sums_[stream];
  sums.resize(all_draws().size());
  sums.at(draw) = sum;
}

std::string streams_file() { return PLUMB_STREAMS_FILE; }

LiveStreams::LiveStreams() : stock_("stock"), recording_("recording") {
  const std::string capability = stock_.capability();
  if (capability == "DEFAULT")
    throw client::Error(
        "plumbline-reference: its capability is DEFAULT, need AVX2 or AVX512: this processor's "
        "LibTorch draws in one form alone");
}

std::string LiveStreams::draw(const Stream& stream, const Draw& draw) {
  LibTorch& libtorch = stream.kernels == random::Kernels::avx2 ? stock_ : recording_;
  const SafetensorsFile answer = libtorch.tensors("random.draw", request_of(stream, draw));
  const auto& bytes = answer.tensors.at("draws").bytes;
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

StreamResult compare_kept(const Stream& stream, const StreamSums& kept) {
  StreamResult out = empty_result(stream);
  for (std::size_t i = 0; i < all_draws().size(); ++i) {
    const std::string ours = draw(stream, all_draws()[i]);
    const auto numbers = static_cast<std::int64_t>(ours.size() / kElement);
    ++out.draws;
    out.numbers += numbers;
    if (sha256_of(ours) == kept.sum(out.name, i)) out.equal += numbers;
  }
  return out;
}

StreamResult compare_live(const Stream& stream, LiveStreams& libtorch) {
  StreamResult out = empty_result(stream);
  for (const Draw& d : all_draws()) {
    const std::string ours = draw(stream, d), theirs = libtorch.draw(stream, d);
    ++out.draws;
    out.numbers += static_cast<std::int64_t>(std::max(ours.size(), theirs.size()) / kElement);
    for (std::size_t at = 0; at < std::min(ours.size(), theirs.size()); at += kElement)
      out.equal += std::memcmp(&ours[at], &theirs[at], kElement) == 0;
  }
  return out;
}

}  // namespace plumb::golden
