// exec.cpp - `plumbline exec`: another program's CUDA calls go to the virtual GPU.
//
// The preloaded library comes first in the loader's order, and a folder of links under the names of
// the CUDA runtime stands for it where no runtime is installed.
#include <fcntl.h>
#include <fmt/format.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <memory>
#include <sstream>

#include "impl/core/error.h"
#include "vgpu/command/command.h"
#include "vgpu/command/elf_program.h"
#include "vgpu/machine/machine.h"

namespace vgpu::command {
namespace {

namespace fs = std::filesystem;

constexpr int kCannotStart = 126;

struct Arguments {
  std::string gpu, order, timeout, noise, checks;
  std::string report;
  bool counters = false;
  int devices = 0, threads = -1;
  std::vector<std::string> command;
};

struct Library {
  std::string path;   // libvgpu_cudart.so
  std::string links;  // the folder of libcudart.so.13 ...; "" when there is none
};

Library find_library() {
  const char* name = "libvgpu_cudart.so";
  const fs::path here = fs::read_symlink("/proc/self/exe").parent_path();
  for (const fs::path& folder :
       {here / "../vgpu/runtime", here, here / "../lib/plumbline", here / "../lib"}) {
    std::error_code error;
    const fs::path path = fs::canonical(folder / name, error);
    if (error) continue;
    const fs::path links = path.parent_path() / "cudart";
    return {path.string(), fs::is_directory(links, error) ? links.string() : ""};
  }
  throw plumb::Error(fmt::format(
      "cannot find {}: looked beside {}, in ../vgpu/runtime and in ../lib", name, here.string()));
}

void prepend(const char* variable, const std::string& value) {
  const char* old = std::getenv(variable);
  setenv(variable, (old && *old ? value + ":" + old : value).c_str(), 1);
}

void set_environment(const Arguments& a, const Library& library) {
  prepend("LD_PRELOAD", library.path);
  if (!library.links.empty()) prepend("LD_LIBRARY_PATH", library.links);
  const auto set = [](const char* name, const std::string& value) {
    if (!value.empty()) setenv(name, value.c_str(), 1);
  };
  set("PLUMBLINE_DEVICE", a.gpu.empty() ? "" : "vgpu:0:" + a.gpu);
  set("PLUMBLINE_VGPU_DEVICES", a.devices > 0 ? std::to_string(a.devices) : "");
  const int threads = a.threads >= 0 ? a.threads : settings().threads;
  set("PLUMBLINE_VGPU_THREADS", a.threads >= 0 || threads > 0 ? std::to_string(threads) : "");
  set("PLUMBLINE_VGPU_ORDER", a.order);
  set("PLUMBLINE_VGPU_TIMEOUT", a.timeout);
  set("PLUMBLINE_VGPU_APPROX_NOISE", a.noise);
  set("PLUMBLINE_VGPU_COUNTERS", a.counters ? "on" : "");
  set("PLUMBLINE_VGPU_REPORT", a.report);
  set("PLUMBLINE_VGPU_CHECK", a.checks.empty() && settings().checks.finds()
                                  ? observe::name_of(settings().checks)
                                  : a.checks);
}

/// What the loader says it would load, without running anything of the program.
std::string loader_list(const Program& program) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return {};
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
  posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
  const char* words[] = {program.interpreter.c_str(), program.path.c_str(), nullptr};
  // Not --list, which stops at the first library that is not there.
  std::vector<char*> variables{const_cast<char*>("LD_TRACE_LOADED_OBJECTS=1")};
  for (char** variable = environ; *variable; ++variable) variables.push_back(*variable);
  variables.push_back(nullptr);
  pid_t child = 0;
  const int failed = posix_spawn(&child, words[0], &actions, nullptr,
                                 const_cast<char* const*>(words), variables.data());
  posix_spawn_file_actions_destroy(&actions);
  close(ends[1]);
  std::string out;
  std::array<char, 4096> part{};
  for (ssize_t n = 0; (n = read(ends[0], part.data(), part.size())) > 0;)
    out.append(part.data(), static_cast<std::size_t>(n));
  close(ends[0]);
  if (!failed) waitpid(child, nullptr, 0);
  return out;
}

std::vector<std::string> missing_libraries(const Program& program) {
  std::vector<std::string> out;
  std::istringstream lines(loader_list(program));
  for (std::string line; std::getline(lines, line);) {
    const auto arrow = line.find(" => not found"), name = line.find_first_not_of(" \t");
    if (arrow != std::string::npos) out.push_back(line.substr(name, arrow - name));
  }
  return out;
}

bool starts_with_any(const std::string& name, std::initializer_list<const char*> beginnings) {
  return std::any_of(beginnings.begin(), beginnings.end(),
                     [&](const char* start) { return name.starts_with(start); });
}

/// What may go wrong later, on stderr: the program itself decides whether it can do without.
void give_hints(const Program& program) {
  const std::vector<std::string> missing = missing_libraries(program);
  const auto hint = [&](const std::string& text) {
    fmt::print(stderr, "plumbline exec: hint: {} {}\n", program.path, text);
  };
  for (const std::string& name : missing)
    hint(name.starts_with("libcuda.so")
             ? fmt::format("needs {}, NVIDIA's driver, which is not here; the virtual GPU serves "
                           "the runtime API alone",
                           name)
             : fmt::format("needs {}, which the loader does not find (LD_LIBRARY_PATH)", name));
  for (const std::string& name : program.needed) {
    if (std::find(missing.begin(), missing.end(), name) != missing.end()) continue;
    if (name.starts_with("libcuda.so"))
      hint(fmt::format("calls the driver API ({}), which needs a GPU", name));
    else if (starts_with_any(name, {"libcublas", "libcudnn", "libcufft", "libcurand", "libcusparse",
                                    "libcusolver", "libnccl", "libnpp", "libnvjpeg"}))
      hint(fmt::format("uses {}, whose kernels are machine code and need a GPU", name));
  }
}

int start(const Arguments& a) {
  const Program program = read_program(find_program(a.command.front()));
  set_environment(a, find_library());
  if (!program.is_script) give_hints(program);
  std::vector<char*> words;
  for (const std::string& word : a.command) words.push_back(const_cast<char*>(word.c_str()));
  words.push_back(nullptr);
  std::fflush(nullptr);
  execv(program.path.c_str(), words.data());
  fmt::print(stderr, "plumbline exec: cannot start {}: {}\n", program.path, std::strerror(errno));
  return kCannotStart;
}

void check(const Arguments& a) {
  Settings scratch;
  if (!a.order.empty()) set_order(scratch, "--order", a.order);
  if (!a.timeout.empty()) timeout_from("--timeout", a.timeout);
  if (!a.gpu.empty()) profile(a.gpu);
  if (!a.checks.empty()) observe::set_checks(scratch.checks, "--check", a.checks);
}

}  // namespace

