// jit.h - from LLVM functions to running code, with a cache of compiled objects on disk.
//
// A cached object's name is a hash of everything that its code depends on: the caller's key (PTX
// and form), the translator's own sources, the layout of machine/state.h, LLVM's version, the
// processor and its features. A file that is damaged is ignored and written anew.
#pragma once

#include <functional>
#include <span>
#include <string>

#include "vgpu/machine/state.h"
#include "vgpu/translate/translate.h"

namespace llvm {
class Module;
}

namespace vgpu::translate {

struct HelperAddress {
  const char* name;
  void* address;
};

/// Functions that translated code may call besides those of isa/helpers.h. Before the first
/// compile().
void add_helpers(std::span<const HelperAddress> helpers);

struct CompileResult {
  TranslatedCode code = nullptr;
  std::size_t code_bytes = 0;
  bool from_cache = false;
  double translate_seconds = 0, compile_seconds = 0, load_seconds = 0;
};

/// `translate` fills a module with the function of the given name; it is not called when the cache
/// has the object. `cache_folder` empty: no cache on disk. Thread-safe.
CompileResult compile(const std::string& key, const std::string& cache_folder, Effort effort,
                      const std::function<void(llvm::Module&, const std::string& name)>& translate);

/// Whether compile() would find the code in the folder.
bool is_cached(const std::string& key, const std::string& cache_folder, Effort effort);

/// The instruction to which byte `offset` of a code belongs, -1 when that cannot be told. The code
/// is made once more, with places: `translate` has to give them (translate.h).
int instruction_at(std::uint64_t offset, Effort effort,
                   const std::function<void(llvm::Module&, const std::string& name)>& translate);

}  // namespace vgpu::translate
