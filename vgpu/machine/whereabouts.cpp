// whereabouts.cpp - where each warp of a block stands, as text, for a launch that was ended from
// outside.
#include <algorithm>
#include <bit>
#include <map>

#include "vgpu/machine/resident_block.h"

namespace vgpu {
namespace {

constexpr std::size_t kMostPlaces = 8;

/// "0-3,5".
std::string ranges(const std::vector<std::size_t>& numbers) {
  std::string text;
  for (std::size_t i = 0; i < numbers.size();) {
    std::size_t end = i + 1;
    while (end < numbers.size() && numbers[end] == numbers[end - 1] + 1) ++end;
    text += (text.empty() ? "" : ",") + std::to_string(numbers[i]);
    if (end > i + 1) text += "-" + std::to_string(numbers[end - 1]);
    i = end;
  }
  return text;
}

struct Place {
  int instruction;
  bool waits;  // at a barrier
  auto operator<=>(const Place&) const = default;
};

std::string text_of(const translate::Program& program, const Place& place) {
  const auto& body = program.function.body;
  const auto at = static_cast<std::size_t>(std::max(0, place.instruction));
  if (at >= body.size()) return " at the end";
  return (place.waits ? " waits at " : " at ") + program.module->place_of(body[at], {});
}

}  // namespace

std::string ResidentBlock::whereabouts(const WarpState* running, int instruction) {
  const translate::Program& program = work_.form->program();
  std::map<Place, std::vector<std::size_t>> warps;
  const auto first_of = [&](std::int32_t block) {
    return block >= 0 && block < program.block_count() ? program.flow.blocks[block].first : -1;
  };
  for (std::size_t w = 0; w < warp_count_; ++w) {
    const WarpState& state = warp(w);
    if (progress_[w] == Warp::ended) continue;
    if (&state == running && instruction >= 0) {
      warps[{instruction, false}].push_back(w);
      continue;
    }
    if (!state.masked) {
      const bool waits = progress_[w] == Warp::at_barrier;
      warps[{first_of(state.pc) - waits, waits}].push_back(w);
      continue;
    }
    std::map<Place, bool> places;  // of the warp's lanes
    for (std::uint32_t rest = state.live; rest; rest &= rest - 1) {
      const auto lane = static_cast<std::uint32_t>(std::countr_zero(rest));
      const bool waits = (state.at_barrier >> lane) & 1;
      places[{first_of(state.lane_pc[lane]) - waits, waits}] = true;
    }
    for (const auto& [place, there] : places) warps[place].push_back(w);
  }
  std::string text = "block (" + std::to_string(state_.ctaid[0]) + "," +
                     std::to_string(state_.ctaid[1]) + "," + std::to_string(state_.ctaid[2]) + "):";
  std::size_t shown = 0;
  for (const auto& [place, numbers] : warps) {
    if (++shown > kMostPlaces) break;
    text += std::string(shown > 1 ? "," : "") + (numbers.size() > 1 ? " warps " : " warp ") +
            ranges(numbers) + text_of(program, place);
  }
  if (warps.size() > kMostPlaces)
    text += " and " + std::to_string(warps.size() - kMostPlaces) + " places more";
  return text;
}

}  // namespace vgpu
