#include "property_tests/harness/draw.h"

#include <rapidcheck.h>

namespace plumb::properties {
namespace {

template <class T>
T one_of(const std::vector<T>& choices) {
  return choices[*rc::gen::inRange<std::size_t>(0, choices.size())];
}

}  // namespace

std::string draw_word(const std::vector<std::string>& words) { return one_of(words); }
std::int64_t draw_number(const std::vector<std::int64_t>& numbers) { return one_of(numbers); }

std::string draw_dtype() { return draw_word({"f32", "f64", "f16", "bf16"}); }

std::int64_t draw_size() { return draw_number({1, 2, 3, 7, 10, 31, 32, 33, 63, 64, 65, 127, 130}); }

std::int64_t draw_size_or_0() {
  return draw_number({1, 2, 3, 7, 10, 31, 32, 33, 63, 64, 65, 127, 130, 0});
}

std::int64_t draw_depth() {
  return draw_number({1, 2, 4, 15, 16, 17, 31, 32, 33, 64, 127, 128, 129, 255, 257, 0});
}

std::string draw_layout() { return draw_word({"", "/misaligned", "/strided"}); }

std::string draw_option(const std::string& word) { return draw_word({"", "/" + word}); }

std::string draw_seed() {
  return "/seed" + std::to_string(*rc::gen::inRange<std::uint64_t>(0, 1000000));
}

}  // namespace plumb::properties
