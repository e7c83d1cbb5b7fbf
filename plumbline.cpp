// plumbline.cpp - the command line: one line a subcommand; each folder brings its own.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>

#include "bench/ops/command.h"
#include "golden/audit/command.h"
#include "golden/verify/command.h"
#include "impl/core/cuda_error.h"
#include "reports/command.h"
#include "vgpu/command/command.h"
#include "vgpu/machine/machine.h"
#include "vgpu/runtime/device.h"

namespace {

constexpr int kUsage = 64;

/// "vgpu:0", "vgpu:0:PROFILE" or "cuda:N". Throws plumb::UsageError.
void choose_device(const std::string& name, int threads) {
  vgpu::runtime::DeviceChoice choice;
  if (name.rfind("cuda:", 0) == 0)
    choice.is_virtual = false;
  else if (name.rfind("vgpu:0:", 0) == 0)
    choice.profile = name.substr(7);
  else if (name != "vgpu:0")
    throw plumb::UsageError("--device '" + name + "'; allowed: vgpu:0, vgpu:0:PROFILE, cuda:N");
  vgpu::runtime::choose_device(choice);
  vgpu::settings().threads = threads;
  if (choice.is_virtual) return;
  int count = 0;
  const cudaError_t code = cudaGetDeviceCount(&count);
  if (code != cudaSuccess)
    throw plumb::UsageError("--device " + name + ": " + cudaGetErrorString(code));
  PLUMB_CUDA(cudaSetDevice(std::stoi(name.substr(5))));
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app(
      "Plumbline: shows whether a CUDA training stack is true.\nExample: plumbline train --config "
      "configs/fashion_mlp.yaml --audit");
  app.set_version_flag("--version", "plumbline " PLUMBLINE_VERSION);
  app.name("plumbline");
  app.require_subcommand(1);
  std::string device = "vgpu:0";
  int threads = 0;
  app.add_option("--device", device,
                 "vgpu:0 (the virtual GPU), vgpu:0:PROFILE (t4, a100, h100, h200, b200) or cuda:N")
      ->capture_default_str();
  app.add_option("--threads", threads, "cores of the virtual GPU; 0: all")
      ->check(CLI::Range(0, 4095));
  app.fallthrough();
  int status = 0;
  const auto on_device = [&](const auto& run) {
    choose_device(device, threads);
    status = run(device);
  };
  plumb::audit::add_train_command(app, on_device);
  plumb::golden::add_verify_command(app, on_device);
  plumb::golden::add_record_command(app, on_device);
  plumb::bench::add_bench_command(app, on_device);
  plumb::report::add_report_command(app, [&](const auto& run) { status = run(); });
  const auto on_vgpu = [&](const auto& run) {
    if (threads > 0) vgpu::settings().threads = threads;
    status = run();
  };
  vgpu::command::add_exec_command(app, on_vgpu);
  vgpu::command::add_vgpu_command(app, on_vgpu);
  try {
    std::vector<std::string> words = vgpu::command::mark_program(argc, argv);
    std::reverse(words.begin(), words.end());  // as CLI11 takes them
    app.parse(std::move(words));
    return status;
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : kUsage;
  } catch (const plumb::UsageError& error) {
    std::fprintf(stderr, "plumbline: %s\n", error.what());
    return kUsage;
  } catch (const std::invalid_argument& error) {
    std::fprintf(stderr, "plumbline: %s\n", error.what());
    return kUsage;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "plumbline: %s\n", error.what());
    return 1;
  }
}
