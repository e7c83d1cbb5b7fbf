#include "vgpu/machine/kernel.h"

#include <algorithm>

#include "vgpu/machine/device_functions.h"
#include "vgpu/translate/jit.h"
#include "vgpu/translate/translate.h"

namespace vgpu {
namespace {

constexpr int kMostRegisters = 255;

int estimate_registers(const ptx::Function& function) {
  int words = 0;
  for (const ptx::Register& r : function.registers)
    words += r.type == ptx::Type::pred ? 0 : std::max(1, ptx::bits_of(r.type) / 32);
  return std::clamp(words, 1, kMostRegisters);
}

}  // namespace

KernelForm::KernelForm(const translate::Prepared& prepared, const std::string& key, bool linear)
    : prepared_(prepared), key_(key), linear_(linear) {}

const translate::Program& KernelForm::program() {
  const std::lock_guard lock(mutex_);
  if (!program_)
    program_ = std::make_unique<translate::Program>(translate::make_program(prepared_, linear_));
  return *program_;
}

TranslatedCode KernelForm::code(std::atomic<TranslatedCode>& slot, bool full) {
  if (const TranslatedCode known = slot.load(std::memory_order_acquire)) return known;
  register_device_functions();
  const translate::Program& made = program();
  const std::lock_guard lock(mutex_);
  if (const TranslatedCode known = slot.load(std::memory_order_acquire)) return known;
  const std::string key = key_ + (linear_ ? " linear" : " general") + (full ? " full" : " masked");
  const auto result = translate::compile(key, settings().cache_folder,
                                         [&](llvm::Module& module, const std::string& name) {
                                           full ? translate::translate_full(made, module, name)
                                                : translate::translate_masked(made, module, name);
                                         });
  count_compilation(result.from_cache, result.translate_seconds, result.compile_seconds,
                    result.load_seconds);
  slot.store(result.code, std::memory_order_release);
  return result.code;
}

Kernel::Kernel(const ptx::Module& module, const ptx::Function& function, std::string key)
    : prepared_(translate::prepare_kernel(module, function)),
      key_(std::move(key)),
      linear_(prepared_, key_, true),
      general_(prepared_, key_, false) {
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

void prepare(Kernel& kernel) { kernel.form(true).full(); }

const KernelInfo& kernel_info(const Kernel& kernel) { return kernel.info; }

}  // namespace vgpu
