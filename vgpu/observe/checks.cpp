#include "vgpu/observe/checks.h"

#include <sstream>
#include <stdexcept>
#include <utility>

namespace vgpu::observe {
namespace {

constexpr std::pair<const char*, bool Checks::*> kWords[] = {
    {"memory", &Checks::memory}, {"init", &Checks::init},     {"race", &Checks::race},
    {"sync", &Checks::sync},     {"stream", &Checks::stream}, {"leak", &Checks::leak},
    {"unused", &Checks::unused}};

bool set_word(Checks& checks, const std::string& word) {
  if (word == "off") return true;
  for (const auto& [name, flag] : kWords) {
    if (word == name) return checks.*flag = true;
    if (word == "all" && flag != &Checks::leak && flag != &Checks::unused) checks.*flag = true;
  }
  return word == "all";
}

}  // namespace

void set_checks(Checks& checks, const std::string& where, const std::string& text) {
  std::istringstream words(text);
  bool any = false;
  for (std::string word; std::getline(words, word, ','); any = true)
    if (!set_word(checks, word))
      throw std::invalid_argument(where + " is '" + text +
                                  "', allowed: memory, init, race, sync, stream, leak, unused, "
                                  "all (the first five), off, with commas between");
  if (!any)
    throw std::invalid_argument(
        where + " is empty, allowed: memory, init, race, sync, stream, leak, unused, all");
}

bool is_on(const Checks& checks, const std::string& check) {
  for (const auto& [name, flag] : kWords)
    if (check == name) return checks.*flag;
  return false;
}

std::string name_of(const Checks& checks) {
  std::string out;
  for (const auto& [name, flag] : kWords)
    if (checks.*flag) out += (out.empty() ? "" : ",") + std::string(name);
  return out.empty() ? "off" : out;
}

}  // namespace vgpu::observe
