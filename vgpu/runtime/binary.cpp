#include "vgpu/runtime/binary.h"

#include <cstring>

#include "vgpu/runtime/api.h"
#include "vgpu/runtime/fatbin.h"
#include "vgpu/runtime/memory.h"
#include "vgpu/runtime/ptx_link.h"
#include "vgpu/runtime/registry.h"

namespace vgpu::runtime {
namespace {

constexpr const char* kHowToBuild =
    "build it with PTX: nvcc -arch=compute_80, or add -gencode arch=compute_80,code=compute_80";

/// What a program's containers hold, for the refusal.
struct Found {
  std::string ptx, machine_code;

  void add(const FatBinary& binary) {
    for (const PtxImage& image : binary.ptx) append(ptx, "compute_", image.architecture);
    for (int architecture : binary.machine_code) append(machine_code, "sm_", architecture);
  }
  static void append(std::string& list, const char* prefix, int architecture) {
    const std::string one = prefix + std::to_string(architecture);
    if (list.find(one) == std::string::npos) list += (list.empty() ? "" : ", ") + one;
  }
};

[[noreturn]] void refuse(const Found& found, int capability) {
  const std::string device = "compute capability " + std::to_string(capability / 10) + "." +
                             std::to_string(capability % 10);
  std::string why;
  if (!found.ptx.empty())
    why = "the program's PTX is for " + found.ptx + ", above the device's " + device +
          ": choose a newer profile, or build for compute_" + std::to_string(capability) +
          " or below";
  else if (!found.machine_code.empty())
    why = "the program holds machine code alone (" + found.machine_code + "): " + kHowToBuild;
  else
    why = std::string("the program's fat binary is empty: ") + kHowToBuild;
  throw ApiError(cudaErrorNoKernelImageForDevice, why);
}

const PtxImage* best_of(const FatBinary& binary, int capability) {
  const PtxImage* best = nullptr;
  for (const PtxImage& image : binary.ptx)
    if (image.architecture <= capability && (!best || image.architecture > best->architecture))
      best = &image;
  return best;
}

void note(LoadedModule& module, const ptx::Variable& v, bool is_managed, int device) {
  std::size_t bytes = 0;
  if (void* address = module.symbol(v.name, &bytes))
    note_variable(address, bytes, is_managed ? MemoryKind::managed_variable : MemoryKind::variable,
                  device);
}

}  // namespace

ChosenPtx choose_ptx(const void* data, std::size_t available, int capability) {
  WrappedFatBinaries all{data, {}};
  if (is_fat_binary_wrapper(data)) all = unwrap_fat_binary(data);
  Found found;
  const FatBinary whole = read_fat_binary(all.container, available);
  found.add(whole);
  if (const PtxImage* best = best_of(whole, capability))
    return {best->architecture, text_of(*best)};
  ChosenPtx out;
  std::vector<std::string> texts;
  for (const void* object : all.objects) {
    const FatBinary part = read_fat_binary(object);
    const PtxImage* best = best_of(part, capability);
    if (best) {
      out.architecture = std::max(out.architecture, best->architecture);
      texts.push_back(text_of(*best));
    } else {
      found.add(part);
    }
  }
  if (texts.empty()) refuse(found, capability);
  out.text = link_ptx(texts, "ptx" + std::to_string(out.architecture));
  return out;
}

Binary::Binary(std::vector<std::uint8_t> bytes, const std::string& origin)
    : bytes_(std::move(bytes)) {
  static constexpr std::uint8_t kElf[] = {0x7f, 'E', 'L', 'F'};
  const bool long_enough = bytes_.size() >= sizeof kElf;
  if (long_enough && std::memcmp(bytes_.data(), kElf, sizeof kElf) == 0)
    throw ApiError(cudaErrorInvalidKernelImage,
                   origin + " holds machine code, which the virtual GPU cannot run; give it PTX");
  if (long_enough && is_fat_binary(bytes_.data())) return;
  if (long_enough && is_fat_binary_wrapper(bytes_.data())) {
    data_ = bytes_.data();
    return;
  }
  is_text_ = true;
  const std::string_view text(reinterpret_cast<const char*>(bytes_.data()), bytes_.size());
  if (text.find(".version") == std::string_view::npos)
    throw ApiError(cudaErrorInvalidKernelImage, origin + " is neither PTX nor a fat binary");
}

ChosenPtx Binary::chosen_for(int capability) const {
  return data_ ? choose_ptx(data_, 0, capability)
               : choose_ptx(bytes_.data(), bytes_.size(), capability);
}

ptx::Module Binary::read() const {
  const int capability = current_profile().major * 10 + current_profile().minor;
  try {
    if (is_text_) {
      const char* const start = reinterpret_cast<const char*>(bytes_.data());
      return ptx::parse_outline({start, strnlen(start, bytes_.size())}, "ptx");
    }
    ChosenPtx chosen = chosen_for(capability);
    return ptx::parse_outline(std::move(chosen.text), "ptx" + std::to_string(chosen.architecture));
  } catch (const FatBinaryError& error) {
    throw Fault(Fault::Kind::invalid_ptx, error.what());
  } catch (const ptx::Error& error) {
    throw Fault(Fault::Kind::invalid_ptx, error.what());
  }
}

LoadedModule& Binary::module_on(int device) {
  if (const auto known = modules_.find(device); known != modules_.end()) return *known->second;
  const auto module = LoadedModule::load(read(), managed_places_);
  modules_[device] = module;
  note_variables(*module, device);
  return *module;
}

LoadedModule* Binary::loaded_on(int device) const {
  const auto found = modules_.find(device);
  return found == modules_.end() ? nullptr : found->second.get();
}

void Binary::note_variables(LoadedModule& module, int device) {
  for (const ptx::Variable& v : module.ptx().variables) {
    const auto found = managed.find(v.name);
    note(module, v, found != managed.end(), device);
    if (found == managed.end()) continue;
    *found->second = managed_places_[v.name] = module.symbol(v.name, nullptr);
  }
}

void Binary::forget_variables() {
  for (const auto& [device, module] : modules_)
    for (const ptx::Variable& v : module->ptx().variables)
      forget_variable(module->symbol(v.name, nullptr));
}

void Binary::unload(int device) {
  const auto found = modules_.find(device);
  if (found == modules_.end()) return;
  const std::shared_ptr<LoadedModule> module = found->second;
  modules_.erase(found);
  for (const ptx::Variable& v : module->ptx().variables)
    if (!managed.contains(v.name)) forget_variable(module->symbol(v.name, nullptr));
  // The host's code holds the addresses of managed variables, so that their memory stays.
  if (!managed.empty()) retired_.push_back(module);
}

}  // namespace vgpu::runtime
