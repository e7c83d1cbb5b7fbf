// calls.h - which functions of a kernel cannot be inlined, and how their frames look.
//
// A function that reaches itself, or that is called through a pointer, stands once in the kernel's
// code: a subroutine. Its parameters, results and local variables lie in a frame on the lane's
// stack, with what its caller left there: the number of the place to return to. A call inside a
// cycle keeps the caller's registers in the caller's frame, since the callee may write them.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "vgpu/ptx/module.h"

namespace vgpu::translate {

/// Bytes of a lane's stack. No power of two, so that the lanes' frames do not share the cache's
/// sets.
inline constexpr std::uint64_t kStackBytes = (std::uint64_t{64} << 10) + 128;

struct Subroutine {
  const ptx::Function* function = nullptr;
  std::map<std::string, std::uint64_t>
      place;                  // of a variable in the frame; 0 is the return number's
  std::uint64_t kept_at = 0;  // registers over calls, 8 bytes each
  std::uint64_t frame_bytes = 0;
  std::map<int, std::vector<int>> kept;  // by call instruction: registers that its callee may write
};

class CallPlan {
 public:
  /// Bodies of all functions that the kernel reaches have been read (functions_reached()).
  CallPlan(const ptx::Module& module, const ptx::Function& kernel);

  const std::vector<Subroutine>& subroutines() const { return subroutines_; }
  /// Null when the function is inlined.
  const Subroutine* find(const ptx::Function* function) const;
  /// Subroutines that a call through a pointer may mean, by their prototype.
  std::vector<const Subroutine*> candidates(const ptx::Function& prototype) const;
  std::uint64_t largest_frame() const;

 private:
  std::vector<Subroutine> subroutines_;
  std::vector<const ptx::Function*> pointed_to_;
};

/// What a pointer to a function holds: no address, but a number apart from all of them. 0: no such
/// function.
std::uint64_t function_address(const ptx::Module& module, const std::string& name);

/// The functions that a kernel may run, itself first. Their bodies are read here. With a call
/// through a pointer among them these are all whose address the module takes. Throws ptx::Error.
std::vector<const ptx::Function*> functions_reached(ptx::Module& module, const std::string& kernel);

bool calls_through_pointer(const ptx::Instruction& instruction);

}  // namespace vgpu::translate
