// ranges.h - bytes of a memory as stretches: sorted, apart from each other.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

namespace vgpu::observe {

struct Range {
  std::uint64_t begin = 0, end = 0;
  bool operator==(const Range&) const = default;
};
using Ranges = std::vector<Range>;

/// Adds [range.begin, range.end); quick at the end of what is there.
inline void add(Ranges& to, Range range) {
  if (range.begin == range.end) return;
  const auto first = std::ranges::lower_bound(to, range.begin, {}, &Range::end);
  auto last = first;
  for (; last != to.end() && last->begin <= range.end; ++last) {
    range.begin = std::min(range.begin, last->begin);
    range.end = std::max(range.end, last->end);
  }
  to.insert(to.erase(first, last), range);
}

/// What both hold.
inline Ranges both(const Ranges& a, const Ranges& b) {
  Ranges out;
  for (auto x = a.begin(), y = b.begin(); x != a.end() && y != b.end();) {
    const Range some{std::max(x->begin, y->begin), std::min(x->end, y->end)};
    if (some.begin < some.end) out.push_back(some);
    if (x->end < y->end)
      ++x;
    else
      ++y;
  }
  return out;
}

/// Whether `all` holds every byte of `some`.
inline bool covers(const Ranges& all, const Ranges& some) {
  auto x = all.begin();
  for (const Range& range : some) {
    while (x != all.end() && x->end < range.end) ++x;
    if (x == all.end() || x->begin > range.begin) return false;
  }
  return true;
}

inline std::uint64_t bytes_of(const Ranges& ranges) {
  std::uint64_t out = 0;
  for (const Range& range : ranges) out += range.end - range.begin;
  return out;
}

}  // namespace vgpu::observe
