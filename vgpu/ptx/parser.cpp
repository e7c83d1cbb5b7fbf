// parser.cpp - the module: directives, variables, functions and how their declarations merge.
#include <algorithm>
#include <charconv>

#include "vgpu/ptx/body.h"
#include "vgpu/ptx/variable.h"

namespace vgpu::ptx {
namespace {

struct Linkage {
  bool external = false, visible = false;
};

class Parser {
 public:
  Parser(std::shared_ptr<const std::string> text, const std::string& name)
      : cursor_(tokenize_outline(*text, name), name) {
    module_.name = name;
    module_.text = std::move(text);
  }

  Module run() {
    while (cursor_.peek().kind != Token::Kind::end) directive();
    if (module_.version_major == 0) cursor_.fail("no .version: this is not PTX");
    if (module_.architecture == 0) cursor_.fail("no .target");
    check_relocations();
    return std::move(module_);
  }

 private:
  void directive() {
    if (cursor_.accept(";")) return;
    const Token token = cursor_.expect_dot("a directive");
    if (token.text == "version") return version();
    if (module_.version_major == 0) cursor_.fail(token.line, "PTX starts with .version");
    if (token.text == "target") return target();
    if (token.text == "address_size") return address_size();
    if (token.text == "file") return file();
    if (token.text == "section") return skip_section();
    if (token.text == "loc") return void(parse_loc(cursor_));
    if (token.text == "pragma") {
      cursor_.expect_string("a string");
      return cursor_.expect(";");
    }
    definition(token);
  }

  void version() {
    const Token number = cursor_.next();
    const char* const end = number.text.data() + number.text.size();
    int major = 0, minor = 0;
    const auto [dot, error] = std::from_chars(number.text.data(), end, major);
    bool right =
        number.kind == Token::Kind::number && error == std::errc{} && dot != end && *dot == '.';
    if (right) {
      const auto [rest, minor_error] = std::from_chars(dot + 1, end, minor);
      right = minor_error == std::errc{} && rest == end && major > 0;
    }
    if (!right) cursor_.fail(number.line, "expected a version as in 9.2");
    if (module_.version_major != 0) cursor_.fail(number.line, "a second .version");
    module_.version_major = major;
    module_.version_minor = minor;
  }

  /// sm_80, compute_90a, and options such as `debug`.
  void target() {
    do {
      const Token word = cursor_.expect_word("a target");
      const std::size_t digits = word.text.starts_with("sm_") ? 3 : 0;
      if (digits == 0) continue;
      int number = 0;
      const char* const end = word.text.data() + word.text.size();
      const auto [rest, error] = std::from_chars(word.text.data() + digits, end, number);
      if (error != std::errc{} || end - rest > 1 || number <= 0)
        cursor_.fail(word.line, "'" + std::string(word.text) + "' is not a target as sm_80");
      module_.target = word.text;
      module_.architecture = number;
    } while (cursor_.accept(","));
  }

  void address_size() {
    const int line = cursor_.line();
    const std::uint64_t bits = cursor_.integer("32 or 64");
    if (bits != 64)
      cursor_.fail(line,
                   "addresses of " + std::to_string(bits) + " bits are not supported, 64 are");
  }

  void file() {
    const int line = cursor_.line();
    const std::uint64_t number = cursor_.integer("a file number");
    if (number > 0x7fffffff) cursor_.fail(line, "a file number that is out of range");
    module_.files[static_cast<int>(number)] = cursor_.expect_string("a file's name").text;
    while (cursor_.accept(",")) cursor_.integer("a time or a size");
  }

  void skip_section() {
    const int line = cursor_.line();
    if (cursor_.peek().kind == Token::Kind::dot)
      cursor_.next();
    else
      cursor_.expect_word("a section's name");
    if (cursor_.peek().kind != Token::Kind::body) cursor_.fail_expected("'{'");
    if (cursor_.next().open) cursor_.fail(line, "a .section that never ends");
  }

  void definition(Token token) {
    Linkage linkage;
    for (;; token = cursor_.expect_dot("a directive")) {
      if (token.text == "extern")
        linkage.external = true;
      else if (token.text == "visible" || token.text == "weak" || token.text == "common")
        linkage.visible = true;
      else
        break;
    }
    if (token.text == "entry" || token.text == "func")
      return function(token.text == "entry", linkage);
    const auto space = space_from_directive(token.text);
    if (!space || (*space != Space::global && *space != Space::constant && *space != Space::shared))
      cursor_.fail(token.line, "'." + std::string(token.text) + "' is not supported here");
    variables(*space, linkage);
  }

  void variables(Space space, const Linkage& linkage) {
    const Variable type = parse_variable_type(cursor_, space);
    do {
      Variable v = parse_declarator(cursor_, type);
      v.external = linkage.external;
      v.visible = linkage.visible;
      if (v.count == 0 && !v.external) cursor_.fail(v.line, v.name + " has no size");
      if (v.external && !v.initial.empty())
        cursor_.fail(v.line, v.name + " is .extern and has a value");
      add(std::move(v));
    } while (cursor_.accept(","));
    cursor_.expect(";");
  }

