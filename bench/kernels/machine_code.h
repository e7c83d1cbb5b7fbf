// machine_code.h - what ptxas makes of the program's own PTX for one architecture: registers,
// spills, stack, shared memory. No GPU is needed.
#pragma once

#include <map>
#include <string>

namespace plumb::bench {

struct MachineCode {
  int registers = 0, barriers = 0;
  int spill_store_bytes = 0, spill_load_bytes = 0, stack_bytes = 0;  // per thread
  int shared_bytes = 0;                                              // static, per block
};

/// By the kernel's mangled name, for sm_<capability>. Throws plumb::Error when ptxas is not where
/// the build found it or refuses the PTX.
std::map<std::string, MachineCode> machine_code(int capability);

/// Reads what `ptxas -v` prints.
std::map<std::string, MachineCode> read_ptxas(const std::string& text);

}  // namespace plumb::bench
