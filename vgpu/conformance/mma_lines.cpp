// mma_lines.cpp - mma over fragments as the PTX ISA lays them out: which element of which matrix a
// lane's i-th is.
#include <stdexcept>

#include "vgpu/conformance/matrix_line.h"
#include "vgpu/conformance/matrix_product.h"

namespace vgpu::conformance {
namespace {

constexpr int kWarp = 32;

struct Place {
  int row = 0, column = 0;
};

struct Mma {
  int m, n, k;
  MatrixTypes types;
  std::string modifiers;  // behind the layouts
  std::string suffix;     // behind the types
  bool a_column = false, b_column = true;
  bool quads() const { return types.a.name == "f16" && k == 4; }
};

/// Elements of a register: of 64 bits for f64, else of 32.
int in_register(const MatrixType& type) { return type.bits == 64 ? 1 : 32 / type.bits; }

Place place_in_a(const Mma& mma, int lane, int i) {
  const int group = lane >> 2, in_group = lane % 4, per = in_register(mma.types.a);
  const int tile = i / per;
  if (mma.m == 8) return {group, in_group * per + i % per};
  return {tile % 2 == 0 ? group : group + 8, in_group * per + i % per + tile / 2 * 4 * per};
}

Place place_in_b(const Mma& mma, int lane, int i) {
  const int group = lane >> 2, in_group = lane % 4, per = in_register(mma.types.b);
  return {in_group * per + i % per + i / per * 4 * per, group};
}

Place place_in_c(int lane, int i) {
  return {(lane >> 2) + (i < 2 ? 0 : 8), lane % 4 * 2 + (i & 1)};
}

// mma.m8n8k4 of f16, whose lanes 4 q to 4 q + 3 and 16 more make product q.
Place place_in_quad_a(bool column, int lane, int i) {
  const int high = lane < 16 ? 0 : 4;
  return column ? Place{i % 4 + high, lane % 4} : Place{lane % 4 + high, i};
}
Place place_in_quad_b(bool column, int lane, int i) {
  const int high = lane < 16 ? 0 : 4;
  return column ? Place{i, lane % 4 + high} : Place{lane % 4, i + high};
}
Place place_in_quad_c(const MatrixType& type, int lane, int i) {
  const int high = lane < 16 ? 0 : 4;
  if (type.name == "f16") return {lane % 4 + high, i};
  return {(lane & 1) + (i & 2) + high, (i & 4) + (lane & 2) + (i & 1)};
}

/// A fragment's registers over the warp, one after the other, in memory.
struct Fragment {
  const MatrixType* type;
  int registers;
  std::size_t offset;  // bytes
  std::size_t element(int lane, int i) const {
    const int per = in_register(*type);
    return static_cast<std::size_t>((i / per * kWarp + lane) * per + i % per);
  }
  int elements() const { return registers * in_register(*type); }
  std::size_t register_bytes() const { return type->bits == 64 ? 8 : 4; }
  std::size_t bytes() const {
    return static_cast<std::size_t>(registers) * kWarp * register_bytes();
  }
};

Fragment fragment(const MatrixType& type, int elements_of_warp, std::size_t offset) {
  return {&type, elements_of_warp / kWarp / in_register(type), offset};
}

struct Fragments {
  explicit Fragments(const Mma& mma) {
    const int times = mma.quads() ? 4 : 1;
    a = fragment(mma.types.a, mma.m * mma.k * times, 0);
    b = fragment(mma.types.b, mma.k * mma.n * times, a.bytes());
    c = fragment(mma.types.c, mma.m * mma.n * times, b.offset + b.bytes());
    d = fragment(mma.types.d, mma.m * mma.n * times, 0);
  }
  std::size_t in_bytes() const { return c.offset + c.bytes(); }
  Fragment a, b, c, d;
};

std::string opcode(const Mma& mma) {
  const auto layout = [](bool column) { return column ? ".col" : ".row"; };
  return "mma.sync.aligned.m" + std::to_string(mma.m) + "n" + std::to_string(mma.n) + "k" +
         std::to_string(mma.k) + layout(mma.a_column) + layout(mma.b_column) + mma.modifiers + "." +
         mma.types.d.name + "." + mma.types.a.name + "." + mma.types.b.name + "." +
         mma.types.c.name + mma.suffix;
}

const char* register_type(const MatrixType& type) {
  return type.name == "f64" ? ".f64" : type.name == "f32" ? ".f32" : ".b32";
}

std::string names(const char* stem, int count) {
  std::string out = "{";
  for (int i = 0; i < count; ++i) out += (i ? ", %" : "%") + (stem + std::to_string(i));
  return out + "}";
}

std::string kernel(const Mma& mma) {
  const Fragments f(mma);
  std::string body;
  const auto declare = [&](const char* stem, const Fragment& x) {
    body += std::string(".reg ") + register_type(*x.type) + " %" + stem + "<" +
            std::to_string(x.registers) + ">;\n";
  };
  const auto each = [&](const char* base, const Fragment& x, auto move) {
    body += "mad.wide.u32 %at, %lane, " + std::to_string(x.register_bytes()) + ", " + base + ";\n";
    for (int i = 0; i < x.registers; ++i)
      move(i,
           "[%at+" +
               std::to_string(x.offset + static_cast<std::size_t>(i) * kWarp * x.register_bytes()) +
               "]");
  };
  declare("d", f.d);
  for (const auto& [stem, x] : {std::pair{"a", f.a}, {"b", f.b}, {"c", f.c}}) {
    declare(stem, x);
    each("%in", x, [&, s = stem, t = register_type(*x.type)](int i, const std::string& at) {
      body += std::string("ld.global") + t + " %" + s + std::to_string(i) + ", " + at + ";\n";
    });
  }
  body += "@!%take bra END;\n" + opcode(mma) + " " + names("d", f.d.registers) + ", " +
          names("a", f.a.registers) + ", " + names("b", f.b.registers) + ", " +
          names("c", f.c.registers) + ";\n";
  each("%out", f.d, [&](int i, const std::string& at) {
    body += std::string("st.global") + register_type(*f.d.type) + " " + at + ", %d" +
            std::to_string(i) + ";\n";
  });
  return matrix_kernel(body, f.in_bytes(), f.d.bytes());
}

void fill(const Mma& mma, Random& random, int which, std::uint8_t* in) {
  const Fragments f(mma);
  for (const Fragment* x : {&f.a, &f.b, &f.c})
    for (std::size_t i = 0; i < static_cast<std::size_t>(x->elements()) * kWarp; ++i)
      set_packed_element(in + x->offset, x->type->bits, i, draw_element(*x->type, which, random));
}

/// The products of one warp: one, or four of lanes q, q + 1 ...
void reference(const Mma& mma, const std::uint8_t* in, u32 mask, std::uint8_t* out) {
  const Fragments f(mma);
  for (int q = 0; q < (mma.quads() ? 4 : 1); ++q) {
    BitMatrix a(mma.m, mma.k), b(mma.k, mma.n), c(mma.m, mma.n);
    const auto each = [&](const Fragment& x, auto visit) {
      for (int lane = 0; lane < kWarp; ++lane)
        for (int i = 0; i < x.elements(); ++i)
          if (!mma.quads() || lane % 16 / 4 == q) visit(lane, i, x.element(lane, i));
    };
    const auto gather = [&](const Fragment& x, BitMatrix& to, auto place) {
      each(x, [&](int lane, int i, std::size_t at) {
        const Place p = place(lane, i);
        to.at(p.row, p.column) = packed_element(in + x.offset, x.type->bits, at);
      });
    };
    const auto in_c = [&](const MatrixType& type) {
      return [&mma, &type](int lane, int i) {
        return mma.quads() ? place_in_quad_c(type, lane, i) : place_in_c(lane, i);
      };
    };
    gather(f.a, a, [&](int lane, int i) {
      return mma.quads() ? place_in_quad_a(mma.a_column, lane, i) : place_in_a(mma, lane, i);
    });
    gather(f.b, b, [&](int lane, int i) {
      return mma.quads() ? place_in_quad_b(mma.b_column, lane, i) : place_in_b(mma, lane, i);
    });
    gather(f.c, c, in_c(mma.types.c));
    const BitMatrix d = product(mma.types, a, b, c);
    each(f.d, [&](int lane, int i, std::size_t at) {
      const Place p = in_c(mma.types.d)(lane, i);
      if ((mask >> lane & 1) != 0)
        set_packed_element(out, f.d.type->bits, at, d.at(p.row, p.column));
    });
  }
}

MatrixLine line(const Mma& mma) {
  const Fragments f(mma);
  return {opcode(mma),
          {opcode(mma)},
          kernel(mma),
          f.in_bytes(),
          f.d.bytes(),
          value_type(mma.types.d),
          [mma](Random& random, int which, std::uint8_t* in) { fill(mma, random, which, in); },
          [mma](const std::uint8_t* in, u32 mask, std::uint8_t* out) {
            reference(mma, in, mask, out);
          }};
}

struct Shape {
  int m, n, k;
};

MatrixTypes types(const char* d, const char* a, const char* b, const char* c) {
  return {matrix_type(a), matrix_type(b), matrix_type(c), matrix_type(d)};
}

void add_floats(std::vector<MatrixLine>& out) {
  const auto add = [&](Shape s, const MatrixTypes& t, const std::string& suffix = "") {
    out.push_back(line({s.m, s.n, s.k, t, "", suffix}));
  };
  for (const Shape s : {Shape{16, 8, 8}, {16, 8, 16}})
    for (const char* sums : {"f16", "f32"}) add(s, types(sums, "f16", "f16", sums));
  for (const Shape s : {Shape{16, 8, 8}, {16, 8, 16}}) add(s, types("f32", "bf16", "bf16", "f32"));
  for (const Shape s : {Shape{16, 8, 4}, {16, 8, 8}}) add(s, types("f32", "tf32", "tf32", "f32"));
  for (const Shape s : {Shape{8, 8, 4}, {16, 8, 4}, {16, 8, 8}, {16, 8, 16}})
    add(s, types("f64", "f64", "f64", "f64"), s.m == 8 ? "" : ".rn");
  for (const Shape s : {Shape{16, 8, 16}, {16, 8, 32}})
    for (const char* sums : {"f16", "f32"})
      for (const char* a : {"e4m3", "e5m2"})
        for (const char* b : {"e4m3", "e5m2"}) add(s, types(sums, a, b, sums));
}

void add_quads(std::vector<MatrixLine>& out) {
  for (const bool a : {false, true})
    for (const bool b : {false, true})
      for (const auto& [d, c] : {std::pair{"f16", "f16"}, {"f32", "f16"}, {"f32", "f32"}})
        out.push_back(line({8, 8, 4, types(d, "f16", "f16", c), "", "", a, b}));
}

void add_integers(std::vector<MatrixLine>& out) {
  const auto add = [&](Shape s, const char* a, const char* b, bool saturate) {
    MatrixTypes t = types("s32", a, b, "s32");
    t.saturate = saturate;
    out.push_back(line({s.m, s.n, s.k, t, saturate ? ".satfinite" : "", ""}));
  };
  for (const bool saturate : {false, true}) {
    for (const Shape s : {Shape{8, 8, 16}, {16, 8, 16}, {16, 8, 32}})
      for (const char* a : {"s8", "u8"})
        for (const char* b : {"s8", "u8"}) add(s, a, b, saturate);
    for (const Shape s : {Shape{8, 8, 32}, {16, 8, 32}, {16, 8, 64}})
      for (const char* a : {"s4", "u4"})
        for (const char* b : {"s4", "u4"}) add(s, a, b, saturate);
  }
  for (const Shape s : {Shape{8, 8, 128}, {16, 8, 128}, {16, 8, 256}})
    for (const bool conjunction : {false, true}) {
      MatrixTypes t = types("s32", "b1", "b1", "s32");
      t.conjunction = conjunction;
      out.push_back(line({s.m, s.n, s.k, t, "", conjunction ? ".and.popc" : ".xor.popc"}));
    }
}

}  // namespace

std::vector<MatrixLine> mma_lines() {
  std::vector<MatrixLine> out;
  add_floats(out);
  add_quads(out);
  add_integers(out);
  return out;
}

}  // namespace vgpu::conformance
