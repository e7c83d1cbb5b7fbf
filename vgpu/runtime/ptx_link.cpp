#include "vgpu/runtime/ptx_link.h"

#include <algorithm>
#include <charconv>
#include <map>
#include <unordered_map>

#include "vgpu/ptx/lexer.h"
#include "vgpu/ptx/module.h"

namespace vgpu::runtime {
namespace {

using ptx::Token;
using Tokens = std::vector<Token>;

constexpr int kFilesOfAModule = 100000;  // .file numbers of the n-th start at n times this

enum class Linkage { internal, external, visible, weak };

/// A definition or a declaration at the module's level.
struct Statement {
  Linkage linkage = Linkage::internal;
  bool is_function = false, is_global = false, defines = false;
  std::string name;
  std::size_t first = 0, last = 0;  // tokens, both included
};

struct Object {
  std::string_view text;
  Tokens tokens;
  std::vector<Statement> statements;
  std::vector<std::pair<std::size_t, std::size_t>> files;  // tokens of the .file directives
  std::string version, target;
  std::unordered_map<std::string, std::string> renamed;
};

class Reader {
 public:
  Reader(std::string_view text, const std::string& name) : name_(name) {
    object_.text = text;
    object_.tokens = ptx::tokenize_outline(text, name);
  }

  Object run() {
    while (token().kind != Token::Kind::end) {
      if (token().is_symbol(";")) {
        ++at_;
      } else if (token().kind != Token::Kind::dot) {
        throw ptx::Error(name_, token().line,
                         "expected a directive, found '" + std::string(token().text) + "'");
      } else {
        directive();
      }
    }
    if (object_.version.empty()) throw ptx::Error(name_, 1, "no .version: this is not PTX");
    return std::move(object_);
  }

 private:
  const Token& token() const { return object_.tokens[at_]; }
  bool at_end() const { return token().kind == Token::Kind::end; }

  void directive() {
    const std::size_t first = at_++;
    const std::string_view word = object_.tokens[first].text;
    if (word == "version" || word == "address_size") {
      if (!at_end()) ++at_;
      if (word == "version") object_.version = slice(first, at_ - 1);
    } else if (word == "target") {
      skip_to_next_directive();
      object_.target = slice(first, at_ - 1);
    } else if (word == "file") {
      skip_to_next_directive();
      object_.files.emplace_back(first, at_ - 1);
    } else if (word == "loc") {
      skip_to_next_directive();
    } else if (word == "section") {
      while (!at_end() && token().kind != Token::Kind::body) ++at_;
      if (!at_end()) ++at_;
    } else {
      definition(first);
    }
  }

  void skip_to_next_directive() {
    while (!at_end() && token().kind != Token::Kind::dot) ++at_;
  }

  void definition(std::size_t first) {
    Statement s;
    s.first = first;
    int depth = 0;
    bool ended = false, has_body = false;
    for (at_ = first; !at_end() && !ended; ++at_) {
      const Token& t = token();
      if (t.is_symbol("(") || t.is_symbol("{")) ++depth;
      if (t.is_symbol(")") || t.is_symbol("}")) --depth;
      if (depth == 0 && t.kind == Token::Kind::dot) qualify(s, t.text);
      if (depth == 0 && t.kind == Token::Kind::word && s.name.empty()) s.name = t.text;
      has_body = has_body || t.kind == Token::Kind::body;
      ended = t.kind == Token::Kind::body || (depth == 0 && t.is_symbol(";"));
    }
    s.last = at_ - 1;
    s.defines = s.linkage != Linkage::external && (!s.is_function || has_body);
    object_.statements.push_back(std::move(s));
  }

  static void qualify(Statement& s, std::string_view word) {
    if (word == "extern") s.linkage = Linkage::external;
    if (word == "visible") s.linkage = Linkage::visible;
    if (word == "weak" || word == "common") s.linkage = Linkage::weak;
    if (word == "entry" && s.linkage == Linkage::internal) s.linkage = Linkage::visible;
    if (word == "entry" || word == "func") s.is_function = true;
    if (word == "global" || word == "const") s.is_global = true;
  }

  std::string slice(std::size_t first, std::size_t last) const {
    const Token &from = object_.tokens[first], &to = object_.tokens[last];
    return std::string(object_.text.substr(from.offset, to.offset + to.bytes - from.offset));
  }

  std::string name_;
  Object object_;
  std::size_t at_ = 0;
};

/// Copies tokens with names and file numbers replaced.
class Writer {
 public:
  Writer(const Object& object, std::size_t index, const std::string& name)
      : object_(object), offset_(static_cast<int>(index) * kFilesOfAModule), name_(name) {}

  void statement(std::size_t first, std::size_t last, std::string& out) const {
    const Token &from = object_.tokens[first], &to = object_.tokens[last];
    const std::size_t end = to.offset + to.bytes;
    if (offset_ == 0 && object_.renamed.empty()) {
      out += object_.text.substr(from.offset, end - from.offset);
    } else {
      rewrite(object_.text.substr(from.offset, end - from.offset), from.line, out);
    }
    out += "\n";
  }