std::vector<std::string> mark_program(int argc, char** argv) {
  std::vector<std::string> words(argv + 1, argv + argc);
  const auto is_option = [](const std::string& word) { return word.starts_with("-"); };
  // Each option of plumbline and of exec has a value, but for --counters and those that print and
  // end.
  const auto behind_options = [&](std::size_t at) {
    while (at < words.size() && is_option(words[at]) && words[at] != "--") {
      if (words[at] == "--help" || words[at] == "-h" || words[at] == "--version")
        return words.size();
      const bool has_value = words[at] != "--counters" && words[at].find('=') == std::string::npos;
      at += has_value ? 2 : 1;
    }
    return at;
  };
  const std::size_t name = behind_options(0);
  if (name >= words.size() || words[name] != "exec") return words;
  const std::size_t program = behind_options(name + 1);
  if (program < words.size() && words[program] != "--")
    words.insert(words.begin() + static_cast<std::ptrdiff_t>(program), "--");
  return words;
}

void add_exec_command(CLI::App& app, const Chosen& chosen) {
  auto a = std::make_shared<Arguments>();
  CLI::App* exec_app =
      app.add_subcommand("exec", "Run a CUDA program as it is, its GPU a virtual one");
  exec_app->fallthrough(false);
  exec_app->add_option("PROGRAM", a->command, "what to run, and its arguments")->required();
  exec_app->add_option("--gpu", a->gpu, "t4, a100, h100 (default), h200, b200");
  exec_app->add_option("--devices", a->devices, "how many such GPUs there are")
      ->check(CLI::Range(1, 64));
  exec_app->add_option("--threads", a->threads, "cores that run blocks; 0: all")
      ->check(CLI::Range(0, 4095));
  exec_app->add_option("--order", a->order,
                       "of the blocks: forward, reverse (of their warps too), random:SEED");
  exec_app->add_option("--timeout", a->timeout,
                       "seconds that a kernel may run, then cudaErrorLaunchTimeout");
  exec_app
      ->add_option("--approx-noise", a->noise,
                   "seed: move results of approximate instructions within their documented "
                   "bounds")
      ->check(CLI::NonNegativeNumber);
  exec_app->add_option(
      "--check", a->checks,
      "find out kernels: memory, init, race, sync, stream, all of these, leak, unused");
  exec_app->add_flag("--counters", a->counters,
                     "count each kernel's instructions, memory, divergence, contention");
  exec_app->add_option("--report", a->report, "write findings and counters there, as JSON");
  exec_app->footer(
      "The program is started in place of plumbline: signals, streams and the exit status are its "
      "own. It must be\nbuilt with the runtime as a library and with PTX inside:\n  nvcc -cudart "
      "shared -gencode arch=compute_80,code=compute_80 app.cu -o app\nNo CUDA need be installed "
      "to run it. The README of vgpu/ lists what the virtual GPU leaves out.\nExit: 64 usage, and "
      "a program that cannot run so, in one line; 126 the system refuses it; 2 a check found "
      "something; else the program's.\nExample: plumbline exec --gpu a100 --threads 2 -- ./app "
      "--size 100");
  exec_app->callback([a, chosen] {
    chosen([a] {
      check(*a);
      return start(*a);
    });
  });
}

}  // namespace vgpu::command
