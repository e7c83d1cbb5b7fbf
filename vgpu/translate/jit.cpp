#include "vgpu/translate/jit.h"

#include <llvm/ADT/StringExtras.h>
#include <llvm/DebugInfo/DWARF/DWARFContext.h>
#include <llvm/ExecutionEngine/Orc/CompileUtils.h>
#include <llvm/ExecutionEngine/Orc/LLJIT.h>
#include <llvm/IR/LLVMContext.h>
#include <llvm/IR/Module.h>
#include <llvm/IR/Verifier.h>
#include <llvm/Object/ELFObjectFile.h>
#include <llvm/Passes/PassBuilder.h>
#include <llvm/Support/FileSystem.h>
#include <llvm/Support/SHA256.h>
#include <llvm/Support/TargetSelect.h>
#include <llvm/Target/TargetMachine.h>
#include <llvm/TargetParser/Host.h>
#include <llvm/Transforms/InstCombine/InstCombine.h>
#include <llvm/Transforms/Scalar/ADCE.h>
#include <llvm/Transforms/Scalar/EarlyCSE.h>
#include <llvm/Transforms/Scalar/LICM.h>
#include <llvm/Transforms/Scalar/LoopPassManager.h>
#include <llvm/Transforms/Scalar/SROA.h>
#include <llvm/Transforms/Scalar/SimplifyCFG.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <mutex>
#include <vector>

#include "vgpu/isa/helpers.h"
#include "vgpu/machine/machine.h"
#include "vgpu/translate/affine_slots.h"
#include "vgpu/translate/sources_hash.h"

namespace vgpu::translate {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

[[noreturn]] void internal(const std::string& what) {
  throw Fault(Fault::Kind::internal, "virtual GPU: " + what);
}

template <class T>
T check(llvm::Expected<T> value, const char* doing) {
  if (!value) internal(std::string(doing) + ": " + llvm::toString(value.takeError()));
  return static_cast<T&&>(*value);
}

void check(llvm::Error error, const char* doing) {
  if (error) internal(std::string(doing) + ": " + llvm::toString(std::move(error)));
}

std::string sha256(const std::string& text) {
  const auto digest = llvm::SHA256::hash(
      llvm::ArrayRef(reinterpret_cast<const std::uint8_t*>(text.data()), text.size()));
  return llvm::toHex(digest, true);
}

std::vector<HelperAddress>& extra_helpers() {
  static std::vector<HelperAddress> helpers;
  return helpers;
}

llvm::orc::JITTargetMachineBuilder host_machine() {
  llvm::InitializeNativeTarget();
  llvm::InitializeNativeTargetAsmPrinter();
  auto builder = check(llvm::orc::JITTargetMachineBuilder::detectHost(), "detecting the processor");
  builder.setCodeGenOptLevel(llvm::CodeGenOptLevel::Default);
  llvm::SubtargetFeatures features;
  for (const auto& [name, on] : llvm::sys::getHostCPUFeatures())
    if (!name.starts_with("avx10")) features.AddFeature(name, on);
  builder.getFeatures() = features;
  return builder;
}

constexpr const char* kEfforts[] = {" little", " medium", " full"};

/// Where a function's code lies in an object file.
struct CodeRange {
  std::uint64_t begin = 0, bytes = 0;
};

CodeRange range_of(const llvm::object::ObjectFile& object, const std::string& name) {
  for (const llvm::object::ELFSymbolRef symbol : object.symbols()) {
    if (symbol.getELFType() != llvm::ELF::STT_FUNC) continue;
    if (llvm::cantFail(symbol.getName()) == name)
      return {llvm::cantFail(symbol.getAddress()), symbol.getSize()};
  }
  internal("the object file of " + name + " lacks its code");
}

class Jit {
 public:
  Jit() : machine_(check(host_machine().createTargetMachine(), "making the code generator")) {
    identity_ = std::string(kSourcesHash) + LLVM_VERSION_STRING + machine_->getTargetCPU().str() +
                machine_->getTargetFeatureString().str();
    jit_ = check(llvm::orc::LLJITBuilder().setJITTargetMachineBuilder(host_machine()).create(),
                 "making the linker");
    auto& library = jit_->getMainJITDylib();
    llvm::orc::SymbolMap symbols;
    const auto add = [&](const char* name, void* address) {
      symbols[jit_->mangleAndIntern(name)] = {llvm::orc::ExecutorAddr::fromPtr(address),
                                              llvm::JITSymbolFlags::Exported};
    };
    for (const auto& helper : isa::helper_symbols()) add(helper.name, helper.address);
    for (const auto& helper : affine_slot_symbols()) add(helper.name, helper.address);
    for (const auto& helper : extra_helpers()) add(helper.name, helper.address);
    check(library.define(llvm::orc::absoluteSymbols(std::move(symbols))), "defining the helpers");
    library.addGenerator(check(llvm::orc::DynamicLibrarySearchGenerator::GetForCurrentProcess(
                                   jit_->getDataLayout().getGlobalPrefix()),
                               "opening the process's symbols"));
  }

