// plumbline.cpp - the command line: one line a subcommand; each folder brings its own.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>

#include "bench/kernels/command.h"
#include "bench/ops/command.h"
#include "golden/audit/command.h"
#include "golden/streams/command.h"
#include "golden/verify/command.h"
#include "impl/core/cuda_error.h"
#include "reports/command.h"
#include "vgpu/command/command.h"
#include "vgpu/machine/machine.h"
#include "vgpu/observe/allowances.h"
#include "vgpu/observe/report.h"
#include "vgpu/runtime/device.h"

namespace {

constexpr int kUsage = 64, kFound = 2;

/// "vgpu:0", "vgpu:0:PROFILE" or "cuda:N". Throws plumb::UsageError.
void choose_device(const std::string& name, int threads, const std::string& checks) {
  vgpu::runtime::DeviceChoice choice;
  if (name.rfind("cuda:", 0) == 0)
    choice.is_virtual = false;
  else if (name.rfind("vgpu:0:", 0) == 0)
    choice.profile = name.substr(7);
  else if (name != "vgpu:0")
    throw plumb::UsageError("--device '" + name + "'; allowed: vgpu:0, vgpu:0:PROFILE, cuda:N");
  vgpu::runtime::choose_device(choice);
  vgpu::settings().threads = threads;
  if (!checks.empty()) vgpu::observe::set_checks(vgpu::settings().checks, "--check", checks);
  if (choice.is_virtual) return;
  if (vgpu::settings().checks.finds())
    throw plumb::UsageError("--check on " + name + "; allowed: on vgpu:0, which sees every access");
  int count = 0;
  const cudaError_t code = cudaGetDeviceCount(&count);
  if (code != cudaSuccess)
    throw plumb::UsageError("--device " + name + ": " + cudaGetErrorString(code));
  PLUMB_CUDA(cudaSetDevice(std::stoi(name.substr(5))));
}

/// What the checks found in this process, on stderr; the status that it deserves.
int with_findings(int status) {
  const auto& checks = vgpu::settings().checks;
  if (!checks.finds()) return status;
  for (const auto& report : vgpu::observe::Log::get().take_new())
    std::fprintf(stderr, "%s\n", text_of(report).c_str());
  for (const std::string& unused : vgpu::observe::Allowances::get().unused())
    std::fprintf(stderr, "%s\n", unused.c_str());
  const std::uint64_t found = vgpu::observe::Log::get().found();
  std::fprintf(stderr, "check %s: %llu found\n", name_of(checks).c_str(),
               static_cast<unsigned long long>(found));
  return found != 0 && status == 0 ? kFound : status;
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
  std::string checks;
  app.add_option("--check", checks,
                 "find out kernels on the virtual GPU: memory, init, race, sync, stream, all of "
                 "these, leak, unused; exit 2 "
                 "when something is found");
  app.fallthrough();
  int status = 0;
  const auto on_device = [&](const auto& run) {
    choose_device(device, threads, checks);
    status = with_findings(run(device));
  };
  plumb::audit::add_train_command(app, on_device);
  // Its workers' findings come with the cases.
  plumb::golden::add_verify_command(app, [&](const auto& run) {
    choose_device(device, threads, checks);
    status = run(device);
  });
  plumb::golden::add_record_command(app, on_device);
  plumb::bench::add_bench_command(app, on_device);
  plumb::bench::add_kernels_command(app, [&](const std::string& gpu, const auto& run) {
    choose_device("vgpu:0:" + gpu, threads, checks);
    status = with_findings(run());
  });
  const auto without_device = [&](const auto& run) { status = run(); };
  plumb::golden::add_streams_command(app, without_device);
  plumb::report::add_report_command(app, without_device);
  const auto on_vgpu = [&](const auto& run) {
    if (threads > 0) vgpu::settings().threads = threads;
    if (!checks.empty()) vgpu::observe::set_checks(vgpu::settings().checks, "--check", checks);
    status = with_findings(run());
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
