// kernel_argument.h - a kernel's argument as the command line writes it.
//
//   u32:500  f32:0.1  s8:-3  bf16:inf         a scalar, as wide as its type
//   f32[500]:iota=print  u8[]:@in.bin=out.bin  a buffer in device memory: fill, and what becomes of
//   it bytes:@parameter.bin  bytes:00ff10          a parameter by value, as it lies in memory
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace vgpu::command {

enum class Element { u8, s8, u16, s16, u32, s32, u64, s64, f16, bf16, f32, f64 };

struct KernelArgument {
  std::string text;  // as given
  bool is_buffer = false;
  Element element = Element::u32;
  std::uint64_t count = 1;
  std::vector<std::uint8_t> bytes;  // the value, or the buffer's first contents: see fill
  std::string how;                  // of a buffer: its fill
  std::string out;                  // of a buffer: "" nothing, "print", or a file's path
};

std::size_t bytes_of(Element element);
const char* name_of(Element element);

/// A buffer's bytes come with fill(). Throws plumb::UsageError, one line with what was given and
/// what is allowed; plumb::FileError for a file.
KernelArgument read_argument(const std::string& text);

/// The bytes of a buffer, once fill() has made them.
std::uint64_t buffer_bytes(const KernelArgument& argument);
/// Makes a buffer's first contents, out of the file where it names one. Throws the same.
void fill(KernelArgument& argument);

/// The element's value, shortest text that reads back as it.
std::string text_of(Element element, const std::uint8_t* at);

}  // namespace vgpu::command
