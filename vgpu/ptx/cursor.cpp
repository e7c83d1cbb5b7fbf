#include "vgpu/ptx/cursor.h"

#include <algorithm>
#include <bit>
#include <charconv>
#include <cmath>
#include <optional>

namespace vgpu::ptx {
namespace {

constexpr int kDeepestExpression = 64;

std::optional<std::uint64_t> digits(std::string_view text, int base) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  if (text.empty() || error != std::errc{} || end != text.data() + text.size()) return {};
  return value;
}

bool is_real(std::string_view text) {
  if (text.size() > 1 && text[0] == '0' && (text[1] | 32) == 'x') return false;
  if (text.size() > 1 && text[0] == '0' && ((text[1] | 32) == 'f' || (text[1] | 32) == 'd'))
    return true;
  return text.find_first_of(".eE") != std::string_view::npos;
}

std::optional<std::uint64_t> integer_value(std::string_view text) {
  if (!text.empty() && (text.back() | 32) == 'u') text.remove_suffix(1);
  if (text.size() > 1 && text[0] == '0') {
    if ((text[1] | 32) == 'x') return digits(text.substr(2), 16);
    if ((text[1] | 32) == 'b') return digits(text.substr(2), 2);
    return digits(text.substr(1), 8);
  }
  return digits(text, 10);
}

/// 0fXXXXXXXX, 0dXXXXXXXXXXXXXXXX or a decimal number, which is a double.
std::optional<Operand> real_value(std::string_view text) {
  Operand out;
  out.kind = Operand::Kind::real;
  out.width = text.size() > 1 && (text[1] | 32) == 'f' ? 32 : 64;
  if (text.size() > 1 && text[0] == '0' && ((text[1] | 32) == 'f' || (text[1] | 32) == 'd')) {
    const auto bits = digits(text.substr(2), 16);
    if (!bits || text.size() != 2 + static_cast<std::size_t>(out.width) / 4) return {};
    out.bits = *bits;
    return out;
  }
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return {};
  out.bits = std::bit_cast<std::uint64_t>(value);
  return out;
}

/// C's levels; 0: no binary operator.
int precedence(const Token& token) {
  if (token.kind != Token::Kind::symbol) return 0;
  if (token.text == "|") return 1;
  if (token.text == "^") return 2;
  if (token.text == "&") return 3;
  if (token.text == "<<" || token.text == ">>") return 4;
  if (token.text == "+" || token.text == "-") return 5;
  if (token.text == "*" || token.text == "/" || token.text == "%") return 6;
  return 0;
}

constexpr int kMultiplicative = 6;

}  // namespace

const Token& Cursor::peek(std::size_t ahead) const {
  return tokens_[std::min(at_ + ahead, tokens_.size() - 1)];
}

const Token& Cursor::next() {
  const Token& token = tokens_[at_];
  if (token.kind != Token::Kind::end) ++at_;
  return token;
}

std::string Cursor::text_between(std::size_t from, std::size_t to) const {
  std::string out;
  for (std::size_t i = from; i < to; ++i) {
    const Token& token = tokens_[i];
    if (i > from && tokens_[i - 1].offset + tokens_[i - 1].bytes != token.offset) out += ' ';
    if (token.kind == Token::Kind::dot) out += '.';
    if (token.kind == Token::Kind::string) out += '"';
    out += token.text;
    if (token.kind == Token::Kind::string) out += '"';
  }
  return out;
}

bool Cursor::accept(std::string_view symbol) {
  if (!peek().is_symbol(symbol)) return false;
  next();
  return true;
}

bool Cursor::accept_dot(std::string_view directive) {
  if (!peek().is(Token::Kind::dot, directive)) return false;
  next();
  return true;
}

void Cursor::expect(std::string_view symbol) {
  if (!accept(symbol)) fail_expected("'" + std::string(symbol) + "'");
}

const Token& Cursor::expect_word(const char* what) {
  if (peek().kind != Token::Kind::word) fail_expected(what);
  return next();
}

const Token& Cursor::expect_dot(const char* what) {
  if (peek().kind != Token::Kind::dot) fail_expected(what);
  return next();
}

const Token& Cursor::expect_string(const char* what) {
  if (peek().kind != Token::Kind::string) fail_expected(what);
  return next();
}

std::uint64_t Cursor::integer(const char* what) {
  if (!at_literal()) fail_expected(what);
  return expression(1, 0);
}

std::int64_t Cursor::offset() {
  std::uint64_t sum = 0;
  while (peek().is_symbol("+") || peek().is_symbol("-")) {
    const bool minus = next().text == "-";
    const std::uint64_t term = expression(kMultiplicative, 0);
    sum = minus ? sum - term : sum + term;
  }
  return static_cast<std::int64_t>(sum);
}

bool Cursor::at_literal() const {
  const Token& token = peek();
  return token.kind == Token::Kind::number || token.is_symbol("-") || token.is_symbol("+") ||
         token.is_symbol("~") || token.is_symbol("(");
}

Operand Cursor::literal() {
  const bool sign = peek().is_symbol("-");
  const Token& number = peek(sign ? 1 : 0);
  if (number.kind != Token::Kind::number || !is_real(number.text)) {
    Operand out;
    out.kind = Operand::Kind::integer;
    out.bits = integer("a number");
    return out;
  }
  std::optional<Operand> real = real_value(number.text);
  if (!real) fail(number.line, "'" + std::string(number.text) + "' is not a number");
  if (sign) {
    real->bits ^= std::uint64_t{1} << (real->width - 1);
    next();
  }
  next();
  return *real;
}

std::uint64_t Cursor::expression(int lowest, int depth) {
  std::uint64_t value = unary(depth);
  for (int level = precedence(peek()); level >= lowest && level > 0; level = precedence(peek())) {
    const std::string_view operation = next().text;
    value = apply(operation, value, expression(level + 1, depth + 1));
  }
  return value;
}

std::uint64_t Cursor::unary(int depth) {
  if (depth > kDeepestExpression) fail("an expression nested too deeply");
  if (accept("-")) return ~unary(depth + 1) + 1;
  if (accept("+")) return unary(depth + 1);
  if (accept("~")) return ~unary(depth + 1);
  if (accept("(")) {
    const std::uint64_t value = expression(1, depth + 1);
    expect(")");
    return value;
  }
  if (peek().kind != Token::Kind::number) fail_expected("an integer");
  const auto value = integer_value(peek().text);
  if (!value) fail("'" + std::string(peek().text) + "' is not an integer of 64 bits");
  next();
  return *value;
}

std::uint64_t Cursor::apply(std::string_view operation, std::uint64_t a, std::uint64_t b) const {
  switch (operation[0]) {
    case '|':
      return a | b;
    case '^':
      return a ^ b;
    case '&':
      return a & b;
    case '<':
      return b < 64 ? a << b : 0;
    case '>':
      return b < 64 ? a >> b : 0;
    case '+':
      return a + b;
    case '-':
      return a - b;
    case '*':
      return a * b;
    default:
      break;
  }
  if (b == 0) fail("division by zero in a constant");
  return operation == "/" ? a / b : a % b;
}

void Cursor::fail(int line, const std::string& message) const {
  throw Error(module_, line, message);
}

void Cursor::fail_expected(const std::string& what) const {
  const Token& found = peek();
  std::string shown = found.kind == Token::Kind::end ? "the end of the text" : "'";
  if (found.kind != Token::Kind::end) {
    if (found.kind == Token::Kind::dot) shown += '.';
    shown += std::string(found.text.substr(0, 80)) + "'";
  }
  fail("expected " + what + ", found " + shown);
}

}  // namespace vgpu::ptx
