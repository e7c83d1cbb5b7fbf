// module.cpp - a parsed module placed in memory: variables with their initial values, kernels by
// name.
#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <map>
#include <unordered_map>

#include "vgpu/machine/kernel.h"
#include "vgpu/observe/arena.h"
#include "vgpu/observe/memory_map.h"
#include "vgpu/translate/calls.h"
#include "vgpu/translate/layout.h"

namespace vgpu {
namespace {

constexpr std::size_t kVariableAlign = 256;

void add_variable(const ptx::Variable& v, std::string& key) {
  key += "\n" + v.name + " " + std::to_string(static_cast<int>(v.space)) + " " +
         std::to_string(v.bytes()) + " " + std::to_string(v.align);
}

void add_function(const ptx::Function& f, std::string& key) {
  key += "\n" + f.name;
  for (const auto* list : {&f.parameters, &f.results, &f.variables})
    for (const ptx::Variable& v : *list) add_variable(v, key);
  for (const ptx::Register& r : f.registers)
    key += std::string("\n") + r.name + ptx::name_of(r.type);
  std::map<int, std::string> labels;
  for (const auto& [name, target] : f.labels) labels[target] += name + ":";
  for (std::size_t i = 0; i < f.body.size(); ++i) {
    const auto label = labels.find(static_cast<int>(i));
    key += "\n" + (label == labels.end() ? "" : label->second) + f.body[i].text;
  }
}

/// Everything of the module that a kernel's translated code depends on, as text: the key of the
/// cache on disk. `functions`: the kernel and those that it reaches.
std::string key_of(const ptx::Module& module, const std::vector<const ptx::Function*>& functions) {
  std::string key = module.target;
  for (const ptx::Variable& v : module.variables) add_variable(v, key);
  for (const ptx::Function* f : functions) {
    add_function(*f, key);
    key += "\n@" + std::to_string(translate::function_address(module, f->name));
  }
  return key;
}

class PlacedModule : public LoadedModule {
 public:
  PlacedModule(ptx::Module module, const std::map<std::string, void*>& placed)
      : module_(std::move(module)) {
    for (const ptx::Variable* v : translate::addressed_variables(module_)) {
      const auto known = placed.find(v->name);
      known == placed.end() ? place(*v) : add(v->name, known->second);
    }
    for (const ptx::Variable* v : translate::addressed_variables(module_))
      if (!placed.contains(v->name)) relocate(*v);
  }
  ~PlacedModule() override {
    for (const auto& [memory, bytes] : owned_) give_back(memory, bytes);
  }

  Kernel* kernel(const std::string& name) override {
    const std::lock_guard lock(mutex_);
    auto& made = kernels_[name];
    if (made) return made.get();
    const ptx::Function* function = module_.find_function(name);
    if (!function || !function->is_entry || !function->has_body) return nullptr;
    const auto reached = read_bodies(name);
    made = std::make_unique<Kernel>(module_, *function, key_of(module_, reached));
    made->symbols = addresses_.data();
    return made.get();
  }

  void* symbol(const std::string& name, std::size_t* bytes) override {
    const auto found = index_.find(name);
    if (found == index_.end()) return nullptr;
    if (bytes) *bytes = module_.find_variable(name)->bytes();
    return addresses_[found->second];
  }

  const ptx::Module& ptx() const override { return module_; }

 private:
  std::vector<const ptx::Function*> read_bodies(const std::string& name) {
    try {
      return translate::functions_reached(module_, name);
    } catch (const ptx::Error& error) {
      throw Fault(Fault::Kind::invalid_ptx, error.what());
    }
  }

  void place(const ptx::Variable& v) {
    const std::size_t bytes = (v.bytes() + kVariableAlign - 1) / kVariableAlign * kVariableAlign;
    void* memory = take(bytes ? bytes : kVariableAlign);
    if (!memory)
      throw Fault(Fault::Kind::out_of_resources,
                  module_.name + ": no memory for variable " + v.name);
    std::memset(memory, 0, bytes ? bytes : kVariableAlign);
    if (!v.initial.empty())
      std::memcpy(memory, v.initial.data(), std::min<std::size_t>(v.initial.size(), v.bytes()));
    owned_.emplace_back(memory, bytes);
    make_known(memory, v);
    add(v.name, memory);
  }

  /// To the checks, if there are any.
  static void make_known(void* memory, const ptx::Variable& v) {
    if (!settings().checks.any()) return;
    observe::MemoryMap& map = observe::MemoryMap::get();
    const std::lock_guard lock(map.mutex);
    map.add(memory, v.bytes(), "variable " + v.name + " (" + std::to_string(v.bytes()) + " bytes)",
            true);
  }
  /// While memory is checked, with room around it.
  static void* take(std::size_t bytes) {
    constexpr std::size_t kRoom = 4096;
    if (settings().checks.memory) return observe::Arena::get().allocate(bytes, kRoom);
    return std::aligned_alloc(kVariableAlign, bytes);
  }
  static void give_back(void* memory, std::size_t bytes) {
    if (settings().checks.any()) {
      const std::lock_guard lock(observe::MemoryMap::get().mutex);
      observe::MemoryMap::get().remove(memory);
    }
    if (observe::Arena::holds(memory))
      observe::Arena::get().release(memory, bytes);
    else
      std::free(memory);
  }

  void add(const std::string& name, void* memory) {
    index_[name] = addresses_.size();
    addresses_.push_back(memory);
  }

  /// Addresses inside initializers: of variables, and what stands for those of functions.
  void relocate(const ptx::Variable& v) {
    for (const ptx::Relocation& r : v.relocations) {
      if (r.offset + sizeof(std::uint64_t) > v.bytes()) continue;
      const auto found = index_.find(r.symbol);
      const std::uint64_t value =
          (found == index_.end() ? translate::function_address(module_, r.symbol)
                                 : reinterpret_cast<std::uint64_t>(addresses_[found->second])) +
          static_cast<std::uint64_t>(r.addend);
      std::memcpy(static_cast<char*>(addresses_[index_[v.name]]) + r.offset, &value, sizeof value);
    }
  }

  ptx::Module module_;
  std::vector<void*> addresses_;
  std::vector<std::pair<void*, std::size_t>> owned_;
  std::unordered_map<std::string, std::size_t> index_;
  std::mutex mutex_;
  std::unordered_map<std::string, std::unique_ptr<Kernel>> kernels_;
};

}  // namespace

std::shared_ptr<LoadedModule> LoadedModule::load(ptx::Module module,
                                                 const std::map<std::string, void*>& placed) {
  return std::make_shared<PlacedModule>(std::move(module), placed);
}

}  // namespace vgpu
