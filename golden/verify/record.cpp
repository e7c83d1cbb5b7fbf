// record.cpp - `plumbline record`: asks LibTorch about the project's cases and freezes the answers.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <filesystem>
#include <memory>

#include "golden/harness/golden_file.h"
#include "golden/harness/libtorch.h"
#include "golden/verify/command.h"
#include "golden/verify/selection.h"
#include "impl/core/error.h"
#include "impl/core/file.h"
#include "impl/core/progress_bar.h"
#include "impl/core/safetensors.h"

namespace plumb::golden {
namespace {

namespace fs = std::filesystem;

struct Arguments {
  std::vector<std::string> ops;
  bool check = false, quiet = false;
};

/// LibTorch in both set-ups, started once.
class Recorder {
 public:
  explicit Recorder(bool quiet) : recording_("recording"), stock_("stock"), bar_(quiet) {}

  std::vector<std::pair<Case, Answer>> record(const std::string& op) {
    const CaseList list = read_cases(golden_folder(), op);
    std::vector<std::pair<Case, Answer>> out;
    for (const Case& c : list.cases) {
      bar_.show(op, static_cast<std::int64_t>(out.size()),
                static_cast<std::int64_t>(list.cases.size()));
      out.emplace_back(c, ask(c));
    }
    for (const Refusal& r : list.refusals) require_refusal(r);
    bar_.clear();
    return out;
  }

 private:
  Answer ask(const Case& c) try {
    Answer answer = recording_.answer(c);
    if (c.dtype == Dtype::f64) return answer;
    const Answer stock = stock_.answer(c);
    for (auto& [name, expected] : answer.outputs)
      expected.f32_stock = stock.outputs.at(name).f32_stock;
    return answer;
  } catch (const Error& error) {
    throw Error(c.text + ": " + error.what());
  }

  /// LibTorch must refuse what we refuse, for the same reason.
  void require_refusal(const Refusal& r) {
    if (r.libtorch.empty()) return;  // declared: LibTorch accepts it
    try {
      recording_.answer(r.c);
    } catch (const client::Refused& error) {
      const std::string text = error.what();
      if (text.find(r.libtorch) != std::string::npos) return;
      throw Error(fmt::format("{}: LibTorch refuses with '{}', cases.json says '{}'", r.c.text,
                              text, r.libtorch));
    }
    throw Error(r.c.text + ": LibTorch accepts it");
  }

  LibTorch recording_, stock_;
  ProgressBar bar_;
};

/// A file of answers without what depends on the processor that it was recorded on: the distance of
/// LibTorch's stock f32 run.
SafetensorsFile lasting_part(const std::string& path) {
  SafetensorsFile file = read_safetensors(path);
  nlohmann::json cases = nlohmann::json::parse(file.metadata.at("cases"));
  for (auto& [key, entry] : cases.items())
    for (auto& [name, output] : entry.at("outputs").items()) output.erase("f32_stock");
  file.metadata["cases"] = cases.dump();
  return file;
}

/// Records into a folder of its own and compares: "", or the first thing that differs.
std::string check(Recorder& recorder, const std::string& op) {
  std::string folder = (fs::temp_directory_path() / "plumbline_record_XXXXXX").string();
  if (!mkdtemp(folder.data())) throw FileError("cannot make a folder " + folder);
  fs::create_directory(folder + "/" + op);
  write_golden(folder, op, recorder.record(op));
  const std::string name = "/" + op + "/answers.safetensors";
  const SafetensorsFile now = lasting_part(folder + name);
  std::error_code ignored;
  fs::remove_all(folder, ignored);
  const GoldenFile kept_is_whole(golden_folder(), op);
  const SafetensorsFile kept = lasting_part(golden_folder() + name);
  for (const auto& [key, tensor] : now.tensors) {
    const auto other = kept.tensors.find(key);
    if (other == kept.tensors.end()) return key + " is not kept";
    if (other->second.bytes != tensor.bytes) return key + " has other bits";
  }
  for (const auto& [key, tensor] : kept.tensors)
    if (!now.tensors.contains(key)) return key + " is kept and no case of it is there";
  for (const auto& [key, value] : now.metadata)
    if (kept.metadata.at(key) != value) return "'" + key + "' of the metadata differs";
  return "";
}

int record(const Arguments& a) {
  Recorder recorder(a.quiet);
  int status = 0;
  for (const Op& op : ops()) {
    if (!a.ops.empty() && std::find(a.ops.begin(), a.ops.end(), op.name) == a.ops.end()) continue;
    if (a.check) {
      const std::string difference = check(recorder, op.name);
      fmt::print("{}: {}\n", op.name, difference.empty() ? "the same bits" : difference);
      if (!difference.empty()) status = 2;
      continue;
    }
    const auto answers = recorder.record(op.name);
    write_golden(golden_folder(), op.name, answers);
    const auto bytes = fs::file_size(golden_folder() + "/" + op.name + "/answers.safetensors");
    fmt::print("{}: {} cases, {} KiB\n", op.name, answers.size(), bytes / 1024);
  }
  return status;
}

}  // namespace

void add_record_command(CLI::App& app, const Chosen& chosen) {
  auto a = std::make_shared<Arguments>();
  CLI::App* record_app =
      app.add_subcommand("record", "Ask LibTorch about the project's cases and keep its answers");
  record_app->add_option("--op", a->ops, "this op alone (may be repeated)");
  record_app->add_flag("--check", a->check, "change nothing: say whether the same bits come out");
  record_app->add_flag("--quiet", a->quiet, "no progress");
  record_app->footer(
      "Exit: 0 good, 1 LibTorch is missing or answers otherwise, 2 --check: other "
      "bits, 64 usage.\nExample: plumbline record --op linear");
  record_app->callback([a, chosen] {
    chosen([a](const std::string&) {
      for (const std::string& op : a->ops) find_op(op);
      return record(*a);
    });
  });
}

}  // namespace plumb::golden
