// surface.cpp - suld, sust and sured, of objects in 64-bit registers. Cache modifiers change no
// result and are accepted.
#include "vgpu/isa/texture_call.h"

namespace vgpu::isa {
namespace {

using llvm::Value;
using ptx::Operand;
using ptx::Type;
using Operation = SurfaceRequest::Operation;
using Outside = SurfaceRequest::Outside;

SurfaceRequest request_of(Emitter& e) {
  SurfaceRequest request{geometry_of(e)};
  if (request.geometry >= ImageGeometry::cube) e.unsupported("geometry");
  request.outside = e.has("clamp") ? Outside::clamp : e.has("zero") ? Outside::zero : Outside::trap;
  request.formatted = e.has("p");
  if (request.formatted == e.has("b")) e.unsupported("either .b or .p");
  request.count = e.has("v4") ? 4 : e.has("v2") ? 2 : 1;
  const Type type = e.type_from_end();
  if (!is_integer(type)) e.unsupported("type");
  request.element_bytes = static_cast<std::uint32_t>(ptx::bits_of(type)) / 8;
  request.is_signed = is_signed(type);
  return request;
}

const Operand& element(Emitter& e, const Operand& operand, std::uint32_t k, std::uint32_t count) {
  if (operand.kind != Operand::Kind::vector && count == 1) return operand;
  if (operand.elements.size() != count)
    e.unsupported("the data must be a vector of " + std::to_string(count));
  return operand.elements[k];
}

void require_bits(Emitter& e, std::initializer_list<Type> allowed) {
  for (const Type type : allowed)
    if (e.type_from_end() == type) return;
  e.unsupported("type");
}

void emit_load(Emitter& e) {
  e.allow({"b", "1d", "2d", "3d", "a1d", "a2d", "ca", "cg", "cs", "cv", "v2", "v4", "trap", "clamp",
           "zero"});
  require_bits(e, {Type::b8, Type::b16, Type::b32, Type::b64});
  const SurfaceRequest request = request_of(e);
  TextureCall call(e, 1);
  call.coordinates(request.geometry, Type::s32);
  llvm::Type* word = e.ir.getInt64Ty();
  Value* out = call.room(word, 4);
  call.run("vgpu_surface_load", request.packed(), out);
  std::vector<Value*> values;
  for (std::uint32_t k = 0; k < request.count; ++k)
    values.push_back(
        e.ir.CreateLoad(Emitter::vector_of(word), call.row(out, word, static_cast<int>(k))));
  for (std::uint32_t k = 0; k < request.count; ++k) {
    const Operand& d = element(e, e.ins->operands[0], k, request.count);
    if (d.kind != Operand::Kind::discard) e.write(d, values[k]);
  }
}

/// The data of sust and sured go to the helper as doublewords.
void send(Emitter& e, const char* helper, const SurfaceRequest& request) {
  TextureCall call(e, 0);
  call.coordinates(request.geometry, Type::s32);
  llvm::Type* word = e.ir.getInt64Ty();
  Value* values = call.room(word, 4);
  for (std::uint32_t k = 0; k < request.count; ++k) {
    const Operand& from = element(e, e.ins->operands[1], k, request.count);
    Value* value = e.as_int(e.read(from, e.type_from_end(), true));
    e.ir.CreateStore(e.ir.CreateZExt(value, Emitter::vector_of(word)),
                     call.row(values, word, static_cast<int>(k)));
  }
  call.run(helper, request.packed(), values);
}

void emit_store(Emitter& e) {
  e.allow({"b", "p", "1d", "2d", "3d", "a1d", "a2d", "wb", "cg", "cs", "wt", "v2", "v4", "trap",
           "clamp", "zero"});
  if (e.has("p"))
    require_bits(e, {Type::b32});
  else
    require_bits(e, {Type::b8, Type::b16, Type::b32, Type::b64});
  send(e, "vgpu_surface_store", request_of(e));
}

void emit_reduction(Emitter& e) {
  e.allow({"b", "p", "1d", "2d", "3d", "trap", "clamp", "zero", "add", "min", "max", "and", "or"});
  if (e.has("p"))
    require_bits(e, {Type::b32, Type::b64});
  else
    require_bits(e, {Type::u32, Type::s32, Type::b32, Type::u64, Type::s64});
  SurfaceRequest request = request_of(e);
  request.operation = e.has("add")   ? Operation::add
                      : e.has("min") ? Operation::minimum
                      : e.has("max") ? Operation::maximum
                      : e.has("and") ? Operation::logical_and
                      : e.has("or")  ? Operation::logical_or
                                     : Operation::none;
  if (request.operation == Operation::none) e.unsupported("operation");
  send(e, "vgpu_surface_reduce", request);
}

}  // namespace

bool emit_surface(Emitter& e) {
  const std::string& op = e.ins->opcode;
  if (op == "suld") return emit_load(e), true;
  if (op == "sust") return emit_store(e), true;
  if (op == "sured") return emit_reduction(e), true;
  return false;
}

}  // namespace vgpu::isa
