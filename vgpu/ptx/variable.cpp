#include "vgpu/ptx/variable.h"

#include <algorithm>
#include <bit>
#include <cstring>

namespace vgpu::ptx {
namespace {

constexpr std::uint64_t kLargestVariable = std::uint64_t{1} << 40;  // bytes
constexpr std::uint64_t kLargestAlign = 65536;
constexpr std::uint64_t kWidestGap =
    65536;  // bytes between two initial values: rows filled in part
constexpr std::size_t kMostDimensions = 8;
constexpr std::size_t kAddressBytes = 8;

std::uint32_t parse_align(Cursor& cursor) {
  const int line = cursor.line();
  const std::uint64_t align = cursor.integer("an alignment");
  if (!std::has_single_bit(align) || align > kLargestAlign)
    cursor.fail(line, "alignment " + std::to_string(align) + " is not a power of two up to " +
                          std::to_string(kLargestAlign));
  return static_cast<std::uint32_t>(align);
}

void skip_attribute(Cursor& cursor) {
  cursor.expect("(");
  for (int depth = 1; depth > 0;) {
    if (cursor.peek().kind == Token::Kind::end) cursor.fail_expected("')'");
    const Token& token = cursor.next();
    if (token.is_symbol("(")) ++depth;
    if (token.is_symbol(")")) --depth;
  }
}

/// .ptr .space .align N tells where a parameter points; nothing here needs it.
void skip_pointee(Cursor& cursor) {
  const Token& token = cursor.peek();
  if (token.kind == Token::Kind::dot && space_from_directive(token.text)) cursor.next();
  if (cursor.accept_dot("align")) parse_align(cursor);
}

class Initializer {
 public:
  Initializer(Cursor& cursor, Variable& variable, std::vector<std::uint64_t> dimensions)
      : cursor_(cursor),
        variable_(variable),
        dimensions_(std::move(dimensions)),
        element_bytes_(variable.bytes() / std::max<std::uint64_t>(variable.count, 1)) {
    open_ended_ = !dimensions_.empty() && dimensions_[0] == 0;
  }

  /// Returns how many elements of the first dimension were given.
  std::uint64_t run() {
    const std::uint64_t given = dimensions_.empty() ? (element(0), 1) : list(0, 0);
    if (masked_.next != 0) cursor_.fail("an address given by bytes that lacks some of its 8 bytes");
    return given;
  }

 private:
  struct MaskedAddress {  // 0xFF(symbol), 0xFF00(symbol) ...: an address byte by byte
    Relocation address;
    std::size_t next = 0;  // the byte that must follow; 0: none is open
  };

  std::uint64_t list(std::size_t level, std::uint64_t first) {
    std::uint64_t stride = 1;
    for (std::size_t i = level + 1; i < dimensions_.size(); ++i) stride *= dimensions_[i];
    cursor_.expect("{");
    std::uint64_t count = 0;
    if (cursor_.accept("}")) return 0;
    do {
      if (!(level == 0 && open_ended_) && count == dimensions_[level])
        cursor_.fail("more initial values than the " + std::to_string(dimensions_[level]) +
                     " elements of " + variable_.name);
      if (cursor_.peek().is_symbol("{") && level + 1 == dimensions_.size())
        cursor_.fail("braces deeper than the dimensions of " + variable_.name);
      const std::uint64_t at = first + count * stride;
      if (level + 1 < dimensions_.size())
        list(level + 1, at);
      else
        element(at);
      ++count;
    } while (cursor_.accept(","));
    cursor_.expect("}");
    return count;
  }

  void element(std::uint64_t index) {
    const std::uint64_t at = index * element_bytes_;
    const Token& token = cursor_.peek();
    if (token.kind == Token::Kind::number && cursor_.peek(1).is_symbol("(")) return masked(at);
    if (masked_.next != 0) cursor_.fail("an address given by bytes that lacks some of its 8 bytes");
    if (token.kind == Token::Kind::word) {
      if (element_bytes_ != kAddressBytes)
        cursor_.fail("an address needs an element of 64 bits, not ." +
                     std::string(name_of(variable_.type)));
      Relocation address = symbol(at);
      put(at, 0, kAddressBytes);
      variable_.relocations.push_back(std::move(address));
      return;
    }
    if (!cursor_.at_literal()) cursor_.fail_expected("an initial value");
    put(at, encoded(cursor_.literal()), element_bytes_);
  }

  Relocation symbol(std::uint64_t at) {
    Relocation out{at, std::string(cursor_.expect_word("a name").text), 0, false};
    if (out.symbol == "generic" && cursor_.accept("(")) {
      out.generic = true;
      out.symbol = cursor_.expect_word("a name").text;
      out.addend = cursor_.offset();
      cursor_.expect(")");
    }
    out.addend += cursor_.offset();
    return out;
  }

  void masked(std::uint64_t at) {
    const int line = cursor_.line();
    const Token& token = cursor_.next();
    cursor_.expect("(");
    Relocation address = symbol(at);
    cursor_.expect(")");
    constexpr const char* kMasks[kAddressBytes] = {
        "0xFF",         "0xFF00",         "0xFF0000",         "0xFF000000",
        "0xFF00000000", "0xFF0000000000", "0xFF000000000000", "0xFF00000000000000"};
    const bool follows = masked_.next == 0 || (address.symbol == masked_.address.symbol &&
                                               address.addend == masked_.address.addend &&
                                               address.generic == masked_.address.generic);
    if (element_bytes_ != 1 || token.text != kMasks[masked_.next] || !follows)
      cursor_.fail(line, "an address given by bytes that are not its 8 bytes in order");
    if (masked_.next == 0) masked_.address = std::move(address);
    put(at, 0, 1);
    if (++masked_.next < kAddressBytes) return;
    variable_.relocations.push_back(masked_.address);
    masked_ = {};
  }

