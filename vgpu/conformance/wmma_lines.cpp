// wmma_lines.cpp - wmma from memory to memory: d = a b + c with every layout, in every space. How
// fragments lie between load, mma and store is the machine's own.
#include <cstring>

#include "vgpu/conformance/matrix_line.h"
#include "vgpu/conformance/matrix_product.h"

namespace vgpu::conformance {
namespace {

enum class Space { global, shared, generic };

struct Wmma {
  int m, n, k;
  MatrixTypes types;
  bool a_column = false, b_column = true, c_column = false;
  Space space = Space::global;
  int pad = 0;                 // elements between rows in memory, in units of 16 bytes
  std::string suffix = {};     // of mma
  std::string operation = {};  // ".xor.popc" of single bits
};

/// A matrix in a warp's memory.
struct Extent {
  const MatrixType* type;
  int rows, columns, registers;
  bool by_column;
  int pad;
  std::size_t offset = 0;
  int minor() const { return by_column ? rows : columns; }
  int stride() const { return minor() + pad * 128 / type->bits; }
  std::size_t index(int row, int column) const {
    return static_cast<std::size_t>(by_column ? column * stride() + row : row * stride() + column);
  }
  std::size_t bytes() const {
    const int major = by_column ? columns : rows;
    return static_cast<std::size_t>(major * stride() * type->bits / 8);
  }
};

int registers_of(const MatrixType& type, int elements) {
  if (type.name == "f16") return 8;
  return std::max(1, elements * type.bits / (type.bits == 64 ? 64 : 32) / 32);
}

int registers_of_sums(const MatrixType& type, int elements) {
  return elements / 32 / (type.name == "f16" ? 2 : 1);
}

struct Extents {
  explicit Extents(const Wmma& w)
      : a{&w.types.a, w.m, w.k, registers_of(w.types.a, w.m * w.k), w.a_column, w.pad},
        b{&w.types.b, w.k, w.n, registers_of(w.types.b, w.k * w.n), w.b_column, w.pad},
        c{&w.types.c, w.m, w.n, registers_of_sums(w.types.c, w.m * w.n), w.c_column, w.pad},
        d{&w.types.d, w.m, w.n, registers_of_sums(w.types.d, w.m * w.n), w.c_column, w.pad} {
    b.offset = a.bytes();
    c.offset = b.offset + b.bytes();
  }
  std::size_t in_bytes() const { return c.offset + c.bytes(); }
  Extent a, b, c, d;
};

const char* layout(bool column) { return column ? ".col" : ".row"; }

std::string shape(const Wmma& w) {
  return ".m" + std::to_string(w.m) + "n" + std::to_string(w.n) + "k" + std::to_string(w.k);
}

std::string move_opcode(const Wmma& w, const char* what, const Extent& x) {
  static const char* spaces[] = {".global", ".shared", ""};
  return std::string("wmma.") + what + ".sync.aligned" + layout(x.by_column) + shape(w) +
         spaces[static_cast<int>(w.space)] + "." + x.type->name;
}

std::string mma_opcode(const Wmma& w) {
  const MatrixTypes& t = w.types;
  const std::string multiplicands = t.a.name == "f16" ? "" : "." + t.a.name + "." + t.b.name;
  return "wmma.mma" + w.operation + ".sync.aligned" + layout(w.a_column) + layout(w.b_column) +
         shape(w) + "." + t.d.name + multiplicands + "." + t.c.name + w.suffix;
}

std::string names(const char* stem, int count) {
  std::string out = "{";
  for (int i = 0; i < count; ++i) out += (i ? ", %" : "%") + (stem + std::to_string(i));
  return out + "}";
}

/// Copies `bytes`, a multiple of 4, lane by lane.
std::string copy_text(const std::string& from_space, const std::string& from,
                      const std::string& to_space, const std::string& to, std::size_t bytes,
                      const std::string& label) {
  return "mov.u64 %p, " + from + ";\nmov.u64 %q, " + to +
         ";\nmul.wide.u32 %at, %lane, 4;\nadd.u64 %p, %p, %at;\nadd.u64 %q, %q, %at;\n" + label +
         ":\nsetp.ge.u64 %more, %at, " + std::to_string(bytes) + ";\n@%more bra " + label +
         "_END;\nld" + from_space + ".u32 %word, [%p];\nst" + to_space +
         ".u32 [%q], %word;\nadd.u64 %p, %p, 128;\nadd.u64 %q, %q, 128;\nadd.u64 %at, %at, "
         "128;\nbra " +
         label + ";\n" + label + "_END:\nbar.sync 0;\n";
}

std::string kernel(const Wmma& w) {
  const Extents x(w);
  const bool shared = w.space == Space::shared;
  std::string body = ".reg .b64 %p, %q, %from, %to; .reg .pred %more;\n";
  for (const auto& [stem, e] : {std::pair{"a", x.a}, {"b", x.b}, {"c", x.c}, {"d", x.d}})
    body += std::string(".reg ") +
            (e.type->name == "f64"   ? ".f64"
             : e.type->name == "f32" ? ".f32"
                                     : ".b32") +
            " %" + stem + "<" + std::to_string(e.registers) + ">;\n";
  body += "mov.u64 %from, %in;\nmov.u64 %to, %out;\n";
  if (shared) {
    body += ".shared .align 128 .b8 given[" + std::to_string(x.in_bytes()) +
            "];\n.shared .align 128 .b8 taken[" + std::to_string(x.d.bytes()) + "];\n" +
            copy_text(".global", "%in", ".shared", "given", x.in_bytes(), "GIVE") +
            copy_text(".global", "%out", ".shared", "taken", x.d.bytes(), "FILL") +
            "mov.u64 %from, given;\nmov.u64 %to, taken;\n";
  }
  const auto operands = [&](const Extent& e, const std::string& base) {
    return "[" + base + "+" + std::to_string(e.offset) + "], " + std::to_string(e.stride());
  };
  for (const auto& [stem, e] : {std::pair{"a", x.a}, {"b", x.b}, {"c", x.c}})
    body += move_opcode(w, (std::string("load.") + stem).c_str(), e) + " " +
            names(stem, e.registers) + ", " + operands(e, "%from") + ";\n";
  body += mma_opcode(w) + " " + names("d", x.d.registers) + ", " + names("a", x.a.registers) +
          ", " + names("b", x.b.registers) + ", " + names("c", x.c.registers) + ";\n";
  body += move_opcode(w, "store.d", x.d) + " [%to], " + names("d", x.d.registers) + ", " +
          std::to_string(x.d.stride()) + ";\n";
  if (shared)
    body += "bar.sync 0;\n" + copy_text(".shared", "taken", ".global", "%out", x.d.bytes(), "TAKE");
  return matrix_kernel(body, x.in_bytes(), x.d.bytes());
}

template <class Visit>
void for_elements(const Extent& e, Visit visit) {
  for (int r = 0; r < e.rows; ++r)
    for (int c = 0; c < e.columns; ++c) visit(r, c, e.index(r, c));
}

void fill(const Wmma& w, Random& random, int which, std::uint8_t* in) {
  const Extents x(w);
  for (std::size_t i = 0; i < x.in_bytes(); ++i) in[i] = static_cast<std::uint8_t>(random());
  for (const Extent* e : {&x.a, &x.b, &x.c})
    for_elements(*e, [&](int, int, std::size_t at) {
      set_packed_element(in + e->offset, e->type->bits, at, draw_element(*e->type, which, random));
    });
}

void reference(const Wmma& w, const std::uint8_t* in, std::uint8_t* out) {
  const Extents x(w);
  const auto read = [&](const Extent& e) {
    BitMatrix matrix(e.rows, e.columns);
    for_elements(e, [&](int r, int c, std::size_t at) {
      matrix.at(r, c) = packed_element(in + e.offset, e.type->bits, at);
    });
    return matrix;
  };
  const BitMatrix d = product(w.types, read(x.a), read(x.b), read(x.c));
  for_elements(x.d, [&](int r, int c, std::size_t at) {
    set_packed_element(out, x.d.type->bits, at, d.at(r, c));
  });
}

MatrixLine line(const Wmma& w) {
  const Extents x(w);
  std::vector<std::string> opcodes = {move_opcode(w, "load.a", x.a), move_opcode(w, "load.b", x.b),
                                      move_opcode(w, "load.c", x.c), mma_opcode(w),
                                      move_opcode(w, "store.d", x.d)};
  return {opcodes[3] + ", " + opcodes[4],
          opcodes,
          kernel(w),
          x.in_bytes(),
          x.d.bytes(),
          value_type(w.types.d),
          [w](Random& random, int which, std::uint8_t* in) { fill(w, random, which, in); },
          [w](const std::uint8_t* in, u32, std::uint8_t* out) { reference(w, in, out); }};
}

MatrixTypes types(const char* d, const char* a, const char* c) {
  return {matrix_type(a), matrix_type(a), matrix_type(c), matrix_type(d)};
}

/// a row by row and b column by column in every space, then every other layout or some of them,
/// with spaces and distances between rows in turn.
void add(std::vector<MatrixLine>& out, Wmma w, bool layouts_are_free = true, bool all = true) {
  for (int turn = 0; turn < (!layouts_are_free ? 4 : all ? 10 : 5); ++turn) {
    const int layouts = turn < 3 ? 0 : !layouts_are_free ? 1 : all ? turn - 2 : 3 * turn - 6;
    w.c_column = (layouts & 1) != 0;
    if (layouts_are_free) w.a_column = (layouts & 2) != 0, w.b_column = (layouts & 4) == 0;
    w.space = static_cast<Space>(turn % 3);
    w.pad = turn % 2;
    out.push_back(line(w));
  }
}

}  // namespace

std::vector<MatrixLine> wmma_lines() {
  struct Shape {
    int m, n, k;
  };
  static constexpr Shape kThree[] = {{16, 16, 16}, {32, 8, 16}, {8, 32, 16}};
  std::vector<MatrixLine> out;
  for (const Shape s : kThree) {
    for (const auto& [d, c] :
         {std::pair{"f32", "f32"}, {"f16", "f16"}, {"f32", "f16"}, {"f16", "f32"}})
      add(out, {s.m, s.n, s.k, types(d, "f16", c)}, true, c == std::string(d));
    add(out, {s.m, s.n, s.k, types("f32", "bf16", "f32")}, true, false);
    for (const char* a : {"s8", "u8"}) {
      Wmma w{s.m, s.n, s.k, types("s32", a, "s32")};
      add(out, w, true, a[0] == 's');
      w.types.saturate = true;
      w.suffix = ".satfinite";
      add(out, w, true, false);
    }
  }
  add(out, {16, 16, 8, types("f32", "tf32", "f32")});
  add(out, {8, 8, 4, types("f64", "f64", "f64"), false, true, false, Space::global, 0, ".rn"});
  for (const char* a : {"s4", "u4"}) add(out, {8, 8, 32, types("s32", a, "s32")}, false);
  for (const bool conjunction : {false, true}) {
    Wmma w{8, 8, 128, types("s32", "b1", "s32")};
    w.types.conjunction = conjunction;
    w.operation = conjunction ? ".and.popc" : ".xor.popc";
    add(out, w, false);
  }
  return out;
}

}  // namespace vgpu::conformance
