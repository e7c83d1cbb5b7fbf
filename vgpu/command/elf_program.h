// elf_program.h - what a program on disk is, as far as running it on the virtual GPU goes.
#pragma once

#include <string>
#include <vector>

namespace vgpu::command {

struct Program {
  std::string path;
  bool is_script = false;           // starts with #!: the interpreter's program is not looked into
  std::string interpreter;          // the loader that an ELF program names
  std::vector<std::string> needed;  // DT_NEEDED
};

/// The file that a shell would start by this name. Throws plumb::UsageError when there is none,
/// and when it cannot be executed.
std::string find_program(const std::string& name);

/// Throws plumb::UsageError, one line that says how to build it right, for what cannot run: neither
/// ELF nor script, for another processor, linked statically, with the CUDA runtime linked
/// statically, with machine code and no PTX.
Program read_program(const std::string& path);

}  // namespace vgpu::command
