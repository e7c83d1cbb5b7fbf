#include "vgpu/ptx/lexer.h"

#include <algorithm>
#include <array>
#include <cstdio>

#include "vgpu/ptx/module.h"

namespace vgpu::ptx {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool starts_word(char c) { return is_letter(c) || c == '_' || c == '$' || c == '%'; }
bool continues_word(char c) { return is_letter(c) || is_digit(c) || c == '_' || c == '$'; }

std::string printable(char c) {
  if (c > ' ' && c < 127) return std::string("'") + c + "'";
  char hex[8];
  std::snprintf(hex, sizeof hex, "0x%02x", static_cast<unsigned char>(c));
  return hex;
}

class Lexer {
 public:
  Lexer(std::string_view text, const std::string& module, int line)
      : text_(text), module_(module), line_(line) {}

  std::vector<Token> run() {
    while (skip_blanks()) add_token();
    return end();
  }

  std::vector<Token> run_outline() {
    bool head = false;  // after .entry, .func or .section, before the body or the semicolon
    while (skip_blanks()) {
      if (head && text_[at_] == '{') {
        add_body();
        head = false;
        continue;
      }
      add_token();
      const Token& token = tokens_.back();
      for (const char* directive : {"entry", "func", "section"})
        if (token.is(Token::Kind::dot, directive)) head = true;
      if (token.is_symbol(";")) head = false;
    }
    return end();
  }

 private:
  std::vector<Token> end() {
    tokens_.push_back({Token::Kind::end, line_, text_.size(), 0, {}});
    return std::move(tokens_);
  }

  char at(std::size_t i) const { return i < text_.size() ? text_[i] : '\0'; }

  bool skip_blanks() {
    while (at_ < text_.size()) {
      const char c = text_[at_];
      if (c == '\n') {
        ++line_;
        ++at_;
      } else if (c == ' ' || c == '\t' || c == '\r' || c == '\f' || c == '\v') {
        ++at_;
      } else if (c == '/' && at(at_ + 1) == '/') {
        at_ = std::min(text_.find('\n', at_), text_.size());
      } else if (c == '/' && at(at_ + 1) == '*') {
        skip_comment();
      } else {
        return true;
      }
    }
    return false;
  }

  void skip_comment() {
    const std::size_t end = text_.find("*/", at_ + 2);
    if (end == std::string::npos) throw Error(module_, line_, "a comment that never ends");
    count_lines(at_, end);
    at_ = end + 2;
  }

  void count_lines(std::size_t from, std::size_t end) {
    line_ += static_cast<int>(std::count(text_.begin() + static_cast<std::ptrdiff_t>(from),
                                         text_.begin() + static_cast<std::ptrdiff_t>(end), '\n'));
  }

  void add_token() {
    const char c = text_[at_];
    if (starts_word(c)) return add(Token::Kind::word, at_, word_end(at_ + 1));
    if (is_digit(c)) return add(Token::Kind::number, at_, number_end());
    if (c == '.' && continues_word(at(at_ + 1))) return add(Token::Kind::dot, at_ + 1, dot_end());
    if (c == '"') return add_string();
    if ((c == '<' || c == '>') && at(at_ + 1) == c) return add(Token::Kind::symbol, at_, at_ + 2);
    if (c == '\0' || std::string_view("{}()[]<>,;:+-*/%!~|&^@=").find(c) == std::string_view::npos)
      throw Error(module_, line_, "unexpected character " + printable(c));
    add(Token::Kind::symbol, at_, at_ + 1);
  }

  std::size_t word_end(std::size_t i) const {
    while (continues_word(at(i))) ++i;
    return i;
  }

  std::size_t dot_end() const {
    std::size_t i = word_end(at_ + 1);
    while (at(i) == ':' && at(i + 1) == ':' && continues_word(at(i + 2))) i = word_end(i + 2);
    return i;
  }

  std::size_t number_end() const {
    const bool hexadecimal = at(at_) == '0' && is_letter(at(at_ + 1)) && (at(at_ + 1) | 32) != 'e';
    std::size_t i = at_ + 1;
    while (continues_word(at(i)) || (!hexadecimal && at(i) == '.') ||
           (!hexadecimal && (at(i) == '-' || at(i) == '+') && (at(i - 1) | 32) == 'e'))
      ++i;
    return i;
  }

  /// Just after the string that begins here.
  std::size_t string_end() const {
    std::size_t i = at_ + 1;
    while (i < text_.size() && text_[i] != '"' && text_[i] != '\n')
      i += text_[i] == '\\' && at(i + 1) != '\n' ? 2 : 1;
    if (at(i) != '"') throw Error(module_, line_, "a string that never ends");
    return i + 1;
  }

  void add_string() {
    const std::size_t after = string_end();
    tokens_.push_back(
        {Token::Kind::string, line_, at_, after - at_, text_.substr(at_ + 1, after - at_ - 2)});
    at_ = after;
  }

  /// To the brace that closes the one here.
  void add_body() {
    static constexpr std::array<bool, 256> kEndsRun = [] {
      std::array<bool, 256> table{};
      for (const unsigned char c : {'{', '}', '"', '/'}) table[c] = true;
      return table;
    }();
    const std::size_t from = at_;
    const int line = line_;
    int depth = 0;
    while (at_ < text_.size()) {
      std::size_t next = at_;
      while (next < text_.size() && !kEndsRun[static_cast<unsigned char>(text_[next])]) ++next;
      count_lines(at_, next);
      at_ = next;
      if (!skip_blanks()) break;
      const char c = text_[at_];
      depth += (c == '{') - (c == '}');
      at_ = c == '"' ? string_end() : at_ + 1;
      if (depth == 0) break;
    }
    tokens_.push_back(
        {Token::Kind::body, line, from, at_ - from, text_.substr(from, at_ - from), depth > 0});
  }

  void add(Token::Kind kind, std::size_t from, std::size_t end) {
    tokens_.push_back({kind, line_, at_, end - at_, text_.substr(from, end - from)});
    at_ = end;
  }

  const std::string_view text_;
  const std::string& module_;
  std::size_t at_ = 0;
  int line_;
  std::vector<Token> tokens_;
};

}  // namespace

std::vector<Token> tokenize(std::string_view text, const std::string& module, int line) {
  return Lexer(text, module, line).run();
}

std::vector<Token> tokenize_outline(std::string_view text, const std::string& module) {
  return Lexer(text, module, 1).run_outline();
}

}  // namespace vgpu::ptx
