#include "vgpu/machine/kernel.h"

#include <algorithm>
#include <chrono>

#include "vgpu/machine/device_functions.h"
#include "vgpu/translate/translate.h"

namespace vgpu {
namespace {

constexpr int kMostRegisters = 255;

/// Instructions from which on code is made with medium effort, and masked code, which most lanes
/// leave soon, with little.
constexpr std::size_t kLarge = 600, kVeryLarge = 2000;

/// About what making code anew takes, by the bytes of the code that it replaces (7 to 12 us on a
/// slow AVX2 core).
constexpr std::size_t kNanosecondsPerByte = 5000;

translate::Effort best_effort(const ptx::Function& function, bool full) {
  switch (settings().effort) {
    case CompileEffort::little:
      return translate::Effort::little;
    case CompileEffort::medium:
      return translate::Effort::medium;
    case CompileEffort::full:
      return translate::Effort::full;
    case CompileEffort::adaptive:
    case CompileEffort::best:
      break;
  }
  const std::size_t size = function.body.size();
  if (size < kLarge) return translate::Effort::full;
  return full || size < kVeryLarge ? translate::Effort::medium : translate::Effort::little;
}

/// What code is made for, as a part of its key.
std::string text_of(const observe::Checks& checks) {
  if (!checks.any()) return "";
  return " observed " + name_of(checks) + (checks.counters ? " counters" : "");
}

int estimate_registers(const ptx::Function& function) {
  int words = 0;
  for (const ptx::Register& r : function.registers)
    words += r.type == ptx::Type::pred ? 0 : std::max(1, ptx::bits_of(r.type) / 32);
  return std::clamp(words, 1, kMostRegisters);
}

}  // namespace

KernelForm::KernelForm(const translate::Prepared& prepared, const std::string& key,
                       translate::WarpRows rows, bool noisy, const observe::Checks& checks)
    : prepared_(prepared), key_(key), rows_(rows), noisy_(noisy), checks_(checks) {}

const translate::Program& KernelForm::program() {
  const std::lock_guard lock(mutex_);
  if (!program_)
    program_ = std::make_unique<translate::Program>(
        translate::make_program(prepared_, rows_, noisy_, checks_));
  return *program_;
}

const observe::KernelNotes& KernelForm::notes() {
  const std::lock_guard lock(mutex_);
  if (!notes_)
    notes_ = std::make_unique<observe::KernelNotes>(*prepared_.module, prepared_.function, checks_);
  return *notes_;
}

translate::CompileResult KernelForm::compile(const Code& code, translate::Effort effort) {
  const translate::Program& made = *program_;
  return translate::compile(code_key(code.full), settings().cache_folder, effort,
                            [&](llvm::Module& module, const std::string& name) {
                              code.full ? translate::translate_full(made, effort, module, name)
                                        : translate::translate_masked(made, effort, module, name);
                            });
}

TranslatedCode KernelForm::make(Code& code, translate::Effort effort) {
  const auto result = compile(code, effort);
  count_compilation(result.from_cache, result.translate_seconds, result.compile_seconds,
                    result.load_seconds);
  const bool best = effort == best_effort(prepared_.function, code.full);
  Made& made = best ? code.best : code.little;
  made.effort = effort;
  made.bytes = result.code_bytes;
  made.entry = result.code;
  code.entry.store(result.code, std::memory_order_release);
  if (best) code.settled.store(result.code, std::memory_order_release);
  return result.code;
}

TranslatedCode KernelForm::first(Code& code) {
  register_device_functions();
  program();  // makes it, under the same mutex
  const std::lock_guard lock(mutex_);
  if (const TranslatedCode known = code.entry.load(std::memory_order_acquire)) return known;
  const translate::Effort best = best_effort(prepared_.function, code.full);
  const bool at_once = settings().effort != CompileEffort::adaptive ||
                       translate::is_cached(code_key(code.full), settings().cache_folder, best);
  return make(code, at_once ? best : translate::Effort::little);
}

RunResult KernelForm::run_timed(Code& code, WarpState& warp, BlockState& block) {
  TranslatedCode entry = code.entry.load(std::memory_order_acquire);
  if (!entry) entry = first(code);
  if (code.settled) return static_cast<RunResult>(entry(&warp, &block));
  const auto start = std::chrono::steady_clock::now();
  const auto result = static_cast<RunResult>(entry(&warp, &block));
  const std::chrono::nanoseconds took = std::chrono::steady_clock::now() - start;
  const auto patience = static_cast<std::int64_t>(code.little.bytes * kNanosecondsPerByte);
  if ((code.nanoseconds += took.count()) > patience && !code.improving.exchange(true))
    make(code, best_effort(prepared_.function, code.full));
  return result;
}

void KernelForm::prepare(bool full) {
  Code& code = full ? full_ : masked_;
  if (!code.entry.load(std::memory_order_acquire)) first(code);
}

std::string KernelForm::code_key(bool full) const {
  return key_ + (rows_.known ? " rows of " + std::to_string(rows_.lanes) : " general") +
         (noisy_ ? " noisy" : "") + text_of(checks_) + (full ? " full" : " masked");
}

bool KernelForm::holds(std::uintptr_t address) const {
  for (const Code* code : {&full_, &masked_})
    if (code->little.holds(address) || code->best.holds(address)) return true;
  return false;
}

int KernelForm::instruction_at(std::uintptr_t address) {
  for (const Code* code : {&full_, &masked_})
    for (const Made* made : {&code->little, &code->best}) {
      if (!made->holds(address)) continue;
      const translate::Program& from = program();
      constexpr auto kept = translate::Places::kept;
      return translate::instruction_at(
          address - reinterpret_cast<std::uintptr_t>(made->entry.load()), made->effort,
          [&](llvm::Module& module, const std::string& name) {
            code->full ? translate::translate_full(from, made->effort, module, name, kept)
                       : translate::translate_masked(from, made->effort, module, name, kept);
          });
    }
  return -1;
}

Kernel::Kernel(const ptx::Module& module, const ptx::Function& function, std::string key)
    : module_(module),
      function_(function),
      prepared_(translate::prepare_kernel(module, function)),
      key_(std::move(key)) {
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

KernelForm& Kernel::form(translate::WarpRows rows, bool noisy, const observe::Checks& checks) {
  const std::lock_guard lock(mutex_);
  if (checks.any() && !observed_)
    observed_ = translate::prepare_kernel(module_, function_, translate::Observed::yes);
  return forms_
      .try_emplace(std::tuple(rows.lanes, rows.known, noisy, text_of(checks)),
                   checks.any() ? *observed_ : prepared_, key_, rows, noisy, checks)
      .first->second;
}

void prepare(Kernel& kernel) {
  kernel.form({}, settings().approx_noise_seed.has_value(), settings().checks).prepare(true);
}

const KernelInfo& kernel_info(const Kernel& kernel) { return kernel.info; }

}  // namespace vgpu
