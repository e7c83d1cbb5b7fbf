#include "vgpu/observe/counters.h"

#include <algorithm>
#include <cstdio>
#include <mutex>
#include <numeric>

namespace vgpu::observe {
namespace {

constexpr std::uint64_t kSector = 32;

std::mutex mutex;
std::vector<CountedKernel>& kernels() {
  static auto* all = new std::vector<CountedKernel>;  // static objects' destructors may launch
  return *all;
}

template <class Array>
void add(Array& to, const Array& from) {
  for (std::size_t i = 0; i < to.size(); ++i) to[i] += from[i];
}

void add(Atomics& to, const Atomics& from) {
  to.requests += from.requests;
  to.lanes += from.lanes;
  to.addresses += from.addresses;
  to.most_at_one = std::max(to.most_at_one, from.most_at_one);
}

std::string formatted(const char* format, auto... values) {
  char text[256];
  std::snprintf(text, sizeof text, format, values...);
  return text;
}

using Count = unsigned long long;

std::string line_of(const char* name, const Traffic& t, const char* piece) {
  if (t.requests == 0) return "";
  return formatted(
      "  %-14s %12llu requests %14llu bytes %12llu %s, least %llu (%.2f)\n", name,
      Count{t.requests}, Count{t.bytes}, Count{t.pieces}, piece, Count{t.least},
      static_cast<double>(t.pieces) / static_cast<double>(std::max<Count>(1, t.least)));
}

std::string line_of(const char* name, const Atomics& a) {
  if (a.requests == 0) return "";
  return formatted("  %-14s %12llu requests %14llu lanes %12llu addresses, most at one %llu\n",
                   name, Count{a.requests}, Count{a.lanes}, Count{a.addresses},
                   Count{a.most_at_one});
}

}  // namespace

const char* name_of(InstructionClass c) {
  static constexpr const char* kNames[kInstructionClasses] = {
      "integer", "f32",    "f64",    "half",    "special",  "convert", "matrix", "move",
      "control", "memory", "atomic", "barrier", "exchange", "texture", "other"};
  return kNames[static_cast<std::size_t>(c)];
}

Traffic& Traffic::operator+=(const Traffic& other) {
  requests += other.requests;
  lanes += other.lanes;
  bytes += other.bytes;
  pieces += other.pieces;
  least += other.least;
  return *this;
}

std::uint64_t Counters::all_warp_instructions() const {
  return std::accumulate(warp_instructions.begin(), warp_instructions.end(), std::uint64_t{0});
}

std::uint64_t Counters::all_thread_instructions() const {
  return std::accumulate(thread_instructions.begin(), thread_instructions.end(), std::uint64_t{0});
}

double Counters::lanes_per_instruction() const {
  const std::uint64_t warps = all_warp_instructions();
  return warps == 0 ? 0
                    : static_cast<double>(all_thread_instructions()) / static_cast<double>(warps);
}

std::uint64_t Counters::global_bytes_moved() const {
  return kSector * (global_load.pieces + global_store.pieces + global_atomics.addresses);
}

std::uint64_t Counters::global_bytes_least() const {
  std::uint64_t out = 0;
  const auto whole = [](std::uint64_t bytes) { return (bytes + kSector - 1) / kSector * kSector; };
  for (const auto& [label, bytes] : buffers)
    out += whole(bytes.distinct_read) + whole(bytes.distinct_written);
  return out;
}

Counters& Counters::operator+=(const Counters& other) {
  launches += other.launches;
  blocks += other.blocks;
  threads += other.threads;
  add(warp_instructions, other.warp_instructions);
  add(thread_instructions, other.thread_instructions);
  predicated_off += other.predicated_off;
  branches += other.branches;
  divergent_branches += other.divergent_branches;
  block_barriers += other.block_barriers;
  global_load += other.global_load;
  global_store += other.global_store;
  shared_load += other.shared_load;
  shared_store += other.shared_store;
  local_load += other.local_load;
  local_store += other.local_store;
  add(global_atomics, other.global_atomics);
  add(shared_atomics, other.shared_atomics);
  for (const auto& [label, bytes] : other.buffers) {
    buffers[label].read += bytes.read;
    buffers[label].written += bytes.written;
    buffers[label].distinct_read += bytes.distinct_read;
    buffers[label].distinct_written += bytes.distinct_written;
  }
  return *this;
}

std::vector<CountedKernel> counted_kernels() {
  const std::lock_guard lock(mutex);
  return kernels();
}

void add_counted(const CountedKernel& kernel) {
  const std::lock_guard lock(mutex);
  const auto known = std::ranges::find_if(kernels(), [&](const CountedKernel& other) {
    return other.kernel == kernel.kernel && other.grid == kernel.grid &&
           other.block == kernel.block && other.shared_bytes == kernel.shared_bytes;
  });
  if (known == kernels().end())
    kernels().push_back(kernel);
  else
    known->counters += kernel.counters;
}

void forget_counted() {
  const std::lock_guard lock(mutex);
  kernels().clear();
}

std::string text_of(const CountedKernel& kernel) {
  const Counters& c = kernel.counters;
  std::string out =
      formatted("counters: %s<<<(%u,%u,%u),(%u,%u,%u),%llu>>> x %llu\n", kernel.kernel.c_str(),
                kernel.grid[0], kernel.grid[1], kernel.grid[2], kernel.block[0], kernel.block[1],
                kernel.block[2], Count{kernel.shared_bytes}, Count{c.launches});
  out +=
      formatted("  instructions   %12llu of warps %14llu of threads, %.2f lanes active, %llu off\n",
                Count{c.all_warp_instructions()}, Count{c.all_thread_instructions()},
                c.lanes_per_instruction(), Count{c.predicated_off});
  out += "  by class      ";
  for (std::size_t i = 0; i < kInstructionClasses; ++i)
    if (c.warp_instructions[i] != 0)
      out += formatted(" %s %llu", name_of(static_cast<InstructionClass>(i)),
                       Count{c.warp_instructions[i]});
  out += formatted("\n  branches       %12llu of warps, %llu divergent; %llu waits at a barrier\n",
                   Count{c.branches}, Count{c.divergent_branches}, Count{c.block_barriers});
  out += line_of("global loads", c.global_load, "sectors") +
         line_of("global stores", c.global_store, "sectors") +
         line_of("shared loads", c.shared_load, "wavefronts") +
         line_of("shared stores", c.shared_store, "wavefronts") +
         line_of("local loads", c.local_load, "sectors") +
         line_of("local stores", c.local_store, "sectors") +
         line_of("global atomics", c.global_atomics) + line_of("shared atomics", c.shared_atomics);
  for (const auto& [label, bytes] : c.buffers)
    out += formatted("  %s: %llu bytes read, %llu of them once; %llu written, %llu once\n",
                     label.c_str(), Count{bytes.read}, Count{bytes.distinct_read},
                     Count{bytes.written}, Count{bytes.distinct_written});
  return out;
}

}  // namespace vgpu::observe
