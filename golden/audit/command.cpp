#include "golden/audit/command.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <csignal>
#include <memory>

#include "golden/audit/audit.h"
#include "impl/core/file.h"
#include "impl/core/progress_bar.h"

namespace plumb::audit {
namespace {

using nlohmann::json;

constexpr int kInterrupted = 130;
volatile std::sig_atomic_t interrupted = 0;

struct Arguments {
  std::string config, json_path, resume;
  std::vector<std::string> overrides;
  bool audit = false, quiet = false;
  AuditOptions options;
};

void write_json(const std::string& path, const json& result) {
  if (!path.empty()) write_whole(path, result.dump(1) + "\n");
}

int train_only(const train::Config& config, const Arguments& arguments, const std::string& device) {
  train::Trainer trainer(config);
  if (!arguments.resume.empty()) trainer.resume(arguments.resume);
  ProgressBar bar(arguments.quiet);
  json losses = json::array();
  const auto start = std::chrono::steady_clock::now();
  double images = 0;
  trainer.run([&](const train::Step& step) {
    images += static_cast<double>(step.images);
    losses.push_back(step.loss);
    bar.show(fmt::format("epoch {}", step.epoch + 1), step.batch, step.batches);
    if (!arguments.quiet && step.number % config.log_every == 0) {
      bar.clear();
      fmt::print(stderr, "epoch {} step {} loss {:.6f}\n", step.epoch + 1, step.number, step.loss);
    }
    return interrupted == 0;
  });
  const double seconds =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  const auto figures = trainer.evaluate(trainer.test_images());
  bar.clear();
  fmt::print("{}: {} steps, test accuracy {:.4f} ({} of {}), {:.0f} images/s\n", device,
             trainer.steps_done(), figures.accuracy(), figures.right, figures.images,
             seconds > 0 ? images / seconds : 0);
  write_json(arguments.json_path, {{"device", device},
                                   {"losses", losses},
                                   {"accuracy", figures.accuracy()},
                                   {"images_per_second", images / seconds},
                                   {"steps", trainer.steps_done()},
                                   {"config", train::to_yaml(config)},
                                   {"interrupted", interrupted != 0}});
  return interrupted ? kInterrupted : 0;
}

int train_beside_libtorch(const train::Config& config, const Arguments& arguments,
                          const std::string& device) {
  client::Client libtorch(client::find_program());
  ProgressBar bar(arguments.quiet);
  json result = run(config, arguments.options, libtorch,
                    [&](const std::string& stage, std::int64_t done, std::int64_t of) {
                      bar.show(stage, done, of);
                      return interrupted == 0;
                    });
  bar.clear();
  result["device"] = device;
  fmt::print("{:<62} {:<10} {:>11} {:>11}\n", "check on " + device, "outcome", "figure", "limit");
  for (const auto& row : result["verdicts"])
    fmt::print("{:<62} {:<10} {:>11.4g} {:>11.4g}  {}\n", row["name"].get<std::string>(),
               row["outcome"].get<std::string>(), row["figure"].get<double>(),
               row["limit"].get<double>(), row["detail"].get<std::string>());
  if (result.contains("teacher_forced"))
    for (const auto& failure : result["teacher_forced"]["failures"])
      fmt::print("  {}\n", failure.get<std::string>());
  if (result.contains("accuracy"))
    fmt::print("test accuracy {:.4f}, LibTorch {:.4f} ({} images); {:.0f} images/s on {}\n",
               result["accuracy"]["ours"].get<double>(),
               result["accuracy"]["libtorch"].get<double>(),
               result["accuracy"]["images"].get<std::int64_t>(),
               result["images_per_second"].get<double>(), device);
  const int code = exit_code(result);
  result["exit_code"] = interrupted ? kInterrupted : code;
  write_json(arguments.json_path, result);
  return interrupted ? kInterrupted : code;
}

int train_command(const Arguments& arguments, const std::string& device) {
  const train::Config config = train::load_config(arguments.config, arguments.overrides);
  std::signal(SIGINT, [](int) { interrupted = 1; });
  return arguments.audit ? train_beside_libtorch(config, arguments, device)
                         : train_only(config, arguments, device);
}

}  // namespace

void add_train_command(CLI::App& app, const Chosen& chosen) {
  auto arguments = std::make_shared<Arguments>();
  CLI::App* train =
      app.add_subcommand("train", "Train a network; with --audit beside LibTorch, step by step");
  train->add_option("--config", arguments->config, "YAML file of the run")->required();
  train->add_flag("--audit", arguments->audit, "judge every step against LibTorch");
  train->add_option("--audit-steps", arguments->options.steps, "teacher-forced steps; 0: all")
      ->check(CLI::NonNegativeNumber);
  train
      ->add_option("--audit-seeds", arguments->options.seeds,
                   "LibTorch runs that give the spread of the final loss")
      ->check(CLI::Range(1, 1000))
      ->capture_default_str();
  train->add_option("--json", arguments->json_path, "write the result there");
  train->add_option("--resume", arguments->resume, "go on from a checkpoint");
  train->add_flag("--quiet", arguments->quiet, "no progress, no log");
  train->add_option("overrides", arguments->overrides, "KEY VALUE pairs over the file's");
  train->footer(
      "Keys:\n" + plumb::train::describe_keys() +
      "Exit: 0 good, 2 wrong answer, 3 inconclusive, 4 nothing checked, 64 usage, 130 "
      "interrupted.\n"
      "Example: plumbline train --config configs/fashion_mlp.yaml --audit train.epochs 1");
  train->callback([arguments, chosen] {
    chosen([arguments](const std::string& device) { return train_command(*arguments, device); });
  });
}

}  // namespace plumb::audit
