#include "golden/streams/command.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>
#include <set>

#include "golden/harness/golden_file.h"
#include "golden/streams/comparison.h"
#include "impl/core/error.h"
#include "impl/core/file.h"
#include "impl/core/nearest.h"
#include "impl/core/progress_bar.h"

namespace plumb::golden {
namespace {

using nlohmann::ordered_json;

constexpr int kDiffers = 2;

struct Arguments {
  std::vector<std::string> distributions;
  bool live = false, record = false, quiet = false;
  std::string json;
};

std::vector<Stream> wanted_streams(const std::vector<std::string>& wanted) {
  std::set<std::string> known;
  for (const Stream& s : all_streams()) known.insert(s.distribution);
  for (const std::string& name : wanted)
    if (!known.contains(name)) {
      const std::vector<std::string> names(known.begin(), known.end());
      throw UsageError(fmt::format("--distribution '{}'; allowed: {}; nearest: '{}'", name,
                                   fmt::join(names, ", "), nearest(name, names)));
    }
  std::vector<Stream> out;
  for (const Stream& s : all_streams())
    if (wanted.empty() || std::ranges::count(wanted, s.distribution)) out.push_back(s);
  return out;
}

int record(bool quiet) {
  LiveStreams libtorch;
  StreamSums sums;
  ProgressBar bar(quiet);
  std::int64_t done = 0;
  for (const Stream& s : all_streams()) {
    for (std::size_t i = 0; i < all_draws().size(); ++i)
      sums.set(name_of(s), i, sha256_of(libtorch.draw(s, all_draws()[i])));
    bar.show("record", ++done, static_cast<std::int64_t>(all_streams().size()));
  }
  bar.clear();
  sums.write(streams_file());
  fmt::print("{} streams, {} draws each: {}\n", all_streams().size(), all_draws().size(),
             streams_file());
  return 0;
}

StreamResult sum_of(const std::vector<StreamResult>& results, const std::string& distribution) {
  StreamResult out{distribution, distribution, 0, 0, 0};
  for (const StreamResult& r : results) {
    if (!distribution.empty() && r.distribution != distribution) continue;
    out.draws += r.draws;
    out.numbers += r.numbers;
    out.equal += r.equal;
  }
  return out;
}

ordered_json to_json(const StreamResult& r) {
  return {{"name", r.name}, {"draws", r.draws}, {"numbers", r.numbers}, {"equal", r.equal}};
}

int compare(const Arguments& a) {
  const std::vector<Stream> streams = wanted_streams(a.distributions);
  std::unique_ptr<LiveStreams> libtorch;
  StreamSums kept;
  if (a.live)
    libtorch = std::make_unique<LiveStreams>();
  else
    kept = StreamSums::read(streams_file());
  ProgressBar bar(a.quiet);
  std::vector<StreamResult> results;
  for (const Stream& s : streams) {
    results.push_back(a.live ? compare_live(s, *libtorch) : compare_kept(s, kept));
    bar.show("streams", static_cast<std::int64_t>(results.size()),
             static_cast<std::int64_t>(streams.size()));
  }
  bar.clear();
  fmt::print("{:<34} {:>7} {:>11} {:>11}\n", "distribution", "draws", "numbers", "bit-equal");
  const auto row = [](const std::string& name, const StreamResult& r) {
    fmt::print("{:<34} {:>7} {:>11} {:>11}\n", name, r.draws, r.numbers, r.equal);
  };
  std::set<std::string> seen;
  for (const StreamResult& r : results) {
    if (seen.insert(r.distribution).second) row(r.distribution, sum_of(results, r.distribution));
    if (r.equal != r.numbers) row("  differs: " + r.name, r);
  }
  const StreamResult all = sum_of(results, "");
  row("all", all);
  if (!a.json.empty()) {
    ordered_json file = {{"schema", 1}, {"against", a.live ? "libtorch" : "kept"}};
    for (const StreamResult& r : results) file["streams"].push_back(to_json(r));
    write_whole(a.json, file.dump(1) + "\n");
  }
  return all.equal == all.numbers ? 0 : kDiffers;
}

}  // namespace

void add_streams_command(CLI::App& app,
                         const std::function<void(const std::function<int()>&)>& chosen) {
  auto a = std::make_shared<Arguments>();
  CLI::App* streams_app = app.add_subcommand(
      "streams", "Hold our random numbers to LibTorch's CPU generator, bit by bit");
  streams_app->add_option("--distribution", a->distributions, "this one alone (may be repeated)");
  auto* live = streams_app->add_flag("--live", a->live,
                                     "ask LibTorch now, and count equal numbers one by one");
  streams_app->add_flag("--record", a->record, "ask LibTorch, and keep the sums of its answers")
      ->excludes(live);
  streams_app->add_option("--json", a->json, "write every stream's counts there");
  streams_app->add_flag("--quiet", a->quiet, "no progress");
  streams_app->footer(
      "A kept draw is equal as a whole or counts nothing. Numbers of f64 and of the standard form "
      "come out of the C library's logarithms and sines.\nExit: 0 all equal, 1 LibTorch or the "
      "file is missing, 2 some differ, 64 usage.\nExample: plumbline streams --distribution "
      "normal --live");
  streams_app->callback(
      [a, chosen] { chosen([a] { return a->record ? record(a->quiet) : compare(*a); }); });
}

}  // namespace plumb::golden
