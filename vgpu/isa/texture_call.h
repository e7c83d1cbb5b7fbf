// texture_call.h - what the instructions on textures and surfaces share: the object's handle and
// the lanes' coordinates go to a helper in memory, a row of 32 words each; the helper answers null
// or why the launch must end.
#pragma once

#include "vgpu/isa/emitter.h"
#include "vgpu/isa/texture_object.h"

namespace vgpu::isa {

/// .1d .2d .3d .a1d .a2d .cube .acube
ImageGeometry geometry_of(Emitter& e);

class TextureCall {
 public:
  /// Operand k is [object, {coordinates}], of a query [object].
  TextureCall(Emitter& e, int k);

  /// The instruction's coordinates.
  void coordinates(ImageGeometry geometry, ptx::Type type);
  /// Elements 0 to count - 1 of an operand of `size` elements go to `row` and those that follow.
  void put(int row, const ptx::Operand& operand, ptx::Type type, int count, int size);

  /// `data`: results or values, rows of 32 words or doublewords.
  void run(const char* helper, std::uint32_t packed, llvm::Value* data);

  /// Room for rows, and one of them.
  llvm::Value* room(llvm::Type* element, int count);
  llvm::Value* row(llvm::Value* room, llvm::Type* element, int k);

 private:
  void put_one(int row, const ptx::Operand& operand, ptx::Type type);

  Emitter& e_;
  const ptx::Operand& address_;
  llvm::Value* rows_;
};

}  // namespace vgpu::isa
