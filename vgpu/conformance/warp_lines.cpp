// warp_lines.cpp - what the lanes of a warp learn from each other, lane by lane.
#include <algorithm>

#include "vgpu/conformance/warp_line.h"

namespace vgpu::conformance {
namespace {

constexpr ValueType kWord{Kind::integer, 32}, kLong{Kind::integer, 64},
    kPredicate{Kind::predicate, 1};

/// The lanes that take part with `lane`: active ones that its mask names.
template <class F>
void for_members(const WarpCase& c, int lane, F f) {
  for (int other = 0; other < kLanes; ++other)
    if ((c.active & c.members[lane]) >> other & 1) f(other);
}

/// The source lane and whether it lies in the segment, by the instruction's definition.
std::pair<int, bool> shuffle_source(const std::string& mode, int lane, u64 b, u64 c) {
  const int distance = static_cast<int>(b & 31), clamp = static_cast<int>(c & 31),
            segment = static_cast<int>(c >> 8 & 31);
  const int last = (lane & segment) | (clamp & ~segment), first = lane & segment;
  int source = 0;
  bool inside = false;
  if (mode == "up") source = lane - distance, inside = source >= last;
  if (mode == "down") source = lane + distance, inside = source <= last;
  if (mode == "bfly") source = lane ^ distance, inside = source <= last;
  if (mode == "idx") source = first | (distance & ~segment), inside = source <= last;
  return {inside ? source : lane, inside};
}

void add_shuffles(std::vector<WarpLine>& out) {
  for (const std::string mode : {"up", "down", "bfly", "idx"}) {
    const std::string opcode = "shfl.sync." + mode + ".b32";
    const auto reference = [mode](const WarpCase& w, int lane, u64 b, u64 c, u64* result) {
      const auto [source, inside] = shuffle_source(mode, lane, b, c);
      result[0] = w.in[0][source];
      result[1] = inside;
    };
    const std::vector<u64> clamps = {0, 31, 0x1c1f, 0x181f, 0x101f, 0x1e00, 0x1800, 0x1f1f, 15};
    out.push_back({opcode,
                   opcode + " %d|%e, %a, %b, %c, %m",
                   {kWord, kWord, kWord},
                   {kWord, kPredicate},
                   [=](const WarpCase& w, int lane, u64* r) {
                     reference(w, lane, w.in[1][lane], w.in[2][lane], r);
                   },
                   {{}, {0, 1, 2, 3, 7, 8, 15, 16, 31, 32, 33, 63}, clamps}});
    for (const u64 distance : {0, 1, 2, 4, 8, 16, 31})
      for (const u64 clamp : {u64{mode == "up" ? 0u : 31u}, u64{mode == "up" ? 0x1800u : 0x181fu}})
        out.push_back(
            {opcode,
             opcode + " %d, %a, " + std::to_string(distance) + ", " + std::to_string(clamp) +
                 ", %m",
             {kWord},
             {kWord},
             [=](const WarpCase& w, int lane, u64* r) { reference(w, lane, distance, clamp, r); },
             {{}}});
  }
}

void add_votes(std::vector<WarpLine>& out) {
  for (const bool negated : {false, true}) {
    const auto count = [negated](const WarpCase& w, int lane) {
      std::pair<int, int> yes_of_all;
      for_members(w, lane, [&](int other) {
        yes_of_all.first += (w.in[0][other] & 1) != (negated ? 1 : 0);
        ++yes_of_all.second;
      });
      return yes_of_all;
    };
    const std::string operands = std::string(" %d, ") + (negated ? "!" : "") + "%a, %m";
    const auto add = [&](const std::string& name, auto decide) {
      out.push_back({name,
                     name + operands,
                     {kPredicate},
                     {kPredicate},
                     [=](const WarpCase& w, int lane, u64* r) {
                       const auto [yes, all] = count(w, lane);
                       r[0] = decide(yes, all);
                     },
                     {{}}});
    };
    add("vote.sync.all.pred", [](int yes, int all) { return yes == all; });
    add("vote.sync.any.pred", [](int yes, int) { return yes > 0; });
    add("vote.sync.uni.pred", [](int yes, int all) { return yes == 0 || yes == all; });
    out.push_back({"vote.sync.ballot.b32",
                   "vote.sync.ballot.b32" + operands,
                   {kPredicate},
                   {kWord},
                   [=](const WarpCase& w, int lane, u64* r) {
                     for_members(w, lane, [&](int other) {
                       if ((w.in[0][other] & 1) != (negated ? 1 : 0)) r[0] |= u64{1} << other;
                     });
                   },
                   {{}}});
    out.push_back(out.back());  // the older spelling
    out.back().opcode = "vote.ballot.sync.b32";
    out.back().text = "vote.ballot.sync.b32" + operands;
  }
}

void add_matches(std::vector<WarpLine>& out) {
  for (const ValueType type : {kWord, kLong}) {
    const std::string t = type.bits == 32 ? "b32" : "b64";
    const std::vector<u64> few =
        type.bits == 32 ? std::vector<u64>{5, 7, 0x80000005} : std::vector<u64>{5, u64{5} << 32, 7};
    const auto alike = [](const WarpCase& w, int lane) {
      u64 mask = 0;
      for_members(w, lane,
                  [&](int other) { mask |= u64{w.in[0][other] == w.in[0][lane]} << other; });
      return mask;
    };
    out.push_back({"match.any.sync." + t,
                   "match.any.sync." + t + " %d, %a, %m",
                   {type},
                   {kWord},
                   [=](const WarpCase& w, int lane, u64* r) { r[0] = alike(w, lane); },
                   {few}});
    for (const auto& choice : {few, std::vector<u64>{5}})
      out.push_back({"match.all.sync." + t,
                     "match.all.sync." + t + " %d|%e, %a, %m",
                     {type},
                     {kWord, kPredicate},
                     [=](const WarpCase& w, int lane, u64* r) {
                       u64 all = 0;
                       for_members(w, lane, [&](int other) { all |= u64{1} << other; });
                       r[1] = alike(w, lane) == all;
                       r[0] = r[1] ? all : 0;
                     },
                     {choice}});
  }
}

template <class T, class F>
void add_reduction(std::vector<WarpLine>& out, const std::string& name, F f) {
  const std::string opcode = "redux.sync." + name;
  out.push_back({opcode,
                 opcode + " %d, %a, %m",
                 {kWord},
                 {kWord},
                 [f](const WarpCase& w, int lane, u64* r) {
                   bool first = true;
                   T total{};
                   for_members(w, lane, [&](int other) {
                     const T value = from_bits<T>(w.in[0][other]);
                     total = first ? value : f(total, value);
                     first = false;
                   });
                   r[0] = to_bits(total);
                 },
                 {{}}});
}

}  // namespace

std::vector<WarpLine> warp_lines() {
  std::vector<WarpLine> out;
  add_shuffles(out);
  add_votes(out);
  add_matches(out);
  add_reduction<u32>(out, "add.u32", [](u32 a, u32 b) { return a + b; });
  add_reduction<s32>(out, "add.s32", [](s32 a, s32 b) { return wrap<s32>(I{a} + b); });
  add_reduction<u32>(out, "min.u32", [](u32 a, u32 b) { return std::min(a, b); });
  add_reduction<s32>(out, "min.s32", [](s32 a, s32 b) { return std::min(a, b); });
  add_reduction<u32>(out, "max.u32", [](u32 a, u32 b) { return std::max(a, b); });
  add_reduction<s32>(out, "max.s32", [](s32 a, s32 b) { return std::max(a, b); });
  add_reduction<u32>(out, "and.b32", [](u32 a, u32 b) { return a & b; });
  add_reduction<u32>(out, "or.b32", [](u32 a, u32 b) { return a | b; });
  add_reduction<u32>(out, "xor.b32", [](u32 a, u32 b) { return a ^ b; });
  out.push_back({"elect.sync",
                 "elect.sync %d|%e, %m",
                 {},
                 {kWord, kPredicate},
                 [](const WarpCase& w, int lane, u64* r) {
                   int lowest = kLanes;
                   for_members(w, lane, [&](int other) { lowest = std::min(lowest, other); });
                   r[0] = static_cast<u64>(lowest);
                   r[1] = lowest == lane;
                 },
                 {}});
  out.push_back({"activemask.b32",
                 "activemask.b32 %d",
                 {},
                 {kWord},
                 [](const WarpCase& w, int, u64* r) { r[0] = w.active; },
                 {}});
  return out;
}

}  // namespace vgpu::conformance
