// binary.h - device code that came in one piece, and the modules that it becomes on each device.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "vgpu/machine/machine.h"

namespace vgpu::runtime {

/// The PTX that suits a device of this compute capability (90), linked where it comes in objects of
/// -rdc=true. `data` is a fat binary or a wrapper that points to one; `available`: see fatbin.h.
/// Throws FatBinaryError, and ApiError (cudaErrorNoKernelImageForDevice), whose one line says how
/// to build the program, when nothing suits.
struct ChosenPtx {
  int architecture = 0;
  std::string text;
};
ChosenPtx choose_ptx(const void* data, std::size_t available, int capability);

class Binary {
 public:
  /// Of the program: it lies in its image.
  explicit Binary(const void* wrapper) : data_(wrapper) {}
  /// Loaded at run time: PTX text, a fat binary or a wrapper of one. Throws ApiError
  /// (cudaErrorInvalidKernelImage) for what is none of them.
  Binary(std::vector<std::uint8_t> bytes, const std::string& origin);

  /// Loads it at the first question. Throws ApiError and Fault.
  LoadedModule& module_on(int device);
  LoadedModule* loaded_on(int device) const;
  std::string ptx_for(int capability) const { return chosen_for(capability).text; }
  /// The device is reset: its variables have their initial values again.
  void unload(int device);
  /// It goes, and what is known of its variables' addresses on every device.
  void forget_variables();

  /// The host pointers of managed variables; these lie at one address on every device.
  std::map<std::string, void**> managed;
  void** real_handle = nullptr;  // the real runtime's, where there is one

 private:
  void note_variables(LoadedModule& module, int device);
  ChosenPtx chosen_for(int capability) const;
  ptx::Module read() const;

  const void* data_ = nullptr;
  std::vector<std::uint8_t> bytes_;
  bool is_text_ = false;
  std::map<int, std::shared_ptr<LoadedModule>> modules_;  // by device
  std::vector<std::shared_ptr<LoadedModule>> retired_;
  std::map<std::string, void*> managed_places_;
};

}  // namespace vgpu::runtime
