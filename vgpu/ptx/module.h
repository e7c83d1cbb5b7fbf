// module.h - what a PTX module says, as data: the parser's result and the translator's input.
//
// Nothing here knows what an instruction means. Names are resolved as far as the text allows:
// registers are indices into Function::registers, labels are indices into Function::body,
// everything else keeps its name.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace vgpu::ptx {

enum class Type : std::uint8_t {
  none,
  pred,
  b8,
  b16,
  b32,
  b64,
  b128,
  u8,
  u16,
  u32,
  u64,
  s8,
  s16,
  s32,
  s64,
  f16,
  f16x2,
  bf16,
  bf16x2,
  tf32,
  f32,
  f64,
  e4m3,
  e4m3x2,
  e5m2,
  e5m2x2,
};

/// Bits of a value of the type; 1 for pred, 0 for none.
int bits_of(Type type);
/// The type that a PTX modifier names ("f32"), or none.
Type type_from_name(const std::string& name);
const char* name_of(Type type);

enum class Space : std::uint8_t { generic, reg, param, local, shared, global, constant };

struct Error : std::runtime_error {
  /// what(): "<module>:<line>: <message>". A parser's refusal always has a line.
  Error(const std::string& module, int line, const std::string& message);
  int line;
};

struct SourceLocation {
  int file = 0;  // key of Module::files; 0: unknown
  int line = 0;
};

struct Operand {
  enum class Kind : std::uint8_t {
    reg,      // a register: `reg`; `negated` for !%p
    integer,  // a literal: `bits` (two's complement)
    real,     // 0fXXXXXXXX, 0dXXXXXXXXXXXXXXXX or a decimal (a double): `bits` hold the encoding,
              // `width` 32 or 64
    special,  // a special register: `name` without %, e.g. "tid.x", "laneid", "lanemask_lt"
    symbol,   // a variable, parameter or function: `name`, plus `offset`
    label,    // a label: `target` = index into Function::body
    address,  // [base + offset]: base is `reg` when >= 0, else the symbol `name`, else an absolute
              // `offset`; `elements` holds what follows in the brackets (coordinates of a texture)
    vector,   // {a, b, ...}: `elements`
    pair,     // d|p: two `elements`
    discard,  // _
  };
  Kind kind = Kind::discard;
  int reg = -1;
  bool negated = false;
  int width = 0;
  std::uint64_t bits = 0;
  std::int64_t offset = 0;
  int target = -1;
  std::string name;
  std::vector<Operand> elements;
};

struct Instruction {
  std::string opcode;  // "ld"
  std::vector<std::string>
      modifiers;   // {"global", "nc", "v4", "f32"}; "shared::cta" keeps its colons
  int guard = -1;  // predicate register of @%p, or -1
  bool guard_negated = false;
  std::vector<Operand>
      operands;           // call: [vector of results], callee, [vector of arguments], [prototype];
                          // names of .branchtargets and .callprototype are symbols
  int line = 0;           // line in the PTX text
  SourceLocation source;  // from the .loc before it
  std::string text;       // the statement as written, blanks squeezed, without the semicolon

  bool has(std::string_view modifier) const;
  /// The last type among the modifiers; none when there is none.
  Type last_type() const;
  /// The state space that the modifiers name; generic when none does.
  Space space() const;
  /// Elements that a lane moves: 8, 4, 2 of .v8, .v4, .v2, else 1.
  int vector_length() const;
  /// "ld.global.nc.v4.f32": opcode and modifiers, as spec/ptx_opcodes.tsv counts them.
  std::string typed_opcode() const;
};

struct Register {
  std::string name;  // with %
  Type type = Type::none;
};

struct Relocation {      // an address inside an initializer
  std::uint64_t offset;  // byte in the variable
  std::string symbol;
  std::int64_t addend;
  bool generic;  // generic(symbol)
};

struct Variable {
  std::string name;
  Space space = Space::global;
  Type type = Type::b8;
  std::uint32_t align = 1;
  std::uint64_t count =
      1;  // elements, all dimensions multiplied; 0 for an extern array without a bound
  bool is_array = false;
  bool external = false;
  bool visible = false;
  std::vector<std::uint8_t> initial;  // the first bytes, at most bytes() of them; the rest is zero
  std::vector<Relocation> relocations;
  int line = 0;
  std::uint64_t bytes() const;  // count * bytes of type
};

struct Function {
  std::string name;
  bool is_entry = false;
  bool has_body = false;
  std::string_view body_text;  // {...}, until complete() has read it; then empty
  bool visible = false;
  std::vector<Variable> results;     // .func's return parameters
  std::vector<Variable> parameters;  // space param (or reg for old-style .func)
  std::vector<Register>
      registers;  // every scope's, renamed apart; of a range (%r<9>) only those used
  std::vector<Variable>
      variables;  // .local, .shared and call-sequence .param of the body, renamed apart
  std::vector<Instruction> body;
  std::unordered_map<std::string, int>
      labels;  // name -> index into body (== body.size() at the end)
  std::unordered_map<std::string, std::vector<int>>
      branch_targets;  // .branchtargets label -> targets
  std::unordered_map<std::string, int>
      call_prototypes;                            // .callprototype label -> index into prototypes
  std::vector<Function> prototypes;               // heads alone
  std::uint32_t max_threads[3] = {0, 0, 0};       // .maxntid, 0: not given
  std::uint32_t required_threads[3] = {0, 0, 0};  // .reqntid
  std::uint32_t min_blocks_per_sm = 0;            // .minnctapersm
  std::uint32_t max_registers = 0;                // .maxnreg
  std::uint32_t cluster_blocks[3] = {0, 0, 0};    // .reqnctapercluster
  int line = 0, body_line = 0;
};

struct Module {
  std::string name;  // what messages call it, e.g. the file
  int version_major = 0, version_minor = 0;
  std::string target;    // "sm_80"
  int architecture = 0;  // 80
  int address_bits = 64;
  std::vector<Variable> variables;             // module scope
  std::vector<Function> functions;             // declarations merged with their definitions
  std::unordered_map<int, std::string> files;  // .file
  std::shared_ptr<const std::string> text;     // what Function::body_text points into

  const Function* find_function(const std::string& name) const;
  const Variable* find_variable(const std::string& name) const;
  /// "ptx80:12: kernel k: 'add.s32 %r1, %r2, 1' (adam.cu:7)"; without the source where it is not
  /// known, and without the kernel when that is empty.
  std::string place_of(const Instruction& instruction, const std::string& kernel) const;
};

/// Parses PTX text. `name` stands in messages. Throws Error with the line, never crashes, never
/// loops. Comments are skipped; .loc and .file are kept; debug .section blocks are skipped.
Module parse(std::string text, const std::string& name);

/// The same without the functions' bodies, which are most of the text: complete() reads one when it
/// is needed.
Module parse_outline(std::string text, const std::string& name);

/// Reads the body of a function of `module`, once: registers, variables, body, labels. Throws
/// Error.
void complete(const Module& module, Function& function);

}  // namespace vgpu::ptx
