// registers.h - registers that may be read before anything wrote them.
//
// A value that nobody wrote may be moved and computed with, as compilers do where the result is not
// used in the end; it must not decide anything: an address, a branch, what is stored. Which
// registers may hold such a value follows from the code (translate/unwritten.h); which lanes of
// them do is known when it runs.
#pragma once

#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

namespace vgpu::observe {

/// What an instruction does with such registers, each by its number among them; -1: another one.
struct RegisterUse {
  int guard = -1;
  std::vector<int> reads, writes;
  /// `selects`: takes reads[0] where the predicate reads[2] holds, else reads[1]. `any`, `all`: of
  /// the predicates reads[0] and reads[1], of which one may settle it alone.
  enum class Kind : std::uint8_t { computes, decides, selects, any, all } kind = Kind::computes;

  /// Whether its result depends on the values of predicates.
  bool depends() const { return kind > Kind::decides; }
};

struct UnwrittenRegisters {
  std::vector<std::string> names;
  std::unordered_map<int, RegisterUse> uses;  // by instruction; those that touch none are left out
};

}  // namespace vgpu::observe
