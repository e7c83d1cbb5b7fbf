// run.cpp - `plumbline vgpu run`: one kernel of a PTX file, its arguments from the command line.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstring>
#include <fstream>
#include <iostream>
#include <iterator>
#include <memory>
#include <nlohmann/json.hpp>

#include "impl/core/error.h"
#include "impl/core/file.h"
#include "impl/core/nearest.h"
#include "vgpu/command/command.h"
#include "vgpu/command/device_buffer.h"
#include "vgpu/command/kernel_argument.h"
#include "vgpu/machine/machine.h"
#include "vgpu/observe/counters_json.h"
#include "vgpu/observe/report_json.h"

namespace vgpu::command {
namespace {

using nlohmann::ordered_json;
using plumb::UsageError;

constexpr int kFailed = 1;

struct Arguments {
  std::string file, kernel, grid, block, gpu = "h100", order, timeout;
  std::vector<std::string> arguments;
  std::size_t shared = 0;
  int threads = -1, repeat = 1;
  std::uint64_t noise = 0;
  bool with_noise = false, cooperative = false, json = false, counters = false;
};

Dim3 dimensions(const std::string& option, const std::string& text) {
  std::uint32_t values[3] = {1, 1, 1};
  const char *at = text.data(), *end = at + text.size();
  for (int i = 0; i < 3; ++i) {
    const auto [rest, error] = std::from_chars(at, end, values[i]);
    if (error != std::errc() || (rest != end && (*rest != ',' || rest + 1 == end || i == 2)))
      throw UsageError(option + " '" + text + "'; need one to three numbers, as 4 or 4,2,1");
    if (rest == end) break;
    at = rest + 1;
  }
  return {values[0], values[1], values[2]};
}

std::string read_ptx(const std::string& path) {
  if (path != "-") return plumb::read_whole(path);
  return {std::istreambuf_iterator<char>(std::cin), std::istreambuf_iterator<char>()};
}

/// A mistake in the text or the launch is the caller's; the rest is the kernel's.
bool is_usage(Fault::Kind kind) {
  return kind == Fault::Kind::invalid_ptx || kind == Fault::Kind::unsupported_instruction ||
         kind == Fault::Kind::invalid_configuration || kind == Fault::Kind::out_of_resources;
}

const char* error_name(Fault::Kind kind) {
  switch (kind) {
    case Fault::Kind::invalid_ptx:
      return "cudaErrorInvalidPtx";
    case Fault::Kind::unsupported_instruction:
      return "cudaErrorNotSupported";
    case Fault::Kind::invalid_configuration:
      return "cudaErrorInvalidConfiguration";
    case Fault::Kind::out_of_resources:
      return "cudaErrorLaunchOutOfResources";
    case Fault::Kind::illegal_address:
      return "cudaErrorIllegalAddress";
    case Fault::Kind::misaligned_address:
      return "cudaErrorMisalignedAddress";
    case Fault::Kind::trap:
      return "cudaErrorLaunchFailure";
    case Fault::Kind::device_assert:
      return "cudaErrorAssert";
    case Fault::Kind::deadlock:
    case Fault::Kind::timeout:
      return "cudaErrorLaunchTimeout";
    default:
      return "cudaErrorUnknown";
  }
}

Kernel& find_kernel(LoadedModule& module, const std::string& name) {
  if (Kernel* kernel = module.kernel(name)) return *kernel;
  std::vector<std::string> names;
  for (const ptx::Function& f : module.ptx().functions)
    if (f.is_entry && f.has_body) names.push_back(f.name);
  if (names.empty()) throw UsageError(module.ptx().name + " has no kernel (.entry)");
  throw UsageError(fmt::format("{} has no kernel '{}'; nearest: '{}' of {} kernel{}",
                               module.ptx().name, name, plumb::nearest(name, names), names.size(),
                               names.size() == 1 ? "" : "s"));
}

std::string signature(const Kernel& kernel, const LoadedModule& module) {
  const ptx::Function* function = module.ptx().find_function(kernel_info(kernel).name);
  std::vector<std::string> types;
  for (const ptx::Variable& p : function->parameters)
    types.push_back(p.is_array ? fmt::format("{} bytes", p.bytes())
                               : std::string(ptx::name_of(p.type)));
  return fmt::format("{}({})", function->name, fmt::join(types, ", "));
}

/// The kernel's .param space; buffers stand in it as their addresses.
std::vector<std::uint8_t> gather(const Kernel& kernel, const std::string& head,
                                 const std::vector<KernelArgument>& arguments,
                                 const std::vector<std::unique_ptr<DeviceBuffer>>& buffers) {
  const KernelInfo& info = kernel_info(kernel);
  if (arguments.size() != info.parameters.size())
    throw UsageError(fmt::format("{} argument{} given, {} needs {}", arguments.size(),
                                 arguments.size() == 1 ? "" : "s", head, info.parameters.size()));
  std::vector<std::uint8_t> out(info.parameter_bytes + 64);
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const ParameterLayout& place = info.parameters[i];
    const KernelArgument& given = arguments[i];
    const std::size_t bytes = given.is_buffer ? sizeof(void*) : given.bytes.size();
    if (bytes != place.bytes)
      throw UsageError(fmt::format("argument '{}' has {} bytes{}, parameter {} of {} has {}",
                                   given.text, bytes, given.is_buffer ? " (an address)" : "", i + 1,
                                   head, place.bytes));
    const void* address = given.is_buffer ? buffers[i]->data() : nullptr;
    std::memcpy(&out[place.offset],
                given.is_buffer ? static_cast<const void*>(&address) : given.bytes.data(), bytes);
  }
  return out;
}

/// Of this machine, without swapping.
std::uint64_t available_bytes() {
  std::ifstream file("/proc/meminfo");
  for (std::string word; file >> word;)
    if (std::uint64_t kibibytes = 0; word == "MemAvailable:" && file >> kibibytes)
      return kibibytes * 1024;
  return ~std::uint64_t{0};
}

/// Buffers for the arguments, which get their contents: they are there twice.
std::vector<std::unique_ptr<DeviceBuffer>> allocate(std::vector<KernelArgument>& arguments,
                                                    const Profile& device) {
  std::vector<std::unique_ptr<DeviceBuffer>> out(arguments.size());
  std::uint64_t total = 0;
  const std::uint64_t here = available_bytes() / 2;
  for (KernelArgument& argument : arguments) {
    if (!argument.is_buffer) continue;
    total += buffer_bytes(argument);
    if (total > device.memory_bytes || total > here)
      throw plumb::DeviceMemoryError(fmt::format(
          "argument '{}': cudaErrorMemoryAllocation: {} bytes of buffers, {} has {}", argument.text,
          total, total > device.memory_bytes ? device.name : "this machine",
          total > device.memory_bytes ? device.memory_bytes : here));
  }
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    if (!arguments[i].is_buffer) continue;
    fill(arguments[i]);
    out[i] = std::make_unique<DeviceBuffer>(
        arguments[i].bytes.size(), fmt::format("argument {} ({}[{}])", i + 1,
                                               name_of(arguments[i].element), arguments[i].count));
  }
  return out;
}