  void add(Variable v) {
    if (names_.functions.contains(v.name)) cursor_.fail(v.line, v.name + " is a function already");
    const auto [at, fresh] =
        names_.variables.emplace(v.name, static_cast<int>(module_.variables.size()));
    if (fresh) return module_.variables.push_back(std::move(v));
    Variable& known = module_.variables[static_cast<std::size_t>(at->second)];
    if (!known.external && !v.external) cursor_.fail(v.line, v.name + " is defined twice");
    if (known.external) known = std::move(v);
  }

  void function(bool is_entry, const Linkage& linkage) {
    if (cursor_.accept_dot("attribute")) skip_parentheses();
    Function f = parse_function_head(cursor_);
    f.is_entry = is_entry;
    f.visible = linkage.visible;
    if (is_entry && !f.results.empty())
      cursor_.fail(f.line, "entry " + f.name + " returns a value");
    tuning(f);
    if (cursor_.peek().kind == Token::Kind::body) {
      const Token body = cursor_.next();
      f.has_body = true;
      f.body_line = body.line;
      f.body_text = body.text;
      if (body.open) complete(module_, f);  // refuses it at its end
    } else {
      cursor_.expect(";");
    }
    add(std::move(f));
  }

  void skip_parentheses() {
    cursor_.expect("(");
    while (!cursor_.peek().is_symbol(")")) {
      if (cursor_.peek().kind == Token::Kind::end) cursor_.fail_expected("')'");
      cursor_.next();
    }
    cursor_.next();
  }

  /// What stands between a function's head and its body.
  void tuning(Function& f) {
    while (cursor_.peek().kind == Token::Kind::dot) {
      const Token token = cursor_.next();
      if (token.text == "maxntid")
        dimensions(f.max_threads);
      else if (token.text == "reqntid")
        dimensions(f.required_threads);
      else if (token.text == "minnctapersm")
        f.min_blocks_per_sm = count();
      else if (token.text == "maxnreg")
        f.max_registers = count();
      else if (token.text == "maxnctapersm" || token.text == "maxclusterrank")
        count();
      else if (token.text == "abi_preserve" || token.text == "abi_preserve_control")
        count();
      else if (token.text == "reqnctapercluster")
        dimensions(f.cluster_blocks);
      else if (token.text == "pragma")
        pragma();
      else if (token.text != "noreturn" && token.text != "explicitcluster" &&
               token.text != "blocksareclusters")
        cursor_.fail(token.line,
                     "'." + std::string(token.text) + "' is not supported at a function");
    }
  }

  void pragma() {
    cursor_.expect_string("a string");
    cursor_.expect(";");
  }

  std::uint32_t count() {
    const int line = cursor_.line();
    const std::uint64_t value = cursor_.integer("a number");
    if (value > 0x7fffffff) cursor_.fail(line, "a number that is out of range");
    return static_cast<std::uint32_t>(value);
  }

  void dimensions(std::uint32_t (&out)[3]) {
    std::fill(out, out + 3, 1u);
    out[0] = count();
    for (int i = 1; i < 3 && cursor_.accept(","); ++i) out[i] = count();
  }

  void add(Function f) {
    if (names_.variables.contains(f.name)) cursor_.fail(f.line, f.name + " is a variable already");
    int& at = names_.functions.emplace(f.name, -1).first->second;
    if (at < 0) {
      at = static_cast<int>(module_.functions.size());
      return module_.functions.push_back(std::move(f));
    }
    Function& known = module_.functions[static_cast<std::size_t>(at)];
    if (known.is_entry != f.is_entry || known.parameters.size() != f.parameters.size() ||
        known.results.size() != f.results.size())
      cursor_.fail(f.line,
                   f.name + " differs from its declaration in line " + std::to_string(known.line));
    if (known.has_body && f.has_body)
      cursor_.fail(f.line,
                   f.name + " is defined twice, first in line " + std::to_string(known.line));
    if (f.has_body) known = std::move(f);
  }

  void check_relocations() const {
    for (const Variable& v : module_.variables)
      for (const Relocation& r : v.relocations)
        if (!names_.variables.contains(r.symbol) && !names_.functions.contains(r.symbol))
          cursor_.fail(v.line, v.name + " holds the address of unknown " + r.symbol);
  }

  Cursor cursor_;
  Module module_;
  ModuleNames names_;
};

}  // namespace

Module parse_outline(std::string text, const std::string& name) {
  return Parser(std::make_shared<const std::string>(std::move(text)), name).run();
}

void complete(const Module& module, Function& function) {
  if (function.body_text.empty()) return;
  ModuleNames names;
  for (std::size_t i = 0; i < module.variables.size(); ++i)
    names.variables.emplace(module.variables[i].name, static_cast<int>(i));
  for (std::size_t i = 0; i < module.functions.size(); ++i)
    names.functions.emplace(module.functions[i].name, static_cast<int>(i));
  Cursor cursor(tokenize(function.body_text, module.name, function.body_line), module.name);
  parse_body(cursor, function, names);
  function.body_text = {};
}

Module parse(std::string text, const std::string& name) {
  Module module = parse_outline(std::move(text), name);
  for (Function& f : module.functions) complete(module, f);
  return module;
}

}  // namespace vgpu::ptx
