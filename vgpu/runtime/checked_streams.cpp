#include "vgpu/runtime/checked_streams.h"

#include <utility>

#include "vgpu/machine/machine.h"
#include "vgpu/runtime/device.h"
#include "vgpu/runtime/graph.h"
#include "vgpu/runtime/memory.h"

namespace vgpu::runtime::checked {
namespace {

using observe::Line;
using observe::StreamOrder;

bool on() { return settings().checks.stream; }

constexpr int kDeviceBits = 8;  // a line's, above them the stream's number or the node's
constexpr Line kNodes = Line{1} << 63;

observe::StreamKind kind_of(const Stream& stream) {
  observe::StreamKind out;
  out.line = stream.id << kDeviceBits | static_cast<Line>(stream.device);
  out.device = stream.device;
  out.legacy = stream.is_legacy;
  out.blocking = !(stream.flags & cudaStreamNonBlocking);
  out.name = stream.is_legacy ? "the legacy stream" : "stream " + std::to_string(stream.id);
  if (stream.device != 0) out.name += " of device " + std::to_string(stream.device);
  return out;
}

std::string name_of(const Work& work) {
  if (const auto* const kernel = std::get_if<KernelWork>(&work))
    return "kernel " + kernel->record->name;
  if (std::holds_alternative<CopyWork>(work)) return "copy";
  if (std::holds_alternative<FillWork>(work)) return "fill";
  if (std::holds_alternative<AllocateWork>(work)) return "allocation";
  if (std::holds_alternative<FreeWork>(work)) return "free";
  return "work";
}

bool is_pageable(const void* memory) { return memory && !memory_info(memory); }

bool is_device_memory(const void* memory) {
  const auto info = memory_info(memory);
  return info && memory_type(info->kind) == cudaMemoryTypeDevice;
}

bool is_host_memory(const void* memory) {
  const auto info = memory_info(memory);
  return memory && (!info || memory_type(info->kind) == cudaMemoryTypeHost);
}

/// Fills but those of pinned memory, and copies within devices, may still run when a call returns
/// that waits for others.
bool is_left_running(const Work& work) {
  if (const auto* const fill = std::get_if<FillWork>(&work)) return !is_host_memory(fill->rows.dst);
  const auto* const copy = std::get_if<CopyWork>(&work);
  return copy && !copy->box.srcArray && !copy->box.dstArray &&
         is_device_memory(copy->box.srcPtr.ptr) && is_device_memory(copy->box.dstPtr.ptr);
}

/// A copy into pageable memory, or within the host, is over when its call returns. A function of
/// the host may tell others that it ran, in ways that nobody sees.
bool always_waits(const Work& work) {
  const auto* const copy = std::get_if<CopyWork>(&work);
  if (!copy) return std::holds_alternative<HostWork>(work);
  const void *const to = copy->box.dstPtr.ptr, *const from = copy->box.srcPtr.ptr;
  return is_pageable(to) || (is_host_memory(to) && is_host_memory(from));
}

}  // namespace

StreamWork::StreamWork(const Stream& stream, const Work& work, Host host) {
  if (!on()) return;
  host_waits_ = always_waits(work) || (host == Host::waits && !is_left_running(work));
  piece_ = StreamOrder::get().begin(kind_of(stream), name_of(work));
  before_ = std::exchange(StreamOrder::current(), &*piece_);
}

StreamWork::StreamWork(const Stream& stream, const char* what) {
  if (!on()) return;
  piece_ = StreamOrder::get().begin(kind_of(stream), what);
  before_ = std::exchange(StreamOrder::current(), &*piece_);
}

StreamWork::~StreamWork() {
  if (!piece_) return;
  StreamOrder::current() = before_;
  if (host_waits_) StreamOrder::get().host_waits(piece_->knows);
}

InTurn::InTurn(StreamWork& work, observe::Progress& last) : work_(work), last_(last) {
  if (!work_.piece_) return;
  const std::lock_guard lock(graphs_mutex());
  work_.piece_->knows.join(last_);
}

InTurn::~InTurn() {
  if (!work_.piece_) return;
  const std::lock_guard lock(graphs_mutex());
  last_ = work_.piece_->knows;
}

GraphRun::GraphRun() : parent_(StreamOrder::current()) {}

GraphRun::~GraphRun() {
  if (!parent_) return;
  for (const auto& [node, progress] : done_) parent_->knows.join(progress);
  StreamOrder::get().wait(parent_->line, parent_->knows);
}

GraphRun::Step::Step(GraphRun& run, const Node& node) : run_(run), node_(node) {
  if (!run.parent_) return;
  observe::Progress after = run.parent_->knows;
  for (const Node* const other : node.dependencies) after.join(run.done_[other]);
  piece_ = StreamOrder::get().begin_node(
      kNodes | node.serial << kDeviceBits, name_of(node.work),
      "node " + std::to_string(node.local_id) + " of a graph in " + run.parent_->where, after);
  StreamOrder::current() = &*piece_;
}

GraphRun::Step::~Step() {
  if (!piece_) return;
  StreamOrder::current() = run_.parent_;
  run_.done_[&node_] = piece_->knows;
}

void recorded(Event& event, const Stream& stream) {
  if (on()) event.progress = StreamOrder::get().begin(kind_of(stream), "event").knows;
}

void recorded_in_graph(Event& event) {
  if (StreamOrder::current()) event.progress = StreamOrder::current()->knows;
}

void waited_in_graph(const Event& event) {
  if (StreamOrder::current()) StreamOrder::current()->knows.join(event.progress);
}

void waits(const Stream& stream, const Event& event) {
  if (on()) StreamOrder::get().wait(kind_of(stream), event.progress);
}

void host_waits(const Stream& stream) {
  if (on()) StreamOrder::get().host_waits(kind_of(stream));
}

void host_waits(const Event& event) {
  if (on()) StreamOrder::get().host_waits(event.progress);
}

void host_waits_for_device() {
  if (on()) StreamOrder::get().host_waits_for_device(current_device());
}

}  // namespace vgpu::runtime::checked
