// variable.h - declarations of variables and parameters, with their initializers.
#pragma once

#include "vgpu/ptx/cursor.h"
#include "vgpu/ptx/module.h"

namespace vgpu::ptx {

/// The state space that a directive without its dot names ("const"), or nothing.
std::optional<Space> space_from_directive(std::string_view directive);

/// .align, .attribute, .ptr and the type: what stands between the space and the first name.
Variable parse_variable_type(Cursor& cursor, Space space);

/// name, [count]... and = initializer, of the type that parse_variable_type gave.
Variable parse_declarator(Cursor& cursor, const Variable& type);

/// A function's parameter: .param .u64 .ptr .global .align 4 name. `_` stands for no name.
Variable parse_parameter(Cursor& cursor);

}  // namespace vgpu::ptx
