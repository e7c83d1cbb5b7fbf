// assets.h - what every page carries, put into the program at build time.
#pragma once

#include <string_view>

namespace plumb::report {

/// page.css.
std::string_view page_style();
/// JavaScript that draws the page's charts and hands out its data: the distribution's Vega, vega.js
/// and downloads.js, in one. Holds no "</script", so it can stand in a page.
std::string_view page_script();

}  // namespace plumb::report