struct Timed {
  std::vector<double> seconds;
  CompileStatistics compiled;
};

/// Each repetition begins with the buffers' first contents.
Timed run_kernel(const Launch& what, const Profile& device, int repeat,
                 const std::vector<KernelArgument>& arguments,
                 const std::vector<std::unique_ptr<DeviceBuffer>>& buffers) {
  using Clock = std::chrono::steady_clock;
  Timed out;
  for (int i = 0; i < repeat; ++i) {
    for (std::size_t k = 0; k < arguments.size(); ++k)
      if (buffers[k]) buffers[k]->fill(arguments[k].bytes);
    const double before = compile_statistics().compile_seconds +
                          compile_statistics().translate_seconds +
                          compile_statistics().load_seconds;
    const auto start = Clock::now();
    launch(what, device);
    const double all = std::chrono::duration<double>(Clock::now() - start).count();
    out.compiled = compile_statistics();
    const double made = out.compiled.compile_seconds + out.compiled.translate_seconds +
                        out.compiled.load_seconds - before;
    out.seconds.push_back(std::max(0.0, all - made));
    for (std::size_t k = 0; k < arguments.size(); ++k)
      if (buffers[k] && !buffers[k]->fences_stand())
        throw Fault(Fault::Kind::illegal_address,
                    fmt::format("kernel {} wrote beside the buffer of argument '{}'",
                                kernel_info(*what.kernel).name, arguments[k].text));
  }
  return out;
}

ordered_json values_of(const KernelArgument& argument, const DeviceBuffer& buffer) {
  ordered_json out = ordered_json::array();
  const std::size_t step = bytes_of(argument.element);
  for (std::uint64_t i = 0; i < argument.count; ++i) {
    const std::string text = text_of(argument.element, buffer.data() + i * step);
    // JSON has no infinities and no NaN: they are strings.
    out.push_back(ordered_json::accept(text) ? ordered_json::parse(text) : ordered_json(text));
  }
  return out;
}

