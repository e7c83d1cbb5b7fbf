// info.cpp - `plumbline vgpu info`: the profiles, the host that emulates them, the cache.
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <llvm/ADT/StringMap.h>
#include <llvm/Config/llvm-config.h>
#include <llvm/TargetParser/Host.h>

#include <CLI/CLI.hpp>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <set>
#include <thread>

#include "vgpu/command/command.h"
#include "vgpu/machine/machine.h"

namespace vgpu::command {
namespace {

namespace fs = std::filesystem;
using nlohmann::ordered_json;

struct Cache {
  std::string folder;
  std::uint64_t objects = 0, bytes = 0;
};

Cache look_at_cache() {
  Cache out{settings().cache_folder, 0, 0};
  std::error_code error;
  for (fs::directory_iterator at(out.folder, error), end; !error && at != end;
       at.increment(error)) {
    std::error_code gone;  // another process may clear it
    const auto bytes = at->file_size(gone);
    if (gone || at->path().extension() != ".o") continue;
    ++out.objects;
    out.bytes += bytes;
  }
  return out;
}

/// The features that decide how translated code looks.
std::vector<std::string> vector_features(int& bits) {
  static const std::pair<const char*, int> known[] = {
      {"sse4.2", 128},   {"avx", 256},        {"avx2", 256},       {"fma", 0},
      {"f16c", 0},       {"avx512f", 512},    {"avx512bw", 512},   {"avx512vl", 512},
      {"avx512dq", 512}, {"avx512fp16", 512}, {"avx512bf16", 512}, {"neon", 128},
      {"sve", 128},      {"sve2", 128},       {"fullfp16", 0}};
  const llvm::StringMap<bool> host = llvm::sys::getHostCPUFeatures();
  std::vector<std::string> out;
  bits = 128;
  for (const auto& [name, width] : known) {
    if (!host.lookup(name)) continue;
    out.emplace_back(name);
    bits = std::max(bits, width);
  }
  return out;
}

ordered_json host_json() {
  int bits = 0;
  const auto features = vector_features(bits);
  const int set = settings().threads;
  const int cores = static_cast<int>(std::thread::hardware_concurrency());
  return {{"processor", llvm::sys::getHostCPUName().str()},
          {"cores", cores},
          {"threads", set > 0 ? set : cores},
          {"vector_bits", bits},
          {"features", features},
          {"llvm", LLVM_VERSION_STRING}};
}

ordered_json profile_json(const Profile& p) {
  return {{"id", p.id},
          {"name", p.name},
          {"compute_capability", fmt::format("{}.{}", p.major, p.minor)},
          {"sms", p.sm_count},
          {"memory_bytes", p.memory_bytes},
          {"shared_bytes_per_block", p.shared_per_block},
          {"shared_bytes_per_block_optin", p.shared_per_block_optin},
          {"shared_bytes_per_sm", p.shared_per_sm},
          {"registers_per_sm", p.registers_per_sm},
          {"threads_per_sm", p.max_threads_per_sm},
          {"blocks_per_sm", p.max_blocks_per_sm},
          {"l2_bytes", p.l2_bytes},
          {"clock_khz", p.clock_khz},
          {"memory_clock_khz", p.memory_clock_khz},
          {"memory_bus_bits", p.memory_bus_bits}};
}

ordered_json collect() {
  const Cache cache = look_at_cache();
  ordered_json list = ordered_json::array();
  for (const Profile& p : profiles()) list.push_back(profile_json(p));
  return {{"schema", 1},
          {"host", host_json()},
          {"cache", {{"folder", cache.folder}, {"objects", cache.objects}, {"bytes", cache.bytes}}},
          {"profiles", list}};
}

std::string text_of(const ordered_json& value) {
  return value.is_string() ? value.get<std::string>() : value.dump();
}

/// A row a property, a column a profile.
void print_profiles(const ordered_json& list) {
  for (const auto& [name, unused] : list.front().items()) {
    fmt::print("{:<29}", name);
    for (const ordered_json& one : list) fmt::print(" {:>13}", text_of(one.at(name)));
    fmt::print("\n");
  }
}

void print(const ordered_json& all) {
  const ordered_json &host = all.at("host"), &cache = all.at("cache");
  fmt::print("processor  {}, {} cores, {} run blocks\n", text_of(host.at("processor")),
             text_of(host.at("cores")), text_of(host.at("threads")));
  fmt::print("vectors    {} bits ({})\n", text_of(host.at("vector_bits")),
             fmt::join(host.at("features").get<std::vector<std::string>>(), ", "));
  fmt::print("llvm       {}\n", text_of(host.at("llvm")));
  const std::string folder = text_of(cache.at("folder"));
  if (folder.empty())
    fmt::print("cache      off\n\n");
  else
    fmt::print("cache      {}: {} objects, {:.1f} MB\n\n", folder, text_of(cache.at("objects")),
               cache.at("bytes").get<double>() / 1e6);
  print_profiles(all.at("profiles"));
}

}  // namespace

void add_info_command(CLI::App& vgpu_app, const Chosen& chosen) {
  auto json = std::make_shared<bool>(false);
  CLI::App* info_app = vgpu_app.add_subcommand(
      "info", "The GPUs that there are, the processor that emulates them, the compiled kernels");
  info_app->add_flag("--json", *json, "print one JSON object");
  info_app->footer("Example: plumbline vgpu info --json");
  info_app->callback([json, chosen] {
    chosen([json] {
      const ordered_json all = collect();
      *json ? fmt::print("{}\n", all.dump(1)) : print(all);
      return 0;
    });
  });
}

}  // namespace vgpu::command
