// texture.cpp - tex, tld4, txq and suq, of objects in 64-bit registers (unified mode).
#include <algorithm>

#include "vgpu/isa/texture_call.h"

namespace vgpu::isa {
namespace {

using llvm::Value;
using ptx::Operand;
using ptx::Type;
using Geometry = ImageGeometry;
using Level = TextureRequest::Level;

/// Components of a gradient or an offset: its elements, and how many of them count.
int axes_of(Geometry geometry) {
  if (geometry == Geometry::d1 || geometry == Geometry::a1d) return 1;
  return geometry == Geometry::d2 || geometry == Geometry::a2d ? 2 : 3;
}
int size_of(int axes) { return axes == 3 ? 4 : axes; }

const Operand& operand(Emitter& e, std::size_t k) {
  if (k >= e.ins->operands.size()) e.unsupported("operand " + std::to_string(k) + " is missing");
  return e.ins->operands[k];
}

/// The level, its gradients and offsets: operands 2 and on.
void put_details(Emitter& e, TextureCall& call, const TextureRequest& request) {
  const int axes = axes_of(request.geometry), size = size_of(axes);
  std::size_t k = 2;
  if (request.level == Level::given)
    call.put(kRowLevel, operand(e, k++), request.integers ? Type::s32 : Type::f32, 1, 1);
  if (request.level == Level::gradient) {
    call.put(kRowGradientX, operand(e, k++), Type::f32, axes, size);
    call.put(kRowGradientY, operand(e, k++), Type::f32, axes, size);
  }
  if (k < e.ins->operands.size()) {
    if (operand(e, k).kind != Operand::Kind::vector || request.geometry >= Geometry::cube)
      e.unsupported("a depth comparison, or an offset in a cube");
    call.put(kRowOffset, operand(e, k++), Type::s32, axes, size);
  }
  if (k < e.ins->operands.size()) e.unsupported("a depth comparison");
}

/// The destination's elements. Packed halves come in two words.
void write_results(Emitter& e, TextureCall& call, Value* out, bool packed) {
  const Operand& d = e.ins->operands[0];
  const std::size_t count = packed ? 2 : 4;
  if (d.kind != Operand::Kind::vector || d.elements.size() != count)
    e.unsupported("the destination must be a vector of " + std::to_string(count));
  llvm::Type* word = e.ir.getInt32Ty();
  const auto row = [&](std::size_t k) -> Value* {
    return e.ir.CreateLoad(Emitter::vector_of(word), call.row(out, word, static_cast<int>(k)));
  };
  std::vector<Value*> values;
  for (std::size_t k = 0; k < count; ++k)
    values.push_back(packed ? e.ir.CreateOr(row(2 * k), e.ir.CreateShl(row(2 * k + 1), 16))
                            : row(k));
  for (std::size_t k = 0; k < count; ++k)
    if (d.elements[k].kind != Operand::Kind::discard) e.write(d.elements[k], values[k]);
}

/// .dtype and .ctype, and what follows from them.
void read_types(Emitter& e, TextureRequest& request) {
  const Type coordinate = e.type_from_end(0), result = e.type_from_end(1);
  const bool packed = result == Type::f16x2;
  if ((coordinate != Type::f32 && coordinate != Type::s32) ||
      (result != Type::f32 && result != Type::u32 && result != Type::s32 && result != Type::f16 &&
       !packed) ||
      !e.has(packed ? "v2" : "v4"))
    e.unsupported("type");
  request.integers = coordinate == Type::s32;
  request.halves = packed || result == Type::f16;
  if (request.integers && (request.geometry >= Geometry::cube || request.gather >= 0 ||
                           request.level == Level::gradient))
    e.unsupported("integer coordinates");
}

void fetch(Emitter& e, TextureRequest request) {
  read_types(e, request);
  TextureCall call(e, 1);
  call.coordinates(request.geometry, request.integers ? Type::s32 : Type::f32);
  put_details(e, call, request);
  Value* out = call.room(e.ir.getInt32Ty(), 4);
  call.run("vgpu_texture_fetch", request.packed(), out);
  write_results(e, call, out, e.type_from_end(1) == Type::f16x2);
}

void emit_tex(Emitter& e) {
  e.allow({"1d", "2d", "3d", "a1d", "a2d", "cube", "acube", "v2", "v4", "base", "level", "grad"});
  TextureRequest request{geometry_of(e)};
  if (e.has("base")) request.level = Level::base;
  if (e.has("level")) request.level = Level::given;
  if (e.has("grad")) request.level = Level::gradient;
  fetch(e, request);
}

void emit_tld4(Emitter& e) {
  e.allow({"2d", "a2d", "cube", "acube", "v4", "r", "g", "b", "a"});
  TextureRequest request{geometry_of(e)};
  for (const char* component : {"r", "g", "b", "a"})
    if (e.has(component))
      request.gather = static_cast<int>(std::string_view("rgba").find(component[0]));
  if (request.gather < 0) e.unsupported("component");
  fetch(e, request);
}

void emit_query(Emitter& e, bool surface) {
  struct Name {
    const char* text;
    bool of_surfaces;
  };
  static constexpr Name kNames[] = {// in the order of ImageQuery
                                    {"width", true},
                                    {"height", true},
                                    {"depth", true},
                                    {"channel_data_type", true},
                                    {"channel_order", true},
                                    {"normalized_coords", false},
                                    {"array_size", true},
                                    {"num_mipmap_levels", false},
                                    {"num_samples", false},
                                    {"memory_layout", true},
                                    {"force_unnormalized_coords", false},
                                    {"filter_mode", false},
                                    {"addr_mode_0", false},
                                    {"addr_mode_1", false},
                                    {"addr_mode_2", false}};
  const auto name = std::find_if(std::begin(kNames), std::end(kNames),
                                 [&](const Name& n) { return e.has(n.text); });
  const bool level = e.has("level") && !surface;
  const auto number = static_cast<std::uint32_t>(name - std::begin(kNames));
  if (name == std::end(kNames) || (surface && !name->of_surfaces) ||
      (!surface && number == static_cast<std::uint32_t>(ImageQuery::memory_layout)) ||
      (level && number > static_cast<std::uint32_t>(ImageQuery::depth)) ||
      e.ins->modifiers.size() != (level ? 3u : 2u) || e.type_from_end() != Type::b32)
    e.unsupported("query");
  TextureCall call(e, 1);
  if (level) call.put(kRowLevel, operand(e, 2), Type::s32, 1, 1);
  Value* out = call.room(e.ir.getInt32Ty(), 1);
  call.run("vgpu_image_query", number | (surface ? 1u << 8 : 0), out);
  e.out(e.ir.CreateLoad(Emitter::vector_of(e.ir.getInt32Ty()), out));
}

}  // namespace

bool emit_texture(Emitter& e) {
  const std::string& op = e.ins->opcode;
  if (op == "tex") return emit_tex(e), true;
  if (op == "tld4") return emit_tld4(e), true;
  if (op == "txq" || op == "suq") return emit_query(e, op == "suq"), true;
  return false;
}

}  // namespace vgpu::isa
