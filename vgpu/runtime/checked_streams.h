// checked_streams.h - what the runtime tells of the order of its work (observe/stream_order.h),
// while streams are checked; nothing otherwise.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "vgpu/observe/stream_order.h"
#include "vgpu/runtime/streams.h"

namespace vgpu::runtime {
struct Node;
}

namespace vgpu::runtime::checked {

/// A piece of a stream's work, which this thread does while it lives.
class StreamWork {
 public:
  enum class Host { goes_on, waits };
  /// `host`: whether the call returns when the work is done.
  StreamWork(const Stream& stream, const Work& work, Host host);
  StreamWork(const Stream& stream, const char* what);
  ~StreamWork();
  StreamWork(const StreamWork&) = delete;
  StreamWork& operator=(const StreamWork&) = delete;

 private:
  friend class InTurn;
  std::optional<observe::Piece> piece_;
  observe::Piece* before_ = nullptr;
  bool host_waits_ = false;
};

/// While it lives, the work is that of one executable graph, whose launches follow each other in
/// whatever streams they are.
class InTurn {
 public:
  InTurn(StreamWork& work, observe::Progress& last);
  ~InTurn();
  InTurn(const InTurn&) = delete;
  InTurn& operator=(const InTurn&) = delete;

 private:
  StreamWork& work_;
  observe::Progress& last_;
};

/// The nodes of a graph that is run, in an order of its edges.
class GraphRun {
 public:
  GraphRun();
  ~GraphRun();
  GraphRun(const GraphRun&) = delete;
  GraphRun& operator=(const GraphRun&) = delete;

  /// This thread does a node's work while it lives.
  class Step {
   public:
    Step(GraphRun& run, const Node& node);
    ~Step();
    Step(const Step&) = delete;
    Step& operator=(const Step&) = delete;

   private:
    GraphRun& run_;
    const Node& node_;
    std::optional<observe::Piece> piece_;
  };

 private:
  observe::Piece* const parent_;
  std::map<const Node*, observe::Progress> done_;
};

void recorded(Event& event, const Stream& stream);
/// A graph's node records or waits.
void recorded_in_graph(Event& event);
void waited_in_graph(const Event& event);
void waits(const Stream& stream, const Event& event);
void host_waits(const Stream& stream);
void host_waits(const Event& event);
void host_waits_for_device();

}  // namespace vgpu::runtime::checked
