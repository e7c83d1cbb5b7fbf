// kernel.h - a loaded module's kernel: its forms of translated code, made when first needed.
#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <tuple>

#include "vgpu/machine/machine.h"
#include "vgpu/machine/state.h"
#include "vgpu/observe/launch_observer.h"
#include "vgpu/translate/jit.h"
#include "vgpu/translate/program.h"

namespace vgpu {

/// A kernel's code for one arrangement of threads (translate/shape.h, WarpRows), exact or noisy,
/// with or without observers.
///
/// Code is made twice where it pays (settings().effort): with little effort when first needed, with
/// full effort once it has run for as long as making it anew takes. Both are the same program over
/// the same frame, so that a warp goes on in the better one wherever it enters code again.
class KernelForm {
 public:
  /// `key` names in the cache what the code is made from. Both arguments live as long as this.
  KernelForm(const translate::Prepared& prepared, const std::string& key, translate::WarpRows rows,
             bool noisy, const observe::Checks& checks);

  /// Runs a warp in the full or the masked code until that ends (RunResult).
  RunResult run(bool full, WarpState& warp, BlockState& block) {
    Code& code = full ? full_ : masked_;
    const TranslatedCode entry = code.settled.load(std::memory_order_acquire);
    return entry ? static_cast<RunResult>(entry(&warp, &block)) : run_timed(code, warp, block);
  }
  /// Makes the full or the masked code.
  void prepare(bool full);
  const translate::Program& program();
  /// For the observers of checked launches.
  const observe::KernelNotes& notes();

  /// Whether the address lies in this form's code; safe in a signal's handler.
  bool holds(std::uintptr_t address) const;
  /// The instruction to which an address of the code belongs; -1 when that cannot be told.
  int instruction_at(std::uintptr_t address);

 private:
  struct Made {
    translate::Effort effort = translate::Effort::little;
    std::atomic<TranslatedCode> entry = nullptr;
    std::atomic<std::size_t> bytes = 0;
    bool holds(std::uintptr_t address) const {
      return address - reinterpret_cast<std::uintptr_t>(entry.load()) < bytes.load();
    }
  };
  struct Code {
    explicit Code(bool is_full) : full(is_full) {}
    const bool full;
    std::atomic<TranslatedCode> entry = nullptr;    // the best that there is
    std::atomic<TranslatedCode> settled = nullptr;  // the same once no better one will come
    std::atomic<bool> improving = false;
    std::atomic<std::int64_t> nanoseconds = 0;  // in the code made with little effort
    Made little, best;
  };
  RunResult run_timed(Code& code, WarpState& warp, BlockState& block);
  TranslatedCode first(Code& code);
  TranslatedCode make(Code& code, translate::Effort effort);
  translate::CompileResult compile(const Code& code, translate::Effort effort);
  std::string code_key(bool full) const;

  const translate::Prepared& prepared_;
  const std::string& key_;
  const translate::WarpRows rows_;
  const bool noisy_;
  const observe::Checks checks_;
  std::mutex mutex_;
  std::unique_ptr<translate::Program> program_;
  std::unique_ptr<observe::KernelNotes> notes_;
  Code full_{true}, masked_{false};
};

class Kernel {
 public:
  Kernel(const ptx::Module& module, const ptx::Function& function, std::string key);

  KernelInfo info;
  void* const* symbols = nullptr;  // of the module, for BlockState::symbols
  KernelForm& form(translate::WarpRows rows, bool noisy, const observe::Checks& checks);

 private:
  const ptx::Module& module_;
  const ptx::Function& function_;
  const translate::Prepared prepared_;
  const std::string key_;
  std::mutex mutex_;
  std::optional<translate::Prepared> observed_;
  std::map<std::tuple<int, bool, bool, std::string>, KernelForm> forms_;
};

/// Adds to compile_statistics().
void count_compilation(bool from_cache, double translate_seconds, double compile_seconds,
                       double load_seconds);

}  // namespace vgpu
