#include "vgpu/isa/texture_call.h"

namespace vgpu::isa {
namespace {

using llvm::Value;
using ptx::Operand;
using ptx::Type;

constexpr int kIgnored = -1;

/// Where the elements of a coordinate vector go.
std::vector<int> rows_of(ImageGeometry geometry) {
  switch (geometry) {
    case ImageGeometry::d1:
      return {kRowX};
    case ImageGeometry::d2:
      return {kRowX, kRowY};
    case ImageGeometry::a1d:
      return {kRowLayer, kRowX};
    case ImageGeometry::a2d:
      return {kRowLayer, kRowX, kRowY, kIgnored};
    case ImageGeometry::acube:
      return {kRowLayer, kRowX, kRowY, kRowZ};
    default:
      return {kRowX, kRowY, kRowZ, kIgnored};
  }
}

}  // namespace

ImageGeometry geometry_of(Emitter& e) {
  static const char* names[] = {"1d", "2d", "3d", "a1d", "a2d", "cube", "acube"};
  for (std::size_t i = 0; i < std::size(names); ++i)
    if (e.has(names[i])) return static_cast<ImageGeometry>(i);
  e.unsupported("geometry; known: .1d .2d .3d .a1d .a2d .cube .acube");
}

TextureCall::TextureCall(Emitter& e, int k)
    : e_(e), address_(e.ins->operands[static_cast<std::size_t>(k)]) {
  if (address_.kind != Operand::Kind::address || address_.reg < 0 || address_.offset != 0)
    e.unsupported("the object must be a 64-bit register");
  if (address_.elements.size() > 1) e.unsupported("a sampler apart from the texture");
  rows_ = room(e.ir.getInt32Ty(), kTextureRows);
  Value* zeros = llvm::Constant::getNullValue(Emitter::vector_of(e.ir.getInt32Ty()));
  for (const int row_number : {int{kRowLevel}, int{kRowOffset}, kRowOffset + 1, kRowOffset + 2})
    e.ir.CreateStore(zeros, row(rows_, e.ir.getInt32Ty(), row_number));
}

Value* TextureCall::room(llvm::Type* element, int count) {
  return e_.scratch(
      llvm::ArrayType::get(Emitter::vector_of(element), static_cast<std::uint64_t>(count)));
}

Value* TextureCall::row(Value* room, llvm::Type* element, int k) {
  return e_.ir.CreateConstGEP1_64(Emitter::vector_of(element), room, static_cast<std::uint64_t>(k));
}

void TextureCall::put_one(int row_number, const Operand& operand, Type type) {
  e_.ir.CreateStore(e_.as_int(e_.read(operand, type, true)),
                    row(rows_, e_.ir.getInt32Ty(), row_number));
}

void TextureCall::put(int row_number, const Operand& operand, Type type, int count, int size) {
  if (operand.kind != Operand::Kind::vector) {
    if (size != 1) e_.unsupported("an operand must be a vector of " + std::to_string(size));
    return put_one(row_number, operand, type);
  }
  if (operand.elements.size() != static_cast<std::size_t>(size))
    e_.unsupported("an operand has " + std::to_string(operand.elements.size()) +
                   " elements, allowed: " + std::to_string(size));
  for (int i = 0; i < count; ++i)
    put_one(row_number + i, operand.elements[static_cast<std::size_t>(i)], type);
}

void TextureCall::coordinates(ImageGeometry geometry, Type type) {
  if (address_.elements.empty()) e_.unsupported("no coordinates");
  const Operand& given = address_.elements[0];
  const bool is_vector = given.kind == Operand::Kind::vector;
  const std::vector<int> rows = rows_of(geometry);
  const std::size_t size = is_vector ? given.elements.size() : 1;
  if (size != rows.size())
    e_.unsupported(std::to_string(size) + " coordinates, allowed: " + std::to_string(rows.size()));
  for (std::size_t i = 0; i < size; ++i) {
    if (rows[i] == kIgnored) continue;
    put_one(rows[i], is_vector ? given.elements[i] : given,
            rows[i] == kRowLayer ? Type::u32 : type);
  }
}

void TextureCall::run(const char* helper, std::uint32_t packed, Value* data) {
  Operand object = address_;
  object.kind = Operand::Kind::reg;
  object.elements.clear();
  Value* handles = room(e_.ir.getInt64Ty(), 1);
  e_.ir.CreateStore(e_.read(object, Type::u64, true), handles);
  e_.stop_with(e_.call(helper, e_.ir.getPtrTy(),
                       {e_.active_bits(), e_.ir.getInt32(packed), handles, rows_, data}));
}

}  // namespace vgpu::isa
