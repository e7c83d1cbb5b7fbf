// kernel.h - a loaded module's kernel: its forms of translated code, made when first needed.
#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <tuple>

#include "vgpu/machine/machine.h"
#include "vgpu/machine/state.h"
#include "vgpu/translate/program.h"

namespace vgpu {

/// A kernel's code for one arrangement of threads (translate/shape.h, WarpRows), exact or noisy.
class KernelForm {
 public:
  /// `key` names in the cache what the code is made from. Both arguments live as long as this.
  KernelForm(const translate::Prepared& prepared, const std::string& key, translate::WarpRows rows,
             bool noisy);

  TranslatedCode full() { return code(full_, true); }
  TranslatedCode masked() { return code(masked_, false); }
  const translate::Program& program();

  /// Whether the address lies in this form's code; safe in a signal's handler.
  bool holds(std::uintptr_t address) const;
  /// The instruction to which an address of the code belongs; -1 when that cannot be told.
  int instruction_at(std::uintptr_t address);

 private:
  struct Code {
    std::atomic<TranslatedCode> entry = nullptr;
    std::atomic<std::size_t> bytes = 0;
    bool holds(std::uintptr_t address) const {
      return address - reinterpret_cast<std::uintptr_t>(entry.load()) < bytes.load();
    }
  };
  TranslatedCode code(Code& slot, bool full);

  const translate::Prepared& prepared_;
  const std::string& key_;
  const translate::WarpRows rows_;
  const bool noisy_;
  std::mutex mutex_;
  std::unique_ptr<translate::Program> program_;
  Code full_, masked_;
};

class Kernel {
 public:
  Kernel(const ptx::Module& module, const ptx::Function& function, std::string key);

  KernelInfo info;
  void* const* symbols = nullptr;  // of the module, for BlockState::symbols
  KernelForm& form(translate::WarpRows rows, bool noisy);

 private:
  const translate::Prepared prepared_;
  const std::string key_;
  std::mutex mutex_;
  std::map<std::tuple<int, bool, bool>, KernelForm> forms_;
};

/// Adds to compile_statistics().
void count_compilation(bool from_cache, double translate_seconds, double compile_seconds,
                       double load_seconds);

}  // namespace vgpu
