#include "vgpu/command/elf_program.h"

#include <elf.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <set>
#include <sstream>
#include <string_view>

#include "impl/core/error.h"
#include "vgpu/runtime/fatbin.h"

namespace vgpu::command {
namespace {

using plumb::UsageError;

#if defined(__x86_64__)
constexpr Elf64_Half kMachine = EM_X86_64;
constexpr const char* kMachineName = "x86-64";
#elif defined(__aarch64__)
constexpr Elf64_Half kMachine = EM_AARCH64;
constexpr const char* kMachineName = "aarch64";
#endif

const char* name_of_machine(Elf64_Half machine) {
  switch (machine) {
    case EM_X86_64:
      return "x86-64";
    case EM_AARCH64:
      return "aarch64";
    case EM_386:
      return "32-bit x86";
    case EM_ARM:
      return "32-bit ARM";
    case EM_PPC64:
      return "POWER";
    case EM_RISCV:
      return "RISC-V";
    default:
      return "another processor";
  }
}

class MappedFile {
 public:
  explicit MappedFile(const std::string& path) {
    const int descriptor = open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (descriptor < 0) throw UsageError("cannot read " + path + ": " + std::strerror(errno));
    struct stat status {};
    fstat(descriptor, &status);
    bytes_ = static_cast<std::size_t>(status.st_size);
    if (bytes_ > 0) data_ = mmap(nullptr, bytes_, PROT_READ, MAP_PRIVATE, descriptor, 0);
    close(descriptor);
    if (data_ == MAP_FAILED) throw UsageError("cannot read " + path + ": " + std::strerror(errno));
  }
  ~MappedFile() {
    if (data_) munmap(data_, bytes_);
  }
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;
  std::string_view view() const { return {static_cast<const char*>(data_), bytes_}; }

 private:
  void* data_ = nullptr;
  std::size_t bytes_ = 0;
};

/// A 64-bit ELF file of this byte order; whatever does not lie in the file is taken for absent.
class ElfFile {
 public:
  explicit ElfFile(std::string_view bytes) : bytes_(bytes) {
    header_ = read<Elf64_Ehdr>(0).value_or(Elf64_Ehdr{});
    for (std::size_t i = 0; i < header_.e_phnum; ++i)
      if (const auto segment = read<Elf64_Phdr>(header_.e_phoff + i * sizeof(Elf64_Phdr)))
        segments_.push_back(*segment);
    for (std::size_t i = 0; i < header_.e_shnum; ++i)
      if (const auto section = read<Elf64_Shdr>(header_.e_shoff + i * sizeof(Elf64_Shdr)))
        sections_.push_back(*section);
  }

  const Elf64_Ehdr& header() const { return header_; }
  bool is_64_bit() const { return header_.e_ident[EI_CLASS] == ELFCLASS64; }

  std::string interpreter() const {
    for (const Elf64_Phdr& segment : segments_)
      if (segment.p_type == PT_INTERP) return text_at(segment.p_offset);
    return {};
  }

  std::vector<std::string> needed() const {
    std::vector<std::string> out;
    std::uint64_t strings = 0;
    std::vector<std::uint64_t> names;
    for (const Elf64_Phdr& segment : segments_) {
      if (segment.p_type != PT_DYNAMIC) continue;
      for (std::uint64_t at = 0; at + sizeof(Elf64_Dyn) <= segment.p_filesz;
           at += sizeof(Elf64_Dyn)) {
        const auto entry = read<Elf64_Dyn>(segment.p_offset + at);
        if (!entry || entry->d_tag == DT_NULL) break;
        if (entry->d_tag == DT_NEEDED) names.push_back(entry->d_un.d_val);
        if (entry->d_tag == DT_STRTAB) strings = file_offset(entry->d_un.d_ptr);
      }
    }
    for (const std::uint64_t name : names) out.push_back(text_at(strings + name));
    return out;
  }

  std::optional<std::string_view> section(const std::string& name) const {
    if (header_.e_shstrndx >= sections_.size()) return std::nullopt;
    for (const Elf64_Shdr& s : sections_)
      if (text_at(sections_[header_.e_shstrndx].sh_offset + s.sh_name) == name)
        return part(s.sh_offset, s.sh_type == SHT_NOBITS ? 0 : s.sh_size);
    return std::nullopt;
  }

  /// Whether the dynamic symbol table asks others for the function.
  bool imports(const std::string& name) const {
    for (const Elf64_Shdr& table : sections_) {
      if (table.sh_type != SHT_DYNSYM || table.sh_link >= sections_.size()) continue;
      for (std::uint64_t at = 0; at + sizeof(Elf64_Sym) <= table.sh_size; at += sizeof(Elf64_Sym)) {
        const auto symbol = read<Elf64_Sym>(table.sh_offset + at);
        if (!symbol) break;
        if (symbol->st_shndx == SHN_UNDEF &&
            text_at(sections_[table.sh_link].sh_offset + symbol->st_name) == name)
          return true;
      }
    }
    return false;
  }