void print_buffer(std::size_t index, const KernelArgument& argument, const DeviceBuffer& buffer) {
  fmt::print("argument {}, {}[{}]:", index + 1, name_of(argument.element), argument.count);
  const std::size_t step = bytes_of(argument.element);
  for (std::uint64_t i = 0; i < argument.count; ++i)
    fmt::print(" {}", text_of(argument.element, buffer.data() + i * step));
  fmt::print("\n");
}

ordered_json json_of(const Arguments& a, const Launch& what, const Profile& device,
                     const Timed& timed) {
  const KernelInfo& info = kernel_info(*what.kernel);
  const auto triple = [](const Dim3& d) { return ordered_json{d.x, d.y, d.z}; };
  const auto noise = settings().approx_noise_seed;
  return {{"schema", 1},
          {"file", a.file},
          {"kernel", info.name},
          {"device", "vgpu:0:" + device.id},
          {"emulated", true},
          {"grid", triple(what.grid)},
          {"block", triple(what.block)},
          {"dynamic_shared_bytes", what.dynamic_shared_bytes},
          {"static_shared_bytes", info.static_shared_bytes},
          {"local_bytes", info.local_bytes},
          {"cooperative", what.cooperative},
          {"threads", settings().threads},
          {"order", a.order.empty() ? "forward" : a.order},
          {"approx_noise_seed", noise ? ordered_json(*noise) : ordered_json(nullptr)},
          {"seconds", timed.seconds},
          {"compile",
           {{"compiled", timed.compiled.compiled},
            {"from_cache", timed.compiled.from_cache},
            {"translate_seconds", timed.compiled.translate_seconds},
            {"compile_seconds", timed.compiled.compile_seconds},
            {"load_seconds", timed.compiled.load_seconds}}}};
}

void give_results(const Arguments& a, const Launch& what, const Profile& device, const Timed& timed,
                  const std::vector<KernelArgument>& arguments,
                  const std::vector<std::unique_ptr<DeviceBuffer>>& buffers) {
  ordered_json printed = ordered_json::object();
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const KernelArgument& given = arguments[i];
    if (given.out.empty()) continue;
    if (given.out != "print") {
      plumb::write_whole(given.out,
                         {reinterpret_cast<const char*>(buffers[i]->data()), given.bytes.size()});
    } else if (a.json) {
      printed[std::to_string(i + 1)] = values_of(given, *buffers[i]);
    } else {
      print_buffer(i, given, *buffers[i]);
    }
  }
  if (a.json) {
    ordered_json all = json_of(a, what, device, timed);
    all["printed"] = printed;
    if (a.counters) all["counters"] = observe::to_json(observe::counted_kernels().front());
    if (settings().checks.finds())
      all["check"] = to_json(observe::Log::get().reports(), name_of(settings().checks));
    fmt::print("{}\n", all.dump(1));
    return;
  }
  if (a.counters) fmt::print("{}", text_of(observe::counted_kernels().front()));
  std::vector<double> sorted = timed.seconds;
  std::sort(sorted.begin(), sorted.end());
  fmt::print(stderr, "{}: {} block{} of {} threads on {} (emulated): {:.4g} ms{}\n",
             kernel_info(*what.kernel).name, what.grid.count(), what.grid.count() == 1 ? "" : "s",
             what.block.count(), device.name, 1e3 * sorted[sorted.size() / 2],
             sorted.size() > 1 ? fmt::format(", the median of {}", sorted.size()) : "");
}

void apply_settings(const Arguments& a) {
  if (a.threads >= 0) settings().threads = a.threads;
  if (!a.order.empty()) set_order(settings(), "--order", a.order);
  if (!a.timeout.empty()) settings().timeout_seconds = timeout_from("--timeout", a.timeout);
  if (a.with_noise) settings().approx_noise_seed = a.noise;
  settings().checks.counters = a.counters;
}

