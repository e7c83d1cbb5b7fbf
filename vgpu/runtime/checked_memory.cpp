// checked_memory.cpp - the runtime's side of the checks, and what a checked program ends with.
#include "vgpu/runtime/checked_memory.h"

#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

#include "vgpu/machine/machine.h"
#include "vgpu/observe/allowances.h"
#include "vgpu/observe/counters_json.h"
#include "vgpu/observe/memory_map.h"
#include "vgpu/observe/report_json.h"
#include "vgpu/runtime/checked_errors.h"
#include "vgpu/runtime/checked_streams.h"

namespace vgpu::runtime::checked {
namespace {

using observe::MemoryMap;
using observe::Region;

std::atomic<bool> used = false;  // memory was allocated, or a kernel launched

bool anything() { return settings().checks.any(); }

const char* kind_name(MemoryKind kind) {
  switch (kind) {
    case MemoryKind::device:
      return "device";
    case MemoryKind::managed:
    case MemoryKind::managed_variable:
      return "managed";
    case MemoryKind::graph:
      return "graph";
    case MemoryKind::variable:
      return "variable";
    default:
      return "host";
  }
}

/// What the current piece of a stream's work touched of the region that holds `memory`.
void touch(const void* memory, std::size_t bytes, bool writes) {
  const observe::Piece* const piece = observe::StreamOrder::current();
  Region* const region = MemoryMap::get().find(reinterpret_cast<std::uintptr_t>(memory));
  if (!piece || !region || region->freed) return;
  const std::uint64_t at = reinterpret_cast<std::uintptr_t>(memory) - region->begin;
  const observe::Ranges some{{at, at + std::min<std::uint64_t>(bytes, region->bytes - at)}};
  observe::StreamOrder::get().touched(*piece, *region, writes ? observe::Ranges{} : some,
                                      writes ? some : observe::Ranges{});
}

void tell_of_unused(const Region& region) {
  if (!region.leaks || region.on_heap || region.freed) return;
  const observe::Ranges written = region.written.ranges(region.bytes),
                        read = region.read.ranges(region.bytes);
  const std::uint64_t of = region.bytes, never_written = of - bytes_of(written),
                      never_read = bytes_of(written) - bytes_of(both(written, read));
  if (never_written == 0 && never_read == 0) return;
  observe::Log::get().add(
      {observe::Kind::unused, region.label, -1, -1, observe::Severity::warning}, [&] {
        observe::Report r;
        r.kind = observe::Kind::unused;
        r.severity = observe::Severity::warning;
        r.what = std::to_string(never_written) + " bytes never written, " +
                 std::to_string(never_read) + " written and never read, of " + region.label;
        return r;
      });
}

/// Memory goes: in its stream's order, or, by cudaFree, when all of the device's work is done.
void leaves(const void* memory) {
  const Region* const region = MemoryMap::get().find(reinterpret_cast<std::uintptr_t>(memory));
  if (region && settings().checks.unused) tell_of_unused(*region);
  if (region && observe::StreamOrder::current())
    touch(memory, region->bytes, true);
  else
    host_waits_for_device();
}

#ifdef VGPU_SHARED
constexpr int kFound = 2;  // the exit status of a program with findings

void find_leaks(MemoryMap& map) {
  map.for_each([](const Region& region) {
    if (!region.leaks || region.freed) return;
    observe::Log::get().add({observe::Kind::leak, region.label, -1, -1, observe::Severity::error},
                            [&] {
                              observe::Report r;
                              r.kind = observe::Kind::leak;
                              r.what = "never freed: " + region.label;
                              return r;
                            });
  });
}

/// PLUMBLINE_VGPU_REPORT: the findings and the counts as JSON, written whole.
void write_report() {
  const char* const path = std::getenv("PLUMBLINE_VGPU_REPORT");
  if (!path || !*path) return;
  auto all = to_json(observe::Log::get().reports(), name_of(settings().checks));
  all["counters"] = nlohmann::ordered_json::array();
  for (const observe::CountedKernel& kernel : observe::counted_kernels())
    all["counters"].push_back(to_json(kernel));
  const std::string text = all.dump(1) + "\n", temporary = std::string(path) + ".new";
  std::FILE* const file = std::fopen(temporary.c_str(), "wb");
  bool written = file && std::fwrite(text.data(), 1, text.size(), file) == text.size();
  written = file && std::fflush(file) == 0 && fsync(fileno(file)) == 0 && written;
  if (file) std::fclose(file);
  if (!written || std::rename(temporary.c_str(), path) != 0) {
    std::fprintf(stderr, "vgpu: cannot write PLUMBLINE_VGPU_REPORT '%s': %s\n", path,
                 std::strerror(errno));
    std::remove(temporary.c_str());
  }
}

/// After the program's own destructors: what it never freed, the sum, the exit status.
__attribute__((destructor)) void end_of_program() {
  if (!anything() || !used) return;  // programs without CUDA that were started too
  for (const observe::CountedKernel& kernel : observe::counted_kernels())
    std::fprintf(stderr, "vgpu: %s", observe::text_of(kernel).c_str());
  errors_lost();
  {
    MemoryMap& map = MemoryMap::get();
    const std::lock_guard lock(map.mutex);
    if (settings().checks.leak) find_leaks(map);
    if (settings().checks.unused) map.for_each(tell_of_unused);
  }
  tell();
  write_report();
  if (!settings().checks.finds()) return;
  for (const std::string& unused : observe::Allowances::get().unused())
    std::fprintf(stderr, "vgpu: %s\n", unused.c_str());
  const std::uint64_t found = observe::Log::get().found();
  std::fprintf(stderr, "vgpu: check %s: %llu found\n", observe::name_of(settings().checks).c_str(),
               static_cast<unsigned long long>(found));
  std::fflush(nullptr);
  if (found != 0) _exit(kFound);
}
#endif

}  // namespace

bool memory() { return settings().checks.memory; }

void allocated(const void* address, std::size_t bytes, MemoryKind kind) {
  if (!anything()) return;
  used = true;
  MemoryMap& map = MemoryMap::get();
  const std::lock_guard lock(map.mutex);
  const std::string label = "allocation " + std::to_string(map.next_number()) + " (" +
                            std::to_string(bytes) + " bytes, " + kind_name(kind) + ")";
  // What the host can write by itself nobody sees.
  const bool seen = kind == MemoryKind::device || kind == MemoryKind::graph;
  map.add(address, bytes, label, !seen).leaks = kind == MemoryKind::device;
  touch(address, bytes, true);
}

void freed(const void* address) {
  if (!anything()) return;
  const std::lock_guard lock(MemoryMap::get().mutex);
  leaves(address);
  MemoryMap::get().free(address);
}

void forgotten(const void* address) {
  if (!anything()) return;
  const std::lock_guard lock(MemoryMap::get().mutex);
  leaves(address);
  MemoryMap::get().remove(address);
}

void refused_free(const void* address) {
  if (!memory()) return;
  const std::lock_guard lock(MemoryMap::get().mutex);
  const Region* region = MemoryMap::get().find(reinterpret_cast<std::uintptr_t>(address));
  std::string what = "a free of what is no allocation of this device";
  if (region && region->freed) what = "a second free of " + region->label;
  if (region && !region->freed) what = "a free inside " + region->label;
  observe::Log::get().add({observe::Kind::invalid_free, what, -1, -1, observe::Severity::error},
                          [&] {
                            observe::Report r;
                            r.kind = observe::Kind::invalid_free;
                            r.what = what;
                            return r;
                          });
}

void copied(const void* to, const void* from, std::size_t bytes) {
  if (!anything()) return;
  const std::lock_guard lock(MemoryMap::get().mutex);
  MemoryMap::get().note_copied(to, from, bytes);
  if (settings().checks.unused) MemoryMap::get().note_read(from, bytes);
  touch(from, bytes, false);
  touch(to, bytes, true);
}

void filled(const void* to, std::size_t bytes) {
  if (!anything()) return;
  const std::lock_guard lock(MemoryMap::get().mutex);
  MemoryMap::get().note_written(to, bytes);
  touch(to, bytes, true);
}

void bound(const void* memory, std::size_t bytes) {
  if (!settings().checks.unused) return;
  const std::lock_guard lock(MemoryMap::get().mutex);
  MemoryMap::get().note_read(memory, bytes);
}

void tell() {
  used = true;
  for (const observe::Report& report : observe::Log::get().take_new())
    std::fprintf(stderr, "vgpu: %s\n", observe::text_of(report).c_str());
}

}  // namespace vgpu::runtime::checked
