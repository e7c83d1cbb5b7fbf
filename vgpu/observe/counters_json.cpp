#include "vgpu/observe/counters_json.h"

namespace vgpu::observe {
namespace {

using nlohmann::ordered_json;

ordered_json to_json(const Traffic& t, const char* pieces) {
  return {{"requests", t.requests},
          {"lanes", t.lanes},
          {"bytes", t.bytes},
          {pieces, t.pieces},
          {std::string("least_") + pieces, t.least}};
}

ordered_json to_json(const Atomics& a) {
  return {{"requests", a.requests},
          {"lanes", a.lanes},
          {"addresses", a.addresses},
          {"most_at_one_address", a.most_at_one}};
}

}  // namespace

ordered_json to_json(const CountedKernel& kernel) {
  const Counters& c = kernel.counters;
  ordered_json classes = ordered_json::object(), buffers = ordered_json::object();
  for (std::size_t i = 0; i < kInstructionClasses; ++i)
    classes[name_of(static_cast<InstructionClass>(i))] = {{"warps", c.warp_instructions[i]},
                                                          {"threads", c.thread_instructions[i]}};
  for (const auto& [label, bytes] : c.buffers)
    buffers[label] = {{"read_bytes", bytes.read},
                      {"written_bytes", bytes.written},
                      {"distinct_read_bytes", bytes.distinct_read},
                      {"distinct_written_bytes", bytes.distinct_written}};
  return {{"kernel", kernel.kernel},
          {"grid", kernel.grid},
          {"block", kernel.block},
          {"dynamic_shared_bytes", kernel.shared_bytes},
          {"launches", c.launches},
          {"blocks", c.blocks},
          {"threads", c.threads},
          {"warp_instructions", c.all_warp_instructions()},
          {"thread_instructions", c.all_thread_instructions()},
          {"predicated_off", c.predicated_off},
          {"by_class", classes},
          {"branches", c.branches},
          {"divergent_branches", c.divergent_branches},
          {"block_barriers", c.block_barriers},
          {"global_load", to_json(c.global_load, "sectors")},
          {"global_store", to_json(c.global_store, "sectors")},
          {"shared_load", to_json(c.shared_load, "wavefronts")},
          {"shared_store", to_json(c.shared_store, "wavefronts")},
          {"local_load", to_json(c.local_load, "sectors")},
          {"local_store", to_json(c.local_store, "sectors")},
          {"global_atomics", to_json(c.global_atomics)},
          {"shared_atomics", to_json(c.shared_atomics)},
          {"global_bytes_moved", c.global_bytes_moved()},
          {"global_bytes_least", c.global_bytes_least()},
          {"buffers", buffers}};
}

}  // namespace vgpu::observe
