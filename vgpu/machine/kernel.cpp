#include "vgpu/machine/kernel.h"

#include <algorithm>

#include "vgpu/machine/device_functions.h"
#include "vgpu/translate/jit.h"
#include "vgpu/translate/translate.h"

namespace vgpu {
namespace {

constexpr int kMostRegisters = 255;

/// Instructions from which on the masked code, which most lanes leave soon, is made with little
/// effort.
constexpr std::size_t kVeryLarge = 2000;

translate::Effort effort_of(const ptx::Function& function, bool full) {
  return full || function.body.size() < kVeryLarge ? translate::Effort::full
                                                   : translate::Effort::little;
}

int estimate_registers(const ptx::Function& function) {
  int words = 0;
  for (const ptx::Register& r : function.registers)
    words += r.type == ptx::Type::pred ? 0 : std::max(1, ptx::bits_of(r.type) / 32);
  return std::clamp(words, 1, kMostRegisters);
}

}  // namespace

KernelForm::KernelForm(const translate::Prepared& prepared, const std::string& key,
                       translate::WarpRows rows, bool noisy)
    : prepared_(prepared), key_(key), rows_(rows), noisy_(noisy) {}

const translate::Program& KernelForm::program() {
  const std::lock_guard lock(mutex_);
  if (!program_)
    program_ =
        std::make_unique<translate::Program>(translate::make_program(prepared_, rows_, noisy_));
  return *program_;
}

TranslatedCode KernelForm::code(Code& slot, bool full) {
  if (const TranslatedCode known = slot.entry.load(std::memory_order_acquire)) return known;
  register_device_functions();
  const translate::Program& made = program();
  const std::lock_guard lock(mutex_);
  if (const TranslatedCode known = slot.entry.load(std::memory_order_acquire)) return known;
  const std::string key =
      key_ + (rows_.known ? " rows of " + std::to_string(rows_.lanes) : " general") +
      (noisy_ ? " noisy" : "") + (translate::is_large(prepared_.function) ? " large" : "") +
      (full ? " full" : " masked");
  const auto result =
      translate::compile(key, settings().cache_folder, effort_of(prepared_.function, full),
                         [&](llvm::Module& module, const std::string& name) {
                           full ? translate::translate_full(made, module, name)
                                : translate::translate_masked(made, module, name);
                         });
  count_compilation(result.from_cache, result.translate_seconds, result.compile_seconds,
                    result.load_seconds);
  slot.bytes = result.code_bytes;
  slot.entry.store(result.code, std::memory_order_release);
  return result.code;
}

bool KernelForm::holds(std::uintptr_t address) const {
  return full_.holds(address) || masked_.holds(address);
}

int KernelForm::instruction_at(std::uintptr_t address) {
  const bool full = full_.holds(address);
  const Code& code = full ? full_ : masked_;
  if (!code.holds(address)) return -1;
  const translate::Program& made = program();
  return translate::instruction_at(
      address - reinterpret_cast<std::uintptr_t>(code.entry.load()),
      effort_of(prepared_.function, full), [&](llvm::Module& module, const std::string& name) {
        full ? translate::translate_full(made, module, name, translate::Places::kept)
             : translate::translate_masked(made, module, name, translate::Places::kept);
      });
}

Kernel::Kernel(const ptx::Module& module, const ptx::Function& function, std::string key)
    : prepared_(translate::prepare_kernel(module, function)), key_(std::move(key)) {
  info.name = function.name;
  const translate::Layout& layout = prepared_.layout;
  for (const ptx::Variable& p : function.parameters)
    info.parameters.push_back({layout.parameter.at(p.name), p.bytes(), p.align});
  info.parameter_bytes = layout.parameter_bytes;
  info.static_shared_bytes = layout.shared_bytes;
  info.local_bytes = layout.local_bytes;
  for (const ptx::Variable& v : module.variables)
    if (v.space == ptx::Space::constant) info.constant_bytes += v.bytes();
  info.register_count = estimate_registers(function);
  std::uint64_t threads = 1;
  const auto& limit =
      function.required_threads[0] ? function.required_threads : function.max_threads;
  for (std::uint32_t n : limit) threads *= std::max(1u, n);
  if (limit[0])
    info.max_threads_per_block = static_cast<int>(std::min<std::uint64_t>(threads, 1024));
  info.ptx_version = module.architecture;
}

KernelForm& Kernel::form(translate::WarpRows rows, bool noisy) {
  const std::lock_guard lock(mutex_);
  return forms_.try_emplace(std::tuple(rows.lanes, rows.known, noisy), prepared_, key_, rows, noisy)
      .first->second;
}

void prepare(Kernel& kernel) { kernel.form({}, settings().approx_noise_seed.has_value()).full(); }

const KernelInfo& kernel_info(const Kernel& kernel) { return kernel.info; }

}  // namespace vgpu
