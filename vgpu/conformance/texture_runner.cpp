#include "vgpu/conformance/texture_runner.h"

#include "vgpu/conformance/kernel_text.h"

namespace vgpu::conformance {
namespace {

constexpr u32 kWarp = 32;

std::string number(std::size_t value) { return std::to_string(value); }

const char* type_of_letter(char letter) {
  return letter == 'h' ? ".b16" : letter == 'l' ? ".b64" : ".b32";
}

std::string head() {
  std::string out =
      std::string(kHeader) +
      ".visible .entry texture(.param .u64 p_in, .param .u64 p_out, .param .u32 p_mask, .param "
      ".u32 p_guard, .param .u32 p_count)\n{\n"
      ".reg .b64 %in, %out, %at, %object, %l<4>; .reg .b32 %w<16>, %d<4>, %lane, %index, %word, "
      "%mask, %guard, %count; .reg .b16 %h<4>; .reg .pred %take, %given;\n"
      "ld.param.u64 %in, [p_in];\nld.param.u64 %out, [p_out];\nld.param.u32 %mask, [p_mask];\n"
      "ld.param.u32 %guard, [p_guard];\nld.param.u32 %count, [p_count];\nmov.u32 %lane, %tid.x;\n"
      "mov.u32 %index, %ctaid.x;\nmad.lo.u32 %index, %index, 32, %lane;\n"
      "mad.wide.u32 %in, %index, 64, %in;\nld.global.u64 %object, [%in];\n";
  for (std::size_t k = 0; k < kTextureWords; ++k)
    out += "ld.global.b32 %w" + number(k) + ", [%in+" + number(4 * k) + "];\n";
  return out + lane_predicate("%take", "%mask") + lane_predicate("%given", "%guard") +
         "@!%take bra END;\n";
}

std::string section_text(const TextureSection& section, std::size_t place, bool guarded) {
  std::string out;
  for (int k = 0; k < section.count; ++k)
    out += std::string("mov") + type_of_letter(section.results) + " %" + section.results +
           std::to_string(k) + ", " + std::to_string(untouched(section.results)) + ";\n";
  out += section.before;
  out += (guarded ? "@%given " : "") + section.text + ";\n";
  out += "mad.lo.u32 %word, %count, " + number(place) +
         ", %index;\nmad.wide.u32 %at, %word, 32, %out;\n";
  for (int k = 0; k < section.count; ++k)
    out += std::string("st.global") + type_of_letter(section.results) + " [%at+" +
           std::to_string(8 * k) + "], %" + section.results + std::to_string(k) + ";\n";
  return out;
}

}  // namespace

u64 untouched(char letter) {
  return letter == 'h' ? kUntouched & 0xffff : letter == 'l' ? kUntouched : kUntouched & 0xffffffff;
}

std::string texture_kernel(const std::vector<TextureSection>& sections, bool guards) {
  std::string out = head();
  std::size_t place = 0;
  for (const bool guarded : {false, true}) {
    if (guarded && !guards) break;
    for (const TextureSection& section : sections) out += section_text(section, place++, guarded);
  }
  return out + "END:\nret;\n}\n";
}

TextureKernel::TextureKernel(const std::string& ptx)
    : module_(LoadedModule::load(ptx::parse(ptx, "conformance"))) {}

std::vector<std::vector<TextureResults>> TextureKernel::run(std::size_t sections,
                                                            const std::vector<TextureWords>& lanes,
                                                            u32 mask, u32 guard) const {
  std::vector<TextureResults> all(sections * lanes.size());
  struct {
    const void* in;
    void* out;
    u32 mask, guard, count;
  } parameters{lanes.data(), all.data(), mask, guard, static_cast<u32>(lanes.size())};
  launch({module_->kernel("texture"),
          {static_cast<u32>(lanes.size()) / kWarp},
          {kWarp},
          0,
          &parameters,
          false},
         profile("b200"));
  std::vector<std::vector<TextureResults>> out;
  for (std::size_t s = 0; s < sections; ++s)
    out.emplace_back(all.begin() + static_cast<std::ptrdiff_t>(s * lanes.size()),
                     all.begin() + static_cast<std::ptrdiff_t>((s + 1) * lanes.size()));
  return out;
}

}  // namespace vgpu::conformance
