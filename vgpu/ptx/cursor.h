// cursor.h - a place in the tokens, what may be taken from there, and how a refusal is worded.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "vgpu/ptx/lexer.h"
#include "vgpu/ptx/module.h"

namespace vgpu::ptx {

class Cursor {
 public:
  Cursor(std::vector<Token> tokens, std::string module)
      : tokens_(std::move(tokens)), module_(std::move(module)) {}

  const Token& peek(std::size_t ahead = 0) const;
  const Token& next();
  std::size_t position() const { return at_; }
  int line() const { return peek().line; }
  /// Tokens [from, to) as written, every gap one blank.
  std::string text_between(std::size_t from, std::size_t to) const;

  bool accept(std::string_view symbol);
  bool accept_dot(std::string_view directive);
  void expect(std::string_view symbol);
  /// A name; `what` says in the refusal what it would have been: "a function's name".
  const Token& expect_word(const char* what);
  const Token& expect_dot(const char* what);
  const Token& expect_string(const char* what);

  /// A constant expression of integers: + - * / % << >> & | ^ ~ ( ), C's precedence, 64 bits.
  std::uint64_t integer(const char* what);
  /// Zero or more `+ n` and `- n`, as in [base+8] or symbol-4.
  std::int64_t offset();
  /// An integer expression or a real number, with its sign.
  Operand literal();
  bool at_literal() const;

  [[noreturn]] void fail(const std::string& message) const { fail(line(), message); }
  [[noreturn]] void fail(int line, const std::string& message) const;
  /// "expected <what>, found <the next token>"
  [[noreturn]] void fail_expected(const std::string& what) const;

 private:
  std::uint64_t expression(int lowest, int depth);
  std::uint64_t unary(int depth);
  std::uint64_t apply(std::string_view operation, std::uint64_t a, std::uint64_t b) const;

  std::vector<Token> tokens_;  // the last is `end`
  std::string module_;
  std::size_t at_ = 0;
};

}  // namespace vgpu::ptx