 private:
  void rewrite(std::string_view text, int line, std::string& out) const {
    const Tokens tokens = ptx::tokenize(text, name_, line);
    std::size_t done = 0;
    for (std::size_t i = 0; i + 1 < tokens.size(); ++i) {
      const std::string other = replacement(tokens, i);
      if (other.empty()) continue;
      out += text.substr(done, tokens[i].offset - done);
      out += other;
      done = tokens[i].offset + tokens[i].bytes;
    }
    out += text.substr(done);
  }

  std::string replacement(const Tokens& tokens, std::size_t i) const {
    const Token& t = tokens[i];
    if (t.kind == Token::Kind::word) {
      const auto found = object_.renamed.find(std::string(t.text));
      return found == object_.renamed.end() ? "" : found->second;
    }
    if (t.kind != Token::Kind::number || i == 0 || offset_ == 0) return "";
    const Token& before = tokens[i - 1];
    const bool names_a_file = before.is(Token::Kind::dot, "loc") ||
                              before.is(Token::Kind::dot, "file") ||
                              before.is(Token::Kind::word, "inlined_at");
    int number = 0;
    const char* const end = t.text.data() + t.text.size();
    if (!names_a_file || std::from_chars(t.text.data(), end, number).ptr != end) return "";
    return std::to_string(number % kFilesOfAModule + offset_);
  }

  const Object& object_;
  const int offset_;
  const std::string& name_;
};

class Linker {
 public:
  Linker(const std::vector<std::string>& texts, const std::string& name) : name_(name) {
    for (const std::string& text : texts) objects_.push_back(Reader(text, name).run());
  }

  std::string run() {
    for (const Object& object : objects_)
      for (const Statement& s : object.statements) choose(object, s);
    for (std::size_t i = 0; i < objects_.size(); ++i) keep_apart(objects_[i], i);
    return write();
  }

 private:
  struct Definition {
    const Statement* statement = nullptr;
    const Object* object = nullptr;
  };

  /// The definition that a name stands for outside its module; and in how many modules it occurs.
  void choose(const Object& object, const Statement& s) {
    auto& seen = modules_of_[s.name];
    if (seen.empty() || seen.back() != &object) seen.push_back(&object);
    if (!s.defines || s.linkage == Linkage::internal) return;
    Definition& best = definitions_[s.name];
    if (best.statement && best.object != &object && best.statement->linkage == Linkage::visible &&
        s.linkage == Linkage::visible)
      throw ptx::Error(name_, object.tokens[s.first].line, s.name + " is defined in two modules");
    const bool better = !best.statement ||
                        (best.statement->linkage == Linkage::weak && s.linkage == Linkage::visible);
    if (better) best = {&s, &object};
  }

  void keep_apart(Object& object, std::size_t index) {
    for (const Statement& s : object.statements)
      if (s.linkage == Linkage::internal && modules_of_[s.name].size() > 1)
        object.renamed[s.name] = s.name + "$module" + std::to_string(index);
  }

  bool stays(const Object& object, const Statement& s) const {
    if (s.linkage == Linkage::internal) return true;
    const auto found = definitions_.find(s.name);
    if (found == definitions_.end()) {
      if (s.is_global)
        throw ptx::Error(name_, object.tokens[s.first].line,
                         "variable " + s.name + " is defined in no PTX of the program");
      return modules_of_.at(s.name).front() == &object;
    }
    return s.defines ? found->second.statement == &s : found->second.object == &object;
  }

  std::string write() const {
    std::string out = newest_version() + "\n" + objects_.front().target + "\n.address_size 64\n";
    for (std::size_t i = 0; i < objects_.size(); ++i) {
      const Object& object = objects_[i];
      const Writer writer(object, i, name_);
      for (const auto& [first, last] : object.files) writer.statement(first, last, out);
      for (const Statement& s : object.statements)
        if (stays(object, s)) writer.statement(s.first, s.last, out);
    }
    return out;
  }

  std::string newest_version() const {
    const auto number = [](const Object& o) {
      const auto digit = o.version.find_first_of("0123456789");
      return digit == std::string::npos ? 0.0 : std::strtod(o.version.c_str() + digit, nullptr);
    };
    return std::max_element(objects_.begin(), objects_.end(),
                            [&](const auto& a, const auto& b) { return number(a) < number(b); })
        ->version;
  }

  const std::string& name_;
  std::vector<Object> objects_;
  std::map<std::string, Definition> definitions_;
  std::unordered_map<std::string, std::vector<const Object*>> modules_of_;
};

}  // namespace

std::string link_ptx(const std::vector<std::string>& texts, const std::string& name) {
  return texts.size() == 1 ? texts.front() : Linker(texts, name).run();
}

}  // namespace vgpu::runtime
