// lexer.h - PTX text as tokens. Comments and blanks are gone; every token knows its line.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace vgpu::ptx {

struct Token {
  enum class Kind : std::uint8_t {
    word,    // names, opcodes, registers: foo, %r1, $L__BB0_2
    dot,     // a directive or modifier; text without the leading dot: "global", "shared::cta"
    number,  // starts with a digit: 1, 0x1F, 0f3F800000, 9.2
    string,  // text without the quotes
    symbol,  // one punctuation character, or << or >>
    body,    // {...} of a function or a .section (tokenize_outline)
    end,
  };
  Kind kind = Kind::end;
  int line = 0;
  std::size_t offset = 0;  // of the first character, the dot or the quote included
  std::size_t bytes = 0;
  std::string_view text;
  bool open = false;  // a body that the text does not close

  bool is(Kind k, std::string_view t) const { return kind == k && text == t; }
  bool is_symbol(std::string_view t) const { return is(Kind::symbol, t); }
};

/// Cuts the text, whose first line has the number `line`; the last token is `end`. The tokens point
/// into `text`. Throws Error (module.h) with the line for a character that PTX does not have and
/// for what never ends.
std::vector<Token> tokenize(std::string_view text, const std::string& module, int line = 1);

/// The same, but the body of each function and of each .section is one token, of kind `body`, from
/// its brace to the brace that closes it.
std::vector<Token> tokenize_outline(std::string_view text, const std::string& module);

}  // namespace vgpu::ptx
