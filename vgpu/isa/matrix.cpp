// matrix.cpp - mma, wmma.load, wmma.mma, wmma.store, ldmatrix, stmatrix, movmatrix: the whole
// warp's registers go through memory to a helper and back.
//
// Left out, and refused: mma.sp (structured sparsity), block-scaled and 6- and 4-bit floating-point
// multiplicands, ldmatrix and stmatrix of 8-bit elements.
#include "vgpu/isa/matrix.h"

#include <algorithm>
#include <charconv>
#include <vector>

#include "vgpu/isa/alignment.h"

namespace vgpu::isa {
namespace {

using llvm::Value;
using ptx::Operand;
using ptx::Space;
using ptx::Type;

constexpr int kRegisterBits = 32;
constexpr std::int64_t kMatrixRowBytes = 16;  // ldmatrix, stmatrix

// --- the instruction's text ---

struct Shape {
  int m = 0, n = 0, k = 0;
  bool operator==(const Shape&) const = default;
};

bool parse_shape(const std::string& text, Shape& out) {
  const char *at = text.data(), *end = at + text.size();
  const auto take = [&](char letter, int& number) {
    if (at == end || *at != letter) return false;
    const auto [after, error] = std::from_chars(at + 1, end, number);
    const bool good = error == std::errc() && after != at + 1;
    at = after;
    return good;
  };
  return take('m', out.m) && take('n', out.n) && take('k', out.k) && at == end;
}

/// What the modifiers say besides `known` words: the shape, and elements in their order.
struct Modifiers {
  Shape shape;
  std::vector<Element> elements;
};

Modifiers modifiers_of(Emitter& e, std::initializer_list<const char*> known) {
  Modifiers out;
  for (const std::string& m : e.ins->modifiers) {
    const Element element = element_from_name(m);
    if (element != Element::none)
      out.elements.push_back(element);
    else if (!parse_shape(m, out.shape) &&
             std::none_of(known.begin(), known.end(), [&](const char* word) { return m == word; }))
      e.unsupported("modifier ." + m);
  }
  return out;
}

struct Allowed {
  std::initializer_list<Element> multiplicands;
  std::initializer_list<Element> accumulators;
  std::initializer_list<Shape> mma, wmma;
};

const Allowed& allowed_for(Emitter& e, Element a) {
  using enum Element;
  static const std::initializer_list<Shape> kThree{{16, 16, 16}, {32, 8, 16}, {8, 32, 16}};
  static const Allowed rows[] = {
      {{f16}, {f16, f32}, {{8, 8, 4}, {16, 8, 8}, {16, 8, 16}}, kThree},
      {{bf16}, {f32}, {{16, 8, 8}, {16, 8, 16}}, kThree},
      {{tf32}, {f32}, {{16, 8, 4}, {16, 8, 8}}, {{16, 16, 8}}},
      {{f64}, {f64}, {{8, 8, 4}, {16, 8, 4}, {16, 8, 8}, {16, 8, 16}}, {{8, 8, 4}}},
      {{e4m3, e5m2}, {f16, f32}, {{16, 8, 16}, {16, 8, 32}}, {}},
      {{s8, u8}, {s32}, {{8, 8, 16}, {16, 8, 16}, {16, 8, 32}}, kThree},
      {{s4, u4}, {s32}, {{8, 8, 32}, {16, 8, 32}, {16, 8, 64}}, {{8, 8, 32}}},
      {{b1}, {s32}, {{8, 8, 128}, {16, 8, 128}, {16, 8, 256}}, {{8, 8, 128}}},
  };
  for (const Allowed& row : rows)
    if (std::find(row.multiplicands.begin(), row.multiplicands.end(), a) != row.multiplicands.end())
      return row;
  e.unsupported(std::string("multiplicands of ") + name_of(a));
}

bool among(Element element, std::initializer_list<Element> list) {
  return std::find(list.begin(), list.end(), element) != list.end();
}

void check(Emitter& e, const MatrixOperation& op) {
  if (op.saturate && !is_integer(op.a)) e.unsupported("modifier .satfinite of floats");
  const Allowed& allowed = allowed_for(e, op.a);
  const auto& shapes = op.wmma ? allowed.wmma : allowed.mma;
  if (std::find(shapes.begin(), shapes.end(), Shape{op.m, op.n, op.k}) == shapes.end())
    e.unsupported(std::string("shape of ") + name_of(op.a));
  if (!among(op.b, allowed.multiplicands))
    e.unsupported("types of multiplicands that do not go together");
  for (const Element element : {op.c, op.d})
    if (!among(element, allowed.accumulators))
      e.unsupported(std::string("accumulators of ") + name_of(element));
}

// --- registers ---

int registers_of(bool wmma, Element element, int elements) {
  constexpr int kHalvesOfWmma = 8;  // registers of f16 multiplicands, whatever the shape
  if (wmma && element == Element::f16) return kHalvesOfWmma;
  const int width = element == Element::f64 ? 64 : kRegisterBits;
  return std::max(1, elements * bits_of(element) / (width * kWarpSize));
}

int registers_of_sums(Element element, int elements) {
  return elements / kWarpSize / (element == Element::f16 ? 2 : 1);
}

Type register_type(Element element) { return element == Element::f64 ? Type::b64 : Type::b32; }

/// Registers of a fragment, one in braces or bare.
std::vector<Operand> parts_of(Emitter& e, const Operand& operand, int count) {
  std::vector<Operand> out =
      operand.kind == Operand::Kind::vector ? operand.elements : std::vector<Operand>{operand};
  if (static_cast<int>(out.size()) != count)
    e.unsupported(std::to_string(out.size()) + " registers, allowed: " + std::to_string(count));
  return out;
}

llvm::ArrayType* room_type(Emitter& e, Element element, int count) {
  return llvm::ArrayType::get(Emitter::vector_of(e.element(register_type(element))),
                              static_cast<std::uint64_t>(count));
}

Value* spill(Emitter& e, const Operand& operand, Element element, int count) {
  llvm::ArrayType* type = room_type(e, element, count);
  Value* room = e.scratch(type);
  const std::vector<Operand> parts = parts_of(e, operand, count);
  for (int i = 0; i < count; ++i)
    e.ir.CreateStore(
        e.as_int(e.read(parts[static_cast<std::size_t>(i)], register_type(element), true)),
        e.ir.CreateConstInBoundsGEP2_32(type, room, 0, static_cast<unsigned>(i)));
  return room;
}

void write_back(Emitter& e, const Operand& operand, Element element, int count, Value* room) {
  llvm::ArrayType* type = room_type(e, element, count);
  const std::vector<Operand> parts = parts_of(e, operand, count);
  for (int i = 0; i < count; ++i) {
    Value* at = e.ir.CreateConstInBoundsGEP2_32(type, room, 0, static_cast<unsigned>(i));
    e.write(parts[static_cast<std::size_t>(i)], e.ir.CreateLoad(type->getElementType(), at));
  }
}

// --- mma ---

void emit_product(Emitter& e, const MatrixOperation& op) {
  check(e, op);
  const bool quads = op.a == Element::f16 && op.k == 4;  // four products at once
  const int times = quads ? 4 : 1;
  const auto multiplicand = [&](int k, Element element, int elements) {
    return spill(e, e.ins->operands.at(static_cast<std::size_t>(k)), element,
                 registers_of(op.wmma, element, elements * times));
  };
  Value* a = multiplicand(1, op.a, op.m * op.k);
  Value* b = multiplicand(2, op.b, op.n * op.k);
  Value* c = spill(e, e.ins->operands.at(3), op.c, registers_of_sums(op.c, op.m * op.n * times));
  const int results = registers_of_sums(op.d, op.m * op.n * times);
  Value* d = e.scratch(room_type(e, op.d, results));
  e.call("vgpu_mma", e.ir.getVoidTy(), {e.ir.getInt64(op.packed()), a, b, c, d});
  write_back(e, e.ins->operands[0], op.d, results, d);
}

/// The layouts of a and b, in the order of the text.
std::pair<bool, bool> columns_of(const Emitter& e) {
  std::vector<bool> out;
  for (const std::string& m : e.ins->modifiers)
    if (m == "row" || m == "col") out.push_back(m == "col");
  out.resize(2);
  return {out[0], out[1]};
}

void emit_mma(Emitter& e) {
  const Modifiers given =
      modifiers_of(e, {"sync", "aligned", "row", "col", "satfinite", "rn", "xor", "and", "popc"});
  if (given.elements.size() != 4) e.unsupported("types: of d, a, b and c");
  MatrixOperation op;
  op.m = given.shape.m, op.n = given.shape.n, op.k = given.shape.k;
  op.d = given.elements[0], op.a = given.elements[1], op.b = given.elements[2];
  op.c = given.elements[3];
  op.saturate = e.has("satfinite");
  op.conjunction = e.has("and");
  std::tie(op.a_column, op.b_column) = columns_of(e);
  const bool free = op.a == Element::f16 && op.k == 4;
  if (!free && (op.a_column || !op.b_column)) e.unsupported("layout: row.col");
  emit_product(e, op);
}

// --- wmma ---

void emit_wmma_mma(Emitter& e) {
  const Modifiers given = modifiers_of(
      e, {"mma", "sync", "aligned", "row", "col", "satfinite", "rn", "xor", "and", "popc"});
  MatrixOperation op;
  op.wmma = true;
  op.m = given.shape.m, op.n = given.shape.n, op.k = given.shape.k;
  const auto& types = given.elements;
  if (types.size() == 2)  // of d and c alone
    op.d = types[0], op.c = types[1], op.a = op.b = Element::f16;
  else if (types.size() == 4)
    op.d = types[0], op.a = types[1], op.b = types[2], op.c = types[3];
  else
    e.unsupported("types");
  op.saturate = e.has("satfinite");
  op.conjunction = e.has("and");
  emit_product(e, op);
}

/// The matrix that wmma.load or wmma.store moves.
MatrixFragment fragment_of(Emitter& e) {
  const Modifiers given = modifiers_of(e, {"load", "store", "a", "b", "c", "d", "sync", "aligned",
                                           "row", "col", "global", "shared", "shared::cta"});
  if (given.elements.size() != 1) e.unsupported("type");
  const Shape shape = given.shape;
  MatrixFragment out;
  out.element = given.elements[0];
  const bool column = e.has("col");
  if (e.has("a") || e.has("b")) {
    const Allowed& allowed = allowed_for(e, out.element);
    if (std::find(allowed.wmma.begin(), allowed.wmma.end(), shape) == allowed.wmma.end())
      e.unsupported(std::string("shape of ") + name_of(out.element));
    const bool turned = e.has("b") && is_integer(out.element);
    out.rows = e.has("a") ? shape.m : turned ? shape.n : shape.k;
    out.columns = e.has("b") && !turned ? shape.n : shape.k;
    out.transposed = column != turned;
    if (out.transposed && bits_of(out.element) < 8) e.unsupported("layout: a row, b col");
    out.registers = registers_of(true, out.element, out.rows * out.columns);
    return out;
  }
  if (!among(out.element, {Element::f16, Element::f32, Element::f64, Element::s32}))
    e.unsupported(std::string("accumulators of ") + name_of(out.element));
  if (shape.m * shape.n != 256 && shape.m * shape.n != 64) e.unsupported("shape");
  out.rows = shape.m, out.columns = shape.n, out.transposed = column;
  out.registers = registers_of_sums(out.element, shape.m * shape.n);
  return out;
}

Value* first_active(Emitter& e) {
  Value* first = e.ir.CreateIntrinsic(e.ir.getInt32Ty(), llvm::Intrinsic::cttz,
                                      {e.active_bits(), e.ir.getFalse()});
  return e.ir.CreateAnd(first, e.ir.getInt32(kWarpSize - 1));
}

/// The address that all lanes give.
Value* common_pointer(Emitter& e, int k) {
  const LaneAddresses at = e.addresses(k, e.space());
  if (at.affine && at.stride == 0) return at.base;
  return e.ir.CreateExtractElement(e.pointers(at), first_active(e));
}

Value* stride_of(Emitter& e, std::size_t k, const MatrixFragment& fragment) {
  if (k >= e.ins->operands.size())
    return e.ir.getInt64(
        static_cast<std::uint64_t>(fragment.transposed ? fragment.rows : fragment.columns));
  Value* lanes = e.read(e.ins->operands[k], Type::u32, true);
  return e.ir.CreateZExt(e.ir.CreateExtractElement(lanes, first_active(e)), e.ir.getInt64Ty());
}

/// Each row or column that lies together in memory is a piece.
void watch_fragment(Emitter& e, const MatrixFragment& f, Value* at, Value* stride, bool writes) {
  const auto bits = static_cast<std::uint64_t>(bits_of(f.element));
  const int count = f.transposed ? f.columns : f.rows, length = f.transposed ? f.rows : f.columns;
  llvm::Type* i64 = e.ir.getInt64Ty();
  Value* distance = e.ir.CreateLShr(e.ir.CreateMul(stride, e.ir.getInt64(bits)), 3);  // bytes
  Value* addresses = e.ir.CreateAdd(e.splat(e.ir.CreatePtrToInt(at, i64)),
                                    e.ir.CreateMul(e.lane_numbers(i64, 1), e.splat(distance)));
  const auto bytes = static_cast<std::uint32_t>(static_cast<std::uint64_t>(length) * bits / 8);
  const std::uint32_t pieces = count >= kWarpSize ? kAllLanes : (1u << count) - 1;
  e.watch_pieces(e.ir.getInt32(pieces), e.spill(addresses), e.spill(e.splat(e.ir.getInt32(bytes))),
                 e.space(), writes);
}

void emit_wmma(Emitter& e) {
  if (e.has("mma")) return emit_wmma_mma(e);
  const MatrixFragment fragment = fragment_of(e);
  const bool loads = e.has("load");
  const int pointer = loads ? 1 : 0;
  require_alignment(e, e.addresses(pointer, e.space()), std::max(1, bits_of(fragment.element) / 8));
  Value* at = common_pointer(e, pointer);
  Value* stride = stride_of(e, 2, fragment);
  Value* packed = e.ir.getInt64(fragment.packed());
  watch_fragment(e, fragment, at, stride, !loads);
  if (!loads) {
    Value* room = spill(e, e.ins->operands.at(1), fragment.element, fragment.registers);
    e.call("vgpu_wmma_store", e.ir.getVoidTy(), {packed, at, stride, room});
    return;
  }
  Value* room = e.scratch(room_type(e, fragment.element, fragment.registers));
  e.call("vgpu_wmma_load", e.ir.getVoidTy(), {packed, at, stride, room});
  write_back(e, e.ins->operands[0], fragment.element, fragment.registers, room);
}

// --- ldmatrix, stmatrix, movmatrix ---

void emit_matrix_rows(Emitter& e) {
  e.allow({"sync", "aligned", "m8n8", "x1", "x2", "x4", "trans", "shared", "shared::cta"});
  if (!e.has("m8n8") || e.type_from_end() != Type::b16) e.unsupported("shape and type: m8n8, b16");
  const int count = e.has("x4") ? 4 : e.has("x2") ? 2 : 1;
  const bool loads = e.ins->opcode == "ldmatrix";
  const LaneAddresses at = e.addresses(loads ? 1 : 0, e.space());
  const std::uint32_t lanes = count == 4 ? kAllLanes : (1u << 8 * count) - 1;
  require_alignment(e, at, kMatrixRowBytes, lanes);
  Value* pointers = e.pointers(at);
  Value* rows = e.scratch(pointers->getType());
  e.ir.CreateStore(pointers, rows);
  Value *number = e.ir.getInt32(static_cast<std::uint32_t>(count)),
        *transposed = e.ir.getInt32(e.has("trans"));
  if (!loads) {
    Value* room = spill(e, e.ins->operands.at(1), Element::f16, count);
    e.call("vgpu_stmatrix", e.ir.getVoidTy(), {e.active_bits(), rows, number, transposed, room});
    return;
  }
  Value* room = e.scratch(room_type(e, Element::f16, count));
  e.call("vgpu_ldmatrix", e.ir.getVoidTy(), {e.active_bits(), rows, number, transposed, room});
  write_back(e, e.ins->operands[0], Element::f16, count, room);
}

void emit_transposition(Emitter& e) {
  e.allow({"sync", "aligned", "m8n8", "trans"});
  if (!e.has("m8n8") || !e.has("trans") || e.type_from_end() != Type::b16)
    e.unsupported("shape and type: m8n8, trans, b16");
  Value* in = spill(e, e.ins->operands.at(1), Element::f16, 1);
  Value* out = e.scratch(room_type(e, Element::f16, 1));
  e.call("vgpu_movmatrix", e.ir.getVoidTy(), {in, out});
  write_back(e, e.ins->operands[0], Element::f16, 1, out);
}

}  // namespace

bool emit_matrix(Emitter& e) {
  const std::string& op = e.ins->opcode;
  if (op == "mma") return emit_mma(e), true;
  if (op == "wmma") return emit_wmma(e), true;
  if (op == "ldmatrix" || op == "stmatrix") return emit_matrix_rows(e), true;
  if (op == "movmatrix") return emit_transposition(e), true;
  return false;
}

}  // namespace vgpu::isa
