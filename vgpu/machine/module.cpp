// module.cpp - a parsed module placed in memory: variables with their initial values, kernels by
// name.
#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <map>
#include <unordered_map>

#include "vgpu/machine/kernel.h"
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
  for (const ptx::Function* f : functions) add_function(*f, key);
  return key;
}

void collect_names(const ptx::Operand& operand, std::vector<std::string>& out) {
  if (!operand.name.empty()) out.push_back(operand.name);
  for (const ptx::Operand& element : operand.elements) collect_names(element, out);
}

class PlacedModule : public LoadedModule {
 public:
  explicit PlacedModule(ptx::Module module) : module_(std::move(module)) {
    for (const ptx::Variable* v : translate::addressed_variables(module_)) place(*v);
    for (const ptx::Variable* v : translate::addressed_variables(module_)) relocate(*v);
  }
  ~PlacedModule() override {
    for (void* p : addresses_) std::free(p);
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
  /// Reads the bodies of a function and of those that it names; returns all of them.
  std::vector<const ptx::Function*> read_bodies(const std::string& name) {
    std::vector<const ptx::Function*> out;
    std::vector<std::string> names{name};
    while (!names.empty()) {
      const std::string next = std::move(names.back());
      names.pop_back();
      const auto found = std::find_if(module_.functions.begin(), module_.functions.end(),
                                      [&](const ptx::Function& f) { return f.name == next; });
      if (found == module_.functions.end() ||
          std::find(out.begin(), out.end(), &*found) != out.end())
        continue;
      try {
        ptx::complete(module_, *found);
      } catch (const ptx::Error& error) {
        throw Fault(Fault::Kind::invalid_ptx, error.what());
      }
      out.push_back(&*found);
      for (const ptx::Instruction& ins : found->body)
        for (const ptx::Operand& operand : ins.operands) collect_names(operand, names);
    }
    return out;
  }

  void place(const ptx::Variable& v) {
    const std::size_t bytes = (v.bytes() + kVariableAlign - 1) / kVariableAlign * kVariableAlign;
    void* memory = std::aligned_alloc(kVariableAlign, bytes ? bytes : kVariableAlign);
    if (!memory)
      throw Fault(Fault::Kind::out_of_resources,
                  module_.name + ": no memory for variable " + v.name);
    std::memset(memory, 0, bytes ? bytes : kVariableAlign);
    if (!v.initial.empty())
      std::memcpy(memory, v.initial.data(), std::min<std::size_t>(v.initial.size(), v.bytes()));
    index_[v.name] = addresses_.size();
    addresses_.push_back(memory);
  }

  /// Addresses inside initializers. Functions have no address here: calls through pointers are
  /// refused where they stand.
  void relocate(const ptx::Variable& v) {
    for (const ptx::Relocation& r : v.relocations) {
      const auto found = index_.find(r.symbol);
      if (found == index_.end() || r.offset + sizeof(std::uint64_t) > v.bytes()) continue;
      const std::uint64_t value = reinterpret_cast<std::uint64_t>(addresses_[found->second]) +
                                  static_cast<std::uint64_t>(r.addend);
      std::memcpy(static_cast<char*>(addresses_[index_[v.name]]) + r.offset, &value, sizeof value);
    }
  }

  ptx::Module module_;
  std::vector<void*> addresses_;
  std::unordered_map<std::string, std::size_t> index_;
  std::mutex mutex_;
  std::unordered_map<std::string, std::unique_ptr<Kernel>> kernels_;
};

}  // namespace

std::shared_ptr<LoadedModule> LoadedModule::load(ptx::Module module) {
  return std::make_shared<PlacedModule>(std::move(module));
}

}  // namespace vgpu
