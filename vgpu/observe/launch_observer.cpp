#include "vgpu/observe/launch_observer.h"

#include <algorithm>
#include <map>

#include "vgpu/observe/allowances.h"

namespace vgpu::observe {
namespace {

std::string triple(std::uint64_t x, std::uint64_t y, std::uint64_t z) {
  return "(" + std::to_string(x) + "," + std::to_string(y) + "," + std::to_string(z) + ")";
}

}  // namespace

KernelNotes::KernelNotes(const ptx::Module& module, const ptx::Function& function,
                         const Checks& checks) {
  std::map<std::pair<int, int>, int> first;
  for (int i = 0; i < static_cast<int>(function.body.size()); ++i) {
    const ptx::Instruction& ins = function.body[static_cast<std::size_t>(i)];
    accesses.push_back(accesses_of(ins));
    const auto file = module.files.find(ins.source.file);
    const bool known = file != module.files.end();
    lines.push_back(known ? first.try_emplace({ins.source.file, ins.source.line}, i).first->second
                          : i);
    if (known && checks.finds() && lines.back() == i)
      Allowances::get().note_line(file->second, ins.source.line, checks);
  }
}

LaunchObserver::LaunchObserver(const Subject& subject, const Checks& checks, std::uint32_t number)
    : subject_(subject), checks_(checks), number_(number) {}

void LaunchObserver::report(Kind kind, int index, int other,
                            const std::function<void(Report&)>& fill, Severity severity) const {
  const std::string& kernel = subject_.function->name;
  const auto line = [&](int i) {
    return i < 0 ? i : subject_.notes->lines[static_cast<std::size_t>(i)];
  };
  Log::get().add({kind, kernel, line(index), line(other), severity}, [&] {
    Report out;
    out.kind = kind;
    out.severity = severity;
    out.kernel = kernel;
    if (index >= 0) {
      out.place = place(index);
      out.source = source(index);
    }
    if (other >= 0) {
      out.other_place = place(other);
      out.other_source = source(other);
    }
    fill(out);
    for (const int side : {index, other})
      if (out.allowed.empty() && side >= 0) out.allowed = allowed(kind, side);
    return out;
  });
}

std::string LaunchObserver::allowed(Kind kind, int index) const {
  const ptx::SourceLocation& at = instruction(index).source;
  const auto file = subject_.module->files.find(at.file);
  return file == subject_.module->files.end()
             ? ""
             : Allowances::get().reason(kind, file->second, at.line);
}

std::string LaunchObserver::place(int index) const {
  return subject_.module->place_of(instruction(index), subject_.function->name);
}

std::string LaunchObserver::source(int index) const {
  const ptx::SourceLocation& at = instruction(index).source;
  const auto file = subject_.module->files.find(at.file);
  return file == subject_.module->files.end() ? "" : file->second + ":" + std::to_string(at.line);
}

std::string LaunchObserver::thread(std::uint64_t block, int thread) const {
  const auto& [gx, gy, gz] = subject_.grid;
  const auto& [bx, by, bz] = subject_.block;
  const std::string where = "block " + triple(block % gx, block / gx % gy, block / gx / gy);
  if (thread < 0) return "threads of " + where;
  const auto t = static_cast<std::uint64_t>(thread);
  return "thread " + triple(t % bx, t / bx % by, t / bx / by) + " of " + where;
}

void LaunchObserver::add(const BlockCounters& counters) {
  const std::lock_guard lock(mutex_);
  counters_ += counters.result(subject_.basic_blocks, subject_.function->body);
  for (const auto& [address, count] : counters.atomics_at()) atomics_at_[address] += count;
  counters.for_each_region([&](Region* region) { touched_.insert(region); });
}

void LaunchObserver::touch(Region& region) {
  const std::lock_guard lock(mutex_);
  touched_.insert(&region);
}

void LaunchObserver::count_touched(Region& region) {
  Counters::BufferBytes& bytes = counters_.buffers[region.label];
  bytes.distinct_read += region.launch_reads.take_count(region.bytes);
  bytes.distinct_written += region.launch_writes.take_count(region.bytes);
}

void LaunchObserver::pass_on_touched(Region& region) {
  if (checks_.unused) region.read.add_all(region.launch_reads, region.bytes);
  if (checks_.stream && StreamOrder::current())
    StreamOrder::get().touched(*StreamOrder::current(), region,
                               region.launch_reads.ranges(region.bytes),
                               region.launch_writes.ranges(region.bytes));
  count_touched(region);  // and forget it
}

void LaunchObserver::finish() {
  for (Region* const region : touched_)
    if (!region->freed) pass_on_touched(*region);
  if (!checks_.counters) return;
  counters_.launches = 1;
  for (const auto& [address, count] : atomics_at_)
    counters_.global_atomics.most_at_one = std::max(counters_.global_atomics.most_at_one, count);
  CountedKernel out;
  out.kernel = subject_.function->name;
  std::copy(subject_.grid, subject_.grid + 3, out.grid.begin());
  std::copy(subject_.block, subject_.block + 3, out.block.begin());
  out.shared_bytes = subject_.dynamic_shared_bytes;
  out.counters = counters_;
  add_counted(out);
}

void LaunchObserver::fence(std::uint64_t block, Order& order) {
  Exchange& of = exchanges_[block];
  of.fence = order.fence();
  of.order = &order;
}

void LaunchObserver::meet(std::uint64_t address, const Event& event, const Order& order) {
  if (exchanges_.empty()) return;
  ++sequence_;
  if (event.reads && passed_through_.contains(address)) {
    Exchange& of = exchanges_[event.block];
    of.order = &order;
    const Acquire got{address, sequence_, event.time, event.first_thread()};
    const auto known = std::ranges::find_if(of.acquires, [&](const Acquire& old) {
      return old.address == address && old.thread == event.first_thread();
    });
    if (known == of.acquires.end())
      of.acquires.push_back(got);
    else
      *known = got;
  }
  if (!event.writes) return;
  const auto of = exchanges_.find(event.block);
  if (of == exchanges_.end() || of->second.fence == 0) return;
  const Release given{address,
                      sequence_,
                      of->second.fence,
                      order.barrier(),
                      event.time,
                      order.full_sync(event.warp),
                      event.first_thread()};
  // One that passes on no more than the last one did came later for nothing.
  std::vector<Release>& all = of->second.releases;
  const auto last = std::find_if(all.rbegin(), all.rend(), [&](const Release& old) {
    return old.address == address && old.thread == event.first_thread();
  });
  if (last == all.rend() || last->fence != given.fence || last->barrier != given.barrier ||
      last->warp_sync != given.warp_sync)
    all.push_back(given);
  passed_through_[address] = true;
}

/// Whether what `thread` did at `when` was before the release.
bool LaunchObserver::covers(const Release& release, Time when, int thread) {
  if (when > release.fence) return false;
  return when < release.barrier || (thread == release.thread && when <= release.time) ||
         (thread >= 0 && thread / kWarpSize == release.thread / kWarpSize &&
          when < release.warp_sync);
}

bool LaunchObserver::before(std::uint64_t block, Time when, int thread, std::uint64_t now,
                            int now_thread) const {
  const auto from = exchanges_.find(block), to = exchanges_.find(now);
  if (from == exchanges_.end() || to == exchanges_.end()) return false;
  for (const Release& release : from->second.releases) {
    if (!covers(release, when, thread)) continue;
    for (const Acquire& acquire : to->second.acquires)
      if (acquire.address == release.address && acquire.sequence > release.sequence &&
          to->second.order->before(acquire.time, acquire.thread, now_thread))
        return true;
  }
  return false;
}

}  // namespace vgpu::observe
