// vega_script.h - the script that a page carries: the distribution's Vega and vega.js, in one.
#pragma once

#include <string_view>

namespace plumb::report {

/// JavaScript that draws the page's charts. Holds no "</script", so it can stand in a page.
std::string_view vega_script();

}  // namespace plumb::report