  bool is_cached(const std::string& key, const std::string& folder, Effort effort) const {
    std::error_code error;
    return !folder.empty() && fs::exists(fs::path(folder) / (name_of(key, effort) + ".o"), error);
  }

  CompileResult compile(const std::string& key, const std::string& folder, Effort effort,
                        const std::function<void(llvm::Module&, const std::string&)>& translate) {
    const std::string name = name_of(key, effort);
    CompileResult result;
    auto start = Clock::now();
    std::unique_ptr<llvm::MemoryBuffer> object =
        folder.empty() ? nullptr : read_cached(folder, name);
    result.from_cache = object != nullptr;
    if (!object) {
      llvm::LLVMContext context;
      llvm::Module module(name, context);
      module.setDataLayout(machine_->createDataLayout());
      module.setTargetTriple(machine_->getTargetTriple().str());
      translate(module, name);
      result.translate_seconds = seconds_since(start);
      start = Clock::now();
      dump(module, name, "ll");
      optimise(module);
      dump(module, name, "opt.ll");
      object = generate(module, effort);
      result.compile_seconds = seconds_since(start);
      if (!folder.empty()) write_cached(folder, name, *object);
      start = Clock::now();
    }
    result.code_bytes =
        range_of(*check(llvm::object::ObjectFile::createObjectFile(*object), "reading"), name)
            .bytes;
    // A library for each object: two modules of a process may hold the same kernel.
    auto& library =
        check(jit_->createJITDylib(name + "_" + std::to_string(++libraries_)), "linking");
    library.addToLinkOrder(jit_->getMainJITDylib());
    check(jit_->addObjectFile(library, std::move(object)), "linking");
    result.code = check(jit_->lookup(library, name), "linking").toPtr<TranslatedCode>();
    result.load_seconds = seconds_since(start);
    return result;
  }

  int instruction_at(std::uint64_t offset, Effort effort,
                     const std::function<void(llvm::Module&, const std::string&)>& translate) {
    const std::string name = "places";
    llvm::LLVMContext context;
    llvm::Module module(name, context);
    module.setDataLayout(machine_->createDataLayout());
    module.setTargetTriple(machine_->getTargetTriple().str());
    translate(module, name);
    optimise(module);
    const auto bytes = generate(module, effort);
    const auto object = check(llvm::object::ObjectFile::createObjectFile(*bytes), "reading");
    const CodeRange range = range_of(*object, name);
    if (offset >= range.bytes) return -1;
    const auto places = llvm::DWARFContext::create(*object);
    // Code without a line is what the generator puts before the next row's instruction.
    int line = 0;
    for (const auto& unit : places->compile_units())
      for (const auto& row : places->getLineTableForUnit(unit.get())->Rows) {
        if (row.EndSequence ||
            (row.Address.Address - range.begin > offset && line >= kFirstInstructionsLine))
          break;
        line = static_cast<int>(row.Line);
      }
    return std::max(line - kFirstInstructionsLine, -1);
  }

 private:
  std::string name_of(const std::string& key, Effort effort) const {
    return "vgpu_" + sha256(identity_ + key + kEfforts[static_cast<int>(effort)]).substr(0, 32);
  }