  std::uint64_t encoded(const Operand& literal) const {
    if (variable_.type != Type::f32 && variable_.type != Type::f64) {
      if (literal.kind == Operand::Kind::real)
        cursor_.fail("a real number for ." + std::string(name_of(variable_.type)));
      return literal.bits;
    }
    const bool integer = literal.kind == Operand::Kind::integer;
    if (!integer && literal.width == bits_of(variable_.type)) return literal.bits;
    const double value = integer ? static_cast<double>(static_cast<std::int64_t>(literal.bits))
                         : literal.width == 32
                             ? std::bit_cast<float>(static_cast<std::uint32_t>(literal.bits))
                             : std::bit_cast<double>(literal.bits);
    if (variable_.type == Type::f64) return std::bit_cast<std::uint64_t>(value);
    return std::bit_cast<std::uint32_t>(static_cast<float>(value));
  }

  /// Little-endian; `initial` grows only as far as values are given, so a huge array costs nothing.
  void put(std::uint64_t at, std::uint64_t value, std::uint64_t bytes) {
    if (at > variable_.initial.size() + kWidestGap)
      cursor_.fail("initial values of " + variable_.name + " lie too far apart");
    if (variable_.initial.size() < at + bytes) variable_.initial.resize(at + bytes);
    std::memcpy(variable_.initial.data() + at, &value, std::min<std::uint64_t>(bytes, 8));
  }

  Cursor& cursor_;
  Variable& variable_;
  std::vector<std::uint64_t> dimensions_;  // the first may be 0: as many as are given
  std::uint64_t element_bytes_;
  bool open_ended_ = false;
  MaskedAddress masked_;
};

std::uint64_t checked_count(Cursor& cursor, const Variable& v, std::uint64_t count,
                            std::uint64_t by) {
  const auto element = static_cast<std::uint64_t>((bits_of(v.type) + 7) / 8);
  if (by != 0 && count > kLargestVariable / element / by)
    cursor.fail(v.line, v.name + " is larger than 2^40 bytes");
  return count * by;
}

std::vector<std::uint64_t> parse_dimensions(Cursor& cursor, Variable& v) {
  std::vector<std::uint64_t> dimensions;
  while (cursor.accept("[")) {
    if (dimensions.size() == kMostDimensions) cursor.fail(v.name + " has too many dimensions");
    const bool open = cursor.peek().is_symbol("]");
    if (open && !dimensions.empty()) cursor.fail_expected("a number of elements");
    dimensions.push_back(open ? 0 : cursor.integer("a number of elements"));
    if (!open && dimensions.back() == 0) cursor.fail(v.name + " has a dimension of 0");
    if (!open) v.count = checked_count(cursor, v, v.count, dimensions.back());
    cursor.expect("]");
  }
  v.is_array = !dimensions.empty();
  return dimensions;
}

}  // namespace

std::optional<Space> space_from_directive(std::string_view directive) {
  if (directive == "reg") return Space::reg;
  if (directive == "param") return Space::param;
  if (directive == "local") return Space::local;
  if (directive == "shared") return Space::shared;
  if (directive == "global") return Space::global;
  if (directive == "const") return Space::constant;
  return {};
}

Variable parse_variable_type(Cursor& cursor, Space space) {
  Variable v;
  v.space = space;
  v.type = Type::none;
  v.align = 0;
  while (cursor.peek().kind == Token::Kind::dot) {
    const std::string word(cursor.next().text);
    if (word == "align")
      v.align = parse_align(cursor);
    else if (word == "attribute")
      skip_attribute(cursor);
    else if (word == "ptr")
      skip_pointee(cursor);
    else if (v.type != Type::none || type_from_name(word) == Type::none)
      cursor.fail("'." + word + "' is not supported in a declaration");
    else
      v.type = type_from_name(word);
  }
  if (v.type == Type::none) cursor.fail_expected("a type");
  if (v.type == Type::pred && space != Space::reg) cursor.fail("a predicate lives in .reg only");
  if (v.align == 0) v.align = static_cast<std::uint32_t>((bits_of(v.type) + 7) / 8);
  return v;
}

Variable parse_declarator(Cursor& cursor, const Variable& type) {
  Variable v = type;
  v.line = cursor.line();
  v.name = cursor.expect_word("a variable's name").text;
  const std::vector<std::uint64_t> dimensions = parse_dimensions(cursor, v);
  const bool open_ended = !dimensions.empty() && dimensions[0] == 0;
  if (!cursor.accept("=")) {
    if (open_ended) v.count = 0;
    return v;
  }
  if (v.space != Space::global && v.space != Space::constant)
    cursor.fail("an initial value is for .global and .const only");
  const std::uint64_t given = Initializer(cursor, v, dimensions).run();
  if (open_ended) v.count = checked_count(cursor, v, v.count, given);
  return v;
}

Variable parse_parameter(Cursor& cursor) {
  const Token& directive = cursor.expect_dot("'.param' or '.reg'");
  if (directive.text != "param" && directive.text != "reg")
    cursor.fail(directive.line,
                "'." + std::string(directive.text) + "' is not a parameter's space");
  const Space space = directive.text == "param" ? Space::param : Space::reg;
  return parse_declarator(cursor, parse_variable_type(cursor, space));
}

}  // namespace vgpu::ptx