 private:
  template <class T>
  std::optional<T> read(std::uint64_t offset) const {
    T value;
    if (offset > bytes_.size() || bytes_.size() - offset < sizeof value) return std::nullopt;
    std::memcpy(&value, bytes_.data() + offset, sizeof value);
    return value;
  }
  std::string_view part(std::uint64_t offset, std::uint64_t count) const {
    if (offset > bytes_.size() || bytes_.size() - offset < count) return {};
    return bytes_.substr(offset, count);
  }
  std::string text_at(std::uint64_t offset) const {
    if (offset >= bytes_.size()) return {};
    const std::string_view rest = bytes_.substr(offset);
    return std::string(rest.substr(0, rest.find('\0')));
  }
  std::uint64_t file_offset(std::uint64_t address) const {
    for (const Elf64_Phdr& segment : segments_)
      if (segment.p_type == PT_LOAD && address >= segment.p_vaddr &&
          address - segment.p_vaddr < segment.p_filesz)
        return address - segment.p_vaddr + segment.p_offset;
    return bytes_.size();
  }

  std::string_view bytes_;
  Elf64_Ehdr header_{};
  std::vector<Elf64_Phdr> segments_;
  std::vector<Elf64_Shdr> sections_;
};

constexpr const char* kWithPtx = "-gencode arch=compute_80,code=compute_80";

void check_device_code(const ElfFile& elf, const std::string& path) {
  const auto section = elf.section(".nv_fatbin");
  if (!section || section->empty()) return;
  // Containers, one an object file, each at a multiple of eight bytes.
  constexpr std::size_t kHeader = 16, kAlign = 8;
  std::set<int> machine_code;
  bool has_ptx = false;
  for (std::size_t at = 0; at + kHeader <= section->size();) {
    const char* data = section->data() + at;
    if (!runtime::is_fat_binary(data)) {
      at += kAlign;
      continue;
    }
    try {
      const runtime::FatBinary found = runtime::read_fat_binary(data, section->size() - at);
      has_ptx |= !found.ptx.empty();
      machine_code.insert(found.machine_code.begin(), found.machine_code.end());
    } catch (const runtime::FatBinaryError& error) {
      throw UsageError(path + ": " + error.what());
    }
    std::uint64_t bytes = 0;
    std::memcpy(&bytes, data + 8, sizeof bytes);
    at += (kHeader + bytes + kAlign - 1) / kAlign * kAlign;
  }
  if (has_ptx || machine_code.empty()) return;
  std::string found;
  for (const int architecture : machine_code)
    found += (found.empty() ? "sm_" : ", sm_") + std::to_string(architecture);
  throw UsageError(path + " holds machine code alone (" + found +
                   ") and no PTX: build it with nvcc " + kWithPtx);
}

void check_elf(const ElfFile& elf, const std::string& path) {
  const Elf64_Half machine = elf.header().e_machine;
  if (!elf.is_64_bit() || machine != kMachine)
    throw UsageError(path + " is a program for " + name_of_machine(machine) + ", this machine is " +
                     kMachineName);
  if (elf.header().e_type != ET_EXEC && elf.header().e_type != ET_DYN)
    throw UsageError(path + " is no program: link it first");
  if (elf.interpreter().empty())
    throw UsageError(path +
                     " is linked statically, so that no library can be put before its own: link it "
                     "dynamically, with nvcc -cudart shared");
  if (elf.section(".nv_fatbin") && !elf.imports("__cudaRegisterFatBinary"))
    throw UsageError(path +
                     " has the CUDA runtime linked into it: build it with nvcc -cudart shared "
                     "(CMake: CMAKE_CUDA_RUNTIME_LIBRARY Shared)");
  check_device_code(elf, path);
}

}  // namespace

std::string find_program(const std::string& name) {
  const auto check = [](const std::string& path) {
    struct stat status {};
    if (stat(path.c_str(), &status) != 0) return false;
    if (S_ISDIR(status.st_mode)) throw UsageError(path + " is a folder, need a program");
    if (access(path.c_str(), X_OK) != 0)
      throw UsageError(path + " is not executable: chmod +x " + path);
    return true;
  };
  if (name.find('/') != std::string::npos) {
    if (check(name)) return name;
    throw UsageError("cannot find the program " + name + ": " + std::strerror(errno));
  }
  const char* path = std::getenv("PATH");
  std::istringstream folders(path ? path : "/usr/local/bin:/usr/bin:/bin");
  for (std::string folder; std::getline(folders, folder, ':');) {
    const std::string candidate = (folder.empty() ? "." : folder) + "/" + name;
    if (access(candidate.c_str(), X_OK) == 0) return candidate;
  }
  throw UsageError("cannot find the program " + name + " in PATH" +
                   (access(name.c_str(), F_OK) == 0 ? "; did you mean ./" + name + "?" : ""));
}

Program read_program(const std::string& path) {
  const MappedFile file(path);
  Program program;
  program.path = path;
  if (file.view().starts_with("#!")) {
    program.is_script = true;
    return program;
  }
  if (!file.view().starts_with(ELFMAG))
    throw UsageError(path + " is neither an ELF program nor a script that starts with #!");
  const ElfFile elf(file.view());
  check_elf(elf, path);
  program.interpreter = elf.interpreter();
  program.needed = elf.needed();
  return program;
}

}  // namespace vgpu::command
