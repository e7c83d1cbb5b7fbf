// checked_errors.h - launches that failed without anybody asking, while streams are checked.
//
// kernel<<<...>>>() gives no code back: an error is there for cudaGetLastError(), and lost when the
// program does not ask before the next one or its end. One that makes every later call fail counts
// as told by the first of those.
#pragma once

#include <driver_types.h>

#include <string>

namespace vgpu::runtime::checked {

void launch_failed(cudaError_t code, const std::string& why);
/// This thread gave the program an error's code.
void error_told();
/// What no thread was told of is lost now.
void errors_lost();

}  // namespace vgpu::runtime::checked
