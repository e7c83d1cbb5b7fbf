// refusal.h - the message of a call that must fail.
#pragma once

#include <functional>
#include <string>

#include "impl/core/error.h"

namespace plumb::test {

/// what() of the `Kind` that the call throws; other errors pass through.
template <class Kind>
std::string refusal(const std::function<void()>& call) {
  try {
    call();
  } catch (const Kind& error) {
    return error.what();
  }
  return "nothing was refused";
}

}  // namespace plumb::test