  void optimise(llvm::Module& module) {
    std::string complaint;
    llvm::raw_string_ostream stream(complaint);
    if (llvm::verifyModule(module, &stream)) internal("the translation is malformed: " + complaint);
    llvm::LoopAnalysisManager loops;
    llvm::FunctionAnalysisManager functions;
    llvm::CGSCCAnalysisManager calls;
    llvm::ModuleAnalysisManager modules;
    llvm::PassBuilder builder(machine_.get());
    builder.registerModuleAnalyses(modules);
    builder.registerCGSCCAnalyses(calls);
    builder.registerFunctionAnalyses(functions);
    builder.registerLoopAnalyses(loops);
    builder.crossRegisterProxies(loops, functions, calls, modules);
    llvm::FunctionPassManager passes;
    passes.addPass(llvm::SROAPass(llvm::SROAOptions::ModifyCFG));
    passes.addPass(llvm::EarlyCSEPass(true));
    passes.addPass(llvm::SimplifyCFGPass());
    passes.addPass(llvm::InstCombinePass());
    passes.addPass(
        llvm::createFunctionToLoopPassAdaptor(llvm::LICMPass(llvm::LICMOptions()), true));
    passes.addPass(llvm::EarlyCSEPass(true));
    passes.addPass(llvm::ADCEPass());
    passes.addPass(llvm::SimplifyCFGPass());
    for (llvm::Function& function : module)
      if (!function.isDeclaration()) passes.run(function, functions);
  }

  std::unique_ptr<llvm::MemoryBuffer> generate(llvm::Module& module, Effort effort) {
    machine_->setOptLevel(effort == Effort::little ? llvm::CodeGenOptLevel::None
                                                   : llvm::CodeGenOptLevel::Default);
    return check(llvm::orc::SimpleCompiler(*machine_)(module), "compiling");
  }

  static void dump(const llvm::Module& module, const std::string& name, const char* extension) {
    const std::string& folder = settings().dump_folder;
    if (folder.empty()) return;
    const std::string path = (fs::path(folder) / (name + "." + extension)).string();
    std::error_code error;
    llvm::raw_fd_ostream file(path, error);
    if (error) internal("cannot write " + path + ": " + error.message());
    module.print(file, nullptr);
  }

  // A cached file is the object followed by the SHA-256 of its bytes.
  static constexpr std::size_t kDigestBytes = 64;

  static std::unique_ptr<llvm::MemoryBuffer> read_cached(const std::string& folder,
                                                         const std::string& name) {
    std::ifstream file(fs::path(folder) / (name + ".o"), std::ios::binary);
    if (!file) return nullptr;
    std::string bytes((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
    if (bytes.size() < kDigestBytes) return nullptr;
    const std::string digest = bytes.substr(bytes.size() - kDigestBytes);
    bytes.resize(bytes.size() - kDigestBytes);
    if (sha256(bytes) != digest) return nullptr;
    return llvm::MemoryBuffer::getMemBufferCopy(bytes, name);
  }

  /// A cache that cannot be written (full disk, no rights) is no cache: the program goes on.
  static void write_cached(const std::string& folder, const std::string& name,
                           const llvm::MemoryBuffer& object) {
    std::error_code error;
    fs::create_directories(folder, error);
    const fs::path path = fs::path(folder) / (name + ".o");
    llvm::SmallString<128> temporary;
    int descriptor = -1;
    if (llvm::sys::fs::createUniqueFile(path.string() + ".%%%%%%", descriptor, temporary)) return;
    llvm::raw_fd_ostream file(descriptor, true);
    file << object.getBuffer() << sha256(object.getBuffer().str());
    file.close();
    if (file.has_error()) {
      file.clear_error();
      fs::remove(temporary.c_str(), error);
      return;
    }
    fs::rename(temporary.c_str(), path, error);
    if (error) fs::remove(temporary.c_str(), error);
  }

  std::unique_ptr<llvm::TargetMachine> machine_;
  std::unique_ptr<llvm::orc::LLJIT> jit_;
  std::string identity_;
  int libraries_ = 0;
};

}  // namespace

void add_helpers(std::span<const HelperAddress> helpers) {
  extra_helpers().insert(extra_helpers().end(), helpers.begin(), helpers.end());
}

namespace {

std::mutex jit_mutex;

/// Lives as long as the process: code may run while static objects are destroyed.
Jit& the_jit() {
  static Jit* jit = new Jit;
  return *jit;
}

}  // namespace

CompileResult compile(const std::string& key, const std::string& cache_folder, Effort effort,
                      const std::function<void(llvm::Module&, const std::string&)>& translate) {
  const std::lock_guard lock(jit_mutex);
  return the_jit().compile(key, cache_folder, effort, translate);
}

bool is_cached(const std::string& key, const std::string& cache_folder, Effort effort) {
  const std::lock_guard lock(jit_mutex);
  return the_jit().is_cached(key, cache_folder, effort);
}

int instruction_at(std::uint64_t offset, Effort effort,
                   const std::function<void(llvm::Module&, const std::string&)>& translate) {
  const std::lock_guard lock(jit_mutex);
  return the_jit().instruction_at(offset, effort, translate);
}

}  // namespace vgpu::translate
