#include "vgpu/machine/crash_guard.h"

#include <ucontext.h>

#include <csetjmp>
#include <csignal>
#include <cstdio>
#include <mutex>

#include "vgpu/machine/interrupt.h"

namespace vgpu {
namespace {

struct Guard {
  sigjmp_buf back;
  volatile std::sig_atomic_t armed = 0;
  const KernelForm* form = nullptr;
  std::uintptr_t place = 0;  // of an interruption
  void* address = nullptr;
  int signal = 0;
};

thread_local Guard guard;
struct sigaction previous_segv, previous_bus, previous_fpe;

void on_signal(int signal, siginfo_t* info, void* context) {
  if (guard.armed) {
    guard.armed = 0;
    guard.address = info->si_addr;
    guard.signal = signal;
    siglongjmp(guard.back, 1);
  }
  const struct sigaction& previous = signal == SIGSEGV  ? previous_segv
                                     : signal == SIGBUS ? previous_bus
                                                        : previous_fpe;
  if (previous.sa_flags & SA_SIGINFO) return previous.sa_sigaction(signal, info, context);
  if (previous.sa_handler != SIG_DFL && previous.sa_handler != SIG_IGN)
    return previous.sa_handler(signal);
  std::signal(signal, SIG_DFL);  // returns to the faulting instruction, which now ends the process
}

std::uintptr_t instruction_pointer(const void* context) {
  const auto* c = static_cast<const ucontext_t*>(context);
#if defined(__x86_64__)
  return static_cast<std::uintptr_t>(c->uc_mcontext.gregs[REG_RIP]);
#elif defined(__aarch64__)
  return static_cast<std::uintptr_t>(c->uc_mcontext.pc);
#else
#error "where does this processor keep the place of an interruption?"
#endif
}

/// Leaves translated code alone: elsewhere a lock may be held.
void on_interruption(int signal, siginfo_t*, void* context) {
  const std::uintptr_t place = instruction_pointer(context);
  if (!guard.armed || !guard.form->holds(place)) return;
  guard.armed = 0;
  guard.place = place;
  guard.signal = signal;
  siglongjmp(guard.back, 1);
}

void install_handlers() {
  struct sigaction action {};
  action.sa_sigaction = on_signal;
  action.sa_flags = SA_SIGINFO | SA_NODEFER;
  sigaction(SIGSEGV, &action, &previous_segv);
  sigaction(SIGBUS, &action, &previous_bus);
  sigaction(SIGFPE, &action, &previous_fpe);
  action.sa_sigaction = on_interruption;
  action.sa_flags |= SA_RESTART;
  sigaction(interrupt_signal(), &action, nullptr);
}

[[noreturn]] void report(BlockRunner& runner, const std::string& kernel) {
  if (guard.signal == interrupt_signal()) throw runner.interrupted(guard.place);
  char address[32];
  std::snprintf(address, sizeof address, "%p", guard.address);
  if (guard.signal == SIGFPE)
    throw Fault(Fault::Kind::internal,
                "kernel " + kernel + ": arithmetic trap of the host in " + runner.place());
  throw Fault(Fault::Kind::illegal_address,
              "kernel " + kernel + ": illegal address " + address + " in " + runner.place());
}

}  // namespace

void run_guarded(BlockRunner& runner) {
  static std::once_flag once;
  std::call_once(once, install_handlers);
  const std::string kernel = kernel_info(*runner.work().launch->kernel).name;
  const RunningWorker worker;
  guard.form = runner.work().form;
  if (sigsetjmp(guard.back, 0) != 0) report(runner, kernel);
  guard.armed = 1;
  try {
    runner.run();
  } catch (...) {
    guard.armed = 0;
    throw;
  }
  guard.armed = 0;
}

}  // namespace vgpu