void run_file(const Arguments& a) {
  apply_settings(a);
  const Profile& device = profile(a.gpu);
  Launch what;
  what.grid = dimensions("--grid", a.grid);
  what.block = dimensions("--block", a.block);
  std::vector<KernelArgument> arguments;
  for (const std::string& text : a.arguments) arguments.push_back(read_argument(text));
  const auto module =
      LoadedModule::load(ptx::parse(read_ptx(a.file), a.file == "-" ? "stdin" : a.file));
  const int capability = 10 * device.major + device.minor;
  if (module->ptx().architecture > capability)
    throw UsageError(fmt::format("{} is for {}, {} runs up to sm_{}: --gpu b200?",
                                 module->ptx().name, module->ptx().target, device.name,
                                 capability));
  Kernel& kernel = find_kernel(*module, a.kernel);
  const auto buffers = allocate(arguments, device);
  const auto parameters = gather(kernel, signature(kernel, *module), arguments, buffers);
  what.kernel = &kernel;
  what.dynamic_shared_bytes = a.shared;
  what.parameters = parameters.data();
  what.cooperative = a.cooperative;
  give_results(a, what, device, run_kernel(what, device, a.repeat, arguments, buffers), arguments,
               buffers);
}

int run(const Arguments& a) {
  const auto say = [](const std::string& text) {
    fmt::print(stderr, "plumbline vgpu run: {}\n", text);
  };
  try {
    run_file(a);
    return 0;
  } catch (const Fault& fault) {
    say(fmt::format("{}: {}", error_name(fault.kind), fault.what()));
    return is_usage(fault.kind) ? kUsage : kFailed;
  } catch (const ptx::Error& error) {
    say(error.what());
    return kUsage;
  } catch (const UsageError& error) {
    say(error.what());
    return kUsage;
  } catch (const plumb::Error& error) {
    say(error.what());
    return kFailed;
  }
}

void add_options(CLI::App& run_app, Arguments& a) {
  run_app.add_option("FILE", a.file, "PTX; - reads it from stdin")->required();
  run_app.add_option("KERNEL", a.kernel, "an .entry of it")->required();
  run_app.add_option("ARG", a.arguments, "one for each parameter, see below");
  run_app.add_option("--grid", a.grid, "blocks: X[,Y[,Z]]")->required();
  run_app.add_option("--block", a.block, "threads of a block: X[,Y[,Z]]")->required();
  run_app.add_option("--shared", a.shared, "bytes of dynamic shared memory");
  run_app.add_option("--gpu", a.gpu, "t4, a100, h100, h200, b200")->capture_default_str();
  run_app.add_option("--threads", a.threads, "cores that run blocks; 0: all")
      ->check(CLI::Range(0, 4095));
  run_app.add_option("--order", a.order,
                     "of the blocks: forward, reverse (of their warps too), random:SEED");
  run_app.add_option("--approx-noise", a.noise,
                     "seed: move results of approximate instructions within their documented "
                     "bounds");
  run_app.add_flag("--cooperative", a.cooperative, "all blocks are resident (grid.sync)");
  run_app.add_option("--timeout", a.timeout, "seconds that the kernel may run");
  run_app.add_option("--repeat", a.repeat, "run it so often, each time on the same inputs")
      ->check(CLI::Range(1, 1000000));
  run_app.add_flag("--counters", a.counters,
                   "count instructions, memory, divergence, contention (of all repetitions)");
  run_app.add_flag("--json", a.json, "print one JSON object");
}

}  // namespace

void add_run_command(CLI::App& vgpu_app, const Chosen& chosen) {
  auto a = std::make_shared<Arguments>();
  CLI::App* run_app = vgpu_app.add_subcommand("run", "Run a kernel out of a PTX file");
  add_options(*run_app, *a);
  run_app->footer(
      "ARG: u32:500, f32:0.1, i16:-3 ... (u8 to u64, i8 to i64, f16, bf16, f32, f64): a scalar\n"
      "     f32[500]:FILL[=OUT]: a buffer and its address; FILL: iota (0, 1, 2 ...), zero, one, "
      "random:SEED (floats in\n     [-1, 1), integers of any bits), @FILE (as it lies in memory; "
      "f32[] takes its size); OUT: print, or a file\n     bytes:00ff or bytes:@FILE: a parameter "
      "by value\nTimes are the emulator's, without compiling, and never a GPU's.\nExit: 0 it ran, "
      "1 the kernel failed (CUDA's name of the error), 64 usage, PTX, limits of a launch.\n"
      "Example: plumbline vgpu run scale.ptx scale --grid 2 --block 256 f32:2 "
      "'f32[500]:iota=print' u32:500");
  run_app->callback([a, run_app, chosen] {
    a->with_noise = run_app->count("--approx-noise") > 0;
    chosen([a] { return run(*a); });
  });
}

}  // namespace vgpu::command
