// colors.h - how a chart's series are told apart: by colours that work on white, on black and for
// most eyes, and by dashes.
#pragma once

#include <cstddef>
#include <iterator>

namespace plumb::report {

inline const char* color_of(std::size_t series) {
  constexpr const char* kColors[] = {"#3b82c4", "#d1661a", "#2e9e50", "#a05cd0"};
  return kColors[series % std::size(kColors)];
}

/// Lengths of stroke and gap.
struct Dash {
  int stroke, gap;
};
inline Dash dash_of(std::size_t series) {
  constexpr Dash kDashes[] = {{1, 0}, {7, 3}, {2, 3}, {12, 3}};
  return kDashes[series % std::size(kDashes)];
}

}  // namespace plumb::report
