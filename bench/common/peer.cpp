#include "bench/common/peer.h"

#include <numeric>

namespace plumb::bench {

LibTorch& LibTorch::get() {
  static LibTorch one;
  return one;
}

LibTorch::LibTorch() {
  try {
    client_ = std::make_unique<client::Client>(client::find_program());
    const nlohmann::json probe = {{"m", 1}, {"n", 1}, {"k", 1}, {"repeats", 1}};
    const nlohmann::json versions = client_->request("time.mm", probe).at("versions");
    name_ = "LibTorch " + versions.at("torch").get<std::string>() + " " +
            versions.at("capability").get<std::string>();
  } catch (const client::Error& error) {
    client_.reset();
    reason_ = error.what();
  }
}

Timed LibTorch::timing(const std::string& verb, nlohmann::json fields, int threads) {
  if (!available()) return {};
  fields["threads"] = threads;
  return [this, verb, fields](std::int64_t repeats) {
    nlohmann::json request = fields;
    request["repeats"] = repeats;
    const auto seconds = client_->request(verb, request).at("seconds").get<std::vector<double>>();
    return std::accumulate(seconds.begin(), seconds.end(), 0.0) /
           static_cast<double>(seconds.size());
  };
}

}  // namespace plumb::bench
