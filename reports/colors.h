// colors.h - the colours of a chart's series, told apart on white, on black and by most eyes.
#pragma once

#include <cstddef>
#include <iterator>

namespace plumb::report {

inline const char* color_of(std::size_t series) {
  constexpr const char* kColors[] = {"#3b82c4", "#d1661a", "#2e9e50", "#a05cd0"};
  return kColors[series % std::size(kColors)];
}

}  // namespace plumb::report
