// first_launch.cpp - what the first launch of a kernel costs a new process: translated and
// compiled, or loaded from the cache on disk.
#include <fmt/format.h>
#include <spawn.h>
#include <sys/wait.h>

#include <chrono>
#include <cstdlib>
#include <cstring>

#include "bench/common/scratch_folder.h"
#include "bench/vgpu/kernels.h"
#include "bench/vgpu/rows.h"
#include "impl/core/cuda_error.h"
#include "impl/core/file.h"
#include "impl/ops/linear.h"
#include "vgpu/machine/machine.h"

extern char** environ;

namespace plumb::bench {
namespace {

constexpr int kEdge = 64;
constexpr const char* kCacheVariable = "PLUMBLINE_VGPU_CACHE";

/// Starts this program again with that cache folder and returns what it answers. Throws
/// std::runtime_error when it does not end well; it has said why on stderr.
nlohmann::json ask_child(const std::string& kernel, const std::string& cache) {
  const ScratchFolder folder;
  const std::string answer = folder.file("answer.json");
  std::string words[] = {"plumb.bench.vgpu", "--first-launch", kernel, "--json", answer};
  char* argv[] = {words[0].data(), words[1].data(), words[2].data(),
                  words[3].data(), words[4].data(), nullptr};
  setenv(kCacheVariable, cache.c_str(), 1);  // our own setting was read long ago
  pid_t child = 0;
  int status = 0;
  const int code = posix_spawn(&child, "/proc/self/exe", nullptr, nullptr, argv, environ);
  if (code != 0) throw std::runtime_error(fmt::format("first launch: {}", std::strerror(code)));
  if (waitpid(child, &status, 0) != child || status != 0)
    throw std::runtime_error(fmt::format("first launch of {}: the child ended with {}", kernel,
                                         WIFEXITED(status) ? WEXITSTATUS(status) : -status));
  return nlohmann::json::parse(read_whole(answer));
}

void run(benchmark::State& state, Row& row, const std::string& kernel, bool cached) {
  const ScratchFolder kept;
  if (cached) ask_child(kernel, kept.file("cache"));
  std::vector<double> translate, compile, load;
  const auto launch = [&] {
    const ScratchFolder fresh;
    const nlohmann::json answer = ask_child(kernel, (cached ? kept : fresh).file("cache"));
    if (answer.at("from_cache").get<int>() != (cached ? 1 : 0))
      throw WrongResult(row.id + ": the cache was " + (cached ? "not used" : "not empty"));
    translate.push_back(answer.at("translate_seconds"));
    compile.push_back(answer.at("compile_seconds"));
    load.push_back(answer.at("load_seconds"));
    return answer.at("seconds").get<double>();
  };
  measure_once_a_round(state, row, launch, [](double seconds) { return 1e3 * seconds; });
  row.bound = fmt::format("translate {:.1f}, compile {:.1f}, load {:.1f} ms",
                          1e3 * spread_of(translate).median, 1e3 * spread_of(compile).median,
                          1e3 * spread_of(load).median);
}

}  // namespace

void answer_first_launch(const std::string& kernel, const std::string& path) {
  if (kernel != "linear" && kernel != "tile16")
    throw std::invalid_argument("--first-launch: '" + kernel + "'; allowed: linear, tile16");
  const std::vector<float> ones(kEdge * kEdge, 1);
  const Tensor a = Tensor::from_host(ones, {kEdge, kEdge});
  Tensor c = Tensor::from_host(ones, {kEdge, kEdge});
  PLUMB_CUDA(cudaDeviceSynchronize());
  using Clock = std::chrono::steady_clock;
  const auto start = Clock::now();
  if (kernel == "linear")
    c = linear_forward(a, a, nullptr);
  else
    multiply_tile16(a.data_as<float>(), a.data_as<float>(), c.data_as<float>(), kEdge);
  PLUMB_CUDA(cudaDeviceSynchronize());
  const double seconds = std::chrono::duration<double>(Clock::now() - start).count();
  for (const float element : c.to_host<float>())
    if (element != kEdge)
      throw WrongResult(fmt::format("first launch of {}: {}, want {}", kernel, element, kEdge));
  const vgpu::CompileStatistics cost = vgpu::compile_statistics();
  const nlohmann::json answer = {{"seconds", seconds},
                                 {"compiled", cost.compiled},
                                 {"from_cache", cost.from_cache},
                                 {"translate_seconds", cost.translate_seconds},
                                 {"compile_seconds", cost.compile_seconds},
                                 {"load_seconds", cost.load_seconds}};
  write_whole(path, answer.dump());
}

void add_first_launch_rows(Rows& rows) {
  for (const std::string kernel : {"linear", "tile16"})
    for (const bool cached : {false, true}) {
      Row row;
      row.id = "first_launch/" + kernel + (cached ? "/cached" : "/cold");
      row.unit = "ms";
      row.goal = cached ? Goal{10, 10} : Goal{250, 250};
      rows.add(row, [kernel, cached](benchmark::State& state, Row& measured) {
        run(state, measured, kernel, cached);
      });
    }
}

}  // namespace plumb::bench
