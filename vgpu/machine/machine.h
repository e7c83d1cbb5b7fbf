// machine.h - the virtual GPU's machine: loads modules, launches kernels, says what went wrong.
//
// A device pointer is a host address. A launch runs to its end before launch() returns: the order
// of streams and events is the runtime's subject, not the machine's.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "vgpu/machine/profile.h"
#include "vgpu/observe/checks.h"
#include "vgpu/ptx/module.h"

namespace vgpu {

struct Dim3 {
  std::uint32_t x = 1, y = 1, z = 1;
  std::uint64_t count() const { return std::uint64_t{x} * y * z; }
};

/// What stopped a module or a launch. The runtime maps the kind to CUDA's error code; what() is one
/// line that names the kernel, the PTX line, the source line when known, and the instruction's
/// text.
struct Fault : std::runtime_error {
  enum class Kind {
    invalid_ptx,
    unsupported_instruction,
    invalid_configuration,
    out_of_resources,
    illegal_address,
    misaligned_address,
    trap,
    device_assert,
    deadlock,
    timeout,
    interrupted,
    internal,
  };
  Fault(Kind what_kind, const std::string& message)
      : std::runtime_error(message), kind(what_kind) {}
  Kind kind;
};

struct ParameterLayout {
  std::size_t offset, bytes, align;
};

struct KernelInfo {
  std::string name;
  std::vector<ParameterLayout> parameters;
  std::size_t parameter_bytes = 0;
  std::size_t static_shared_bytes = 0;
  std::size_t local_bytes = 0;     // per thread, as declared
  std::size_t constant_bytes = 0;  // the module's .const
  int register_count =
      0;  // 32-bit registers declared, capped at 255: an estimate, not ptxas's figure
  int max_threads_per_block = 1024;  // .maxntid or the machine's
  int ptx_version = 0;  // the module's architecture, as cudaFuncAttributes::ptxVersion: 80
};

/// Of the blocks; `reverse`: of each block's warps too.
enum class BlockOrder { forward, reverse, random };

/// How much compile time code is worth (translate/translate.h). `best`: by the kernel's size;
/// `adaptive`: little at first, and the best once it has run for long.
enum class CompileEffort { adaptive, best, little, medium, full };

/// How a launch is carried out. Results never depend on it unless the kernel's own blocks race.
struct Settings {
  int threads = 0;  // OS threads; 0: every core
  CompileEffort effort = CompileEffort::adaptive;
  BlockOrder order = BlockOrder::forward;
  std::uint64_t order_seed = 0;
  std::string cache_folder;  // compiled objects; empty: no cache on disk
  std::string dump_folder;  // LLVM IR of each translation, before and after the passes; empty: none
  double timeout_seconds = 0;  // of a kernel; 0: none
  /// What is observed of launches. With a check on, blocks run on one thread, in order.
  observe::Checks checks;
  /// Moves the results of approximate instructions (isa/approximate_noise.h).
  std::optional<std::uint64_t> approx_noise_seed;
};

/// The process's settings. First read from PLUMBLINE_VGPU_THREADS, PLUMBLINE_VGPU_CACHE (a folder,
/// or "off"), PLUMBLINE_VGPU_ORDER (forward, reverse, random:SEED), PLUMBLINE_VGPU_TIMEOUT,
/// PLUMBLINE_VGPU_APPROX_NOISE, PLUMBLINE_VGPU_EFFORT (adaptive, best, little, medium, full),
/// PLUMBLINE_VGPU_CHECK (observe/checks.h), PLUMBLINE_VGPU_COUNTERS (on, off).
/// Change only between launches.
Settings& settings();

/// For measurements: code is from the first launch on what it is after long runs. A fixed effort
/// stays.
inline void begin_with_best_effort() {
  if (settings().effort == CompileEffort::adaptive) settings().effort = CompileEffort::best;
}

/// Reads "forward", "reverse" or "random:SEED". Throws std::invalid_argument, which names `where`.
void set_order(Settings& settings, const std::string& where, const std::string& text);
/// Seconds above 0, "2.5"; 0: none. Throws the same.
double timeout_from(const std::string& where, const std::string& text);

/// What compiling cost in this process, for bench/vgpu and --json.
struct CompileStatistics {
  int compiled = 0, from_cache = 0;
  double translate_seconds = 0, compile_seconds = 0, load_seconds = 0;
};
CompileStatistics compile_statistics();

/// What was launched in this process, faults included.
struct LaunchStatistics {
  std::uint64_t launches = 0, blocks = 0, threads = 0;
};
LaunchStatistics launch_statistics();

class Kernel;  // translated lazily, at its first launch

/// A parsed module placed on a device: its .global and .const variables have addresses, its kernels
/// can be launched.
class LoadedModule {
 public:
  /// Gives the module's variables memory of its own, with their initial values; those that are in
  /// `placed` lie at the address given there, as it is, and belong to somebody else.
  static std::shared_ptr<LoadedModule> load(ptx::Module module,
                                            const std::map<std::string, void*>& placed = {});
  virtual ~LoadedModule() = default;
  /// Null when the module has no such entry. Reads its body first; throws Fault for what is no PTX.
  virtual Kernel* kernel(const std::string& name) = 0;
  /// Address and size of a module-scope variable; null when there is none.
  virtual void* symbol(const std::string& name, std::size_t* bytes) = 0;
  virtual const ptx::Module& ptx() const = 0;
};

const KernelInfo& kernel_info(const Kernel& kernel);

struct Launch {
  Kernel* kernel = nullptr;
  Dim3 grid, block;
  std::size_t dynamic_shared_bytes = 0;
  const void* parameters =
      nullptr;  // KernelInfo::parameter_bytes, laid out as KernelInfo::parameters says
  bool cooperative = false;
};

/// Runs a kernel to its end. Throws Fault. Thread-safe; launches from several host threads run one
/// after another.
void launch(const Launch& launch, const Profile& profile);

/// Translates (or loads from the cache) without running, so that compile time can be measured
/// alone.
void prepare(Kernel& kernel);

}  // namespace vgpu
