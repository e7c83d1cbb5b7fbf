// draw.h - parts of case ids, drawn inside a claim; each shrinks to the first of its choices.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace plumb::properties {

/// One of them.
std::string draw_word(const std::vector<std::string>& words);
std::int64_t draw_number(const std::vector<std::int64_t>& numbers);

std::string draw_dtype();  // f32, f64, f16, bf16
/// 1, 2, 3 and both sides of the warp's and the tiles' edges, up to 130.
std::int64_t draw_size();
/// The same, or 0.
std::int64_t draw_size_or_0();
/// Length of a sum: also both sides of the chunk of 128 and of two of them, or 0.
std::int64_t draw_depth();
std::string draw_layout();                         // "", "/misaligned", "/strided"
std::string draw_option(const std::string& word);  // "" or "/word"
std::string draw_seed();                           // "/seed7"

}  // namespace plumb::properties
