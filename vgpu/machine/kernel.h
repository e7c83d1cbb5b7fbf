// kernel.h - a loaded module's kernel: its forms of translated code, made when first needed.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <string>

#include "vgpu/machine/machine.h"
#include "vgpu/machine/state.h"
#include "vgpu/translate/program.h"

namespace vgpu {

/// A kernel's code for one arrangement of threads (translate/shape.h, `linear`).
class KernelForm {
 public:
  /// `key` names in the cache what the code is made from. Both arguments live as long as this.
  KernelForm(const translate::Prepared& prepared, const std::string& key, bool linear);

  TranslatedCode full() { return code(full_, true); }
  TranslatedCode masked() { return code(masked_, false); }
  const translate::Program& program();

 private:
  TranslatedCode code(std::atomic<TranslatedCode>& slot, bool full);

  const translate::Prepared& prepared_;
  const std::string& key_;
  const bool linear_;
  std::mutex mutex_;
  std::unique_ptr<translate::Program> program_;
  std::atomic<TranslatedCode> full_ = nullptr, masked_ = nullptr;
};

class Kernel {
 public:
  Kernel(const ptx::Module& module, const ptx::Function& function, std::string key);

  KernelInfo info;
  void* const* symbols = nullptr;  // of the module, for BlockState::symbols
  KernelForm& form(bool linear) { return linear ? linear_ : general_; }

 private:
  const translate::Prepared prepared_;
  const std::string key_;
  KernelForm linear_, general_;
};

/// Adds to compile_statistics().
void count_compilation(bool from_cache, double translate_seconds, double compile_seconds,
                       double load_seconds);

}  // namespace vgpu
