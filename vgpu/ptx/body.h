// body.h - the braces of a function: scopes, declarations, labels, instructions.
#pragma once

#include <string>
#include <unordered_map>

#include "vgpu/ptx/cursor.h"
#include "vgpu/ptx/module.h"

namespace vgpu::ptx {

/// Names that the module declares, as indices into Module::variables and Module::functions.
struct ModuleNames {
  std::unordered_map<std::string, int> variables, functions;
};

/// `.loc file line column [, function_name ...] [, inlined_at ...]`, after the directive itself.
SourceLocation parse_loc(Cursor& cursor);

/// (results) name (parameters) of .func and .callprototype; `name` is "_" in a prototype.
Function parse_function_head(Cursor& cursor);

/// Parses from '{' to its '}' into `function`, whose head is known.
void parse_body(Cursor& cursor, Function& function, const ModuleNames& names);

}  // namespace vgpu::ptx
