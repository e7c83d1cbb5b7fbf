// matrix_shape.cpp - elements and shapes of matrix instructions as numbers that code can carry.
#include <array>

#include "vgpu/isa/matrix.h"

namespace vgpu::isa {
namespace {

struct Row {
  Element element;
  std::string_view name;
  int bits;
};

constexpr std::array kElements{
    Row{Element::none, "", 0},      Row{Element::f16, "f16", 16},  Row{Element::bf16, "bf16", 16},
    Row{Element::tf32, "tf32", 32}, Row{Element::f32, "f32", 32},  Row{Element::f64, "f64", 64},
    Row{Element::e4m3, "e4m3", 8},  Row{Element::e5m2, "e5m2", 8}, Row{Element::s8, "s8", 8},
    Row{Element::u8, "u8", 8},      Row{Element::s4, "s4", 4},     Row{Element::u4, "u4", 4},
    Row{Element::b1, "b1", 1},      Row{Element::s32, "s32", 32},
};

constexpr bool rows_follow_the_enumeration() {
  for (std::size_t i = 0; i < kElements.size(); ++i)
    if (static_cast<std::size_t>(kElements[i].element) != i) return false;
  return true;
}
static_assert(rows_follow_the_enumeration());

const Row& row_of(Element element) { return kElements[static_cast<std::size_t>(element)]; }

/// Numbers put behind each other.
class Packer {
 public:
  explicit Packer(std::uint64_t bits = 0) : bits_(bits) {}
  void put(std::uint64_t value, int width) {
    bits_ |= value << at_;
    at_ += width;
  }
  std::uint64_t get(int width) {
    const std::uint64_t value = bits_ >> at_ & ((std::uint64_t{1} << width) - 1);
    at_ += width;
    return value;
  }
  int number(int width) { return static_cast<int>(get(width)); }
  Element element() { return static_cast<Element>(get(4)); }
  std::uint64_t bits() const { return bits_; }

 private:
  std::uint64_t bits_;
  int at_ = 0;
};

}  // namespace

Element element_from_name(std::string_view name) {
  for (const Row& row : kElements)
    if (row.element != Element::none && row.name == name) return row.element;
  return Element::none;
}

const char* name_of(Element element) { return row_of(element).name.data(); }

int bits_of(Element element) { return row_of(element).bits; }

bool is_integer(Element element) { return element >= Element::s8; }

std::uint64_t MatrixOperation::packed() const {
  Packer out;
  for (const int extent : {m, n}) out.put(static_cast<std::uint64_t>(extent), 6);
  out.put(static_cast<std::uint64_t>(k), 9);
  for (const Element element : {a, b, c, d}) out.put(static_cast<std::uint64_t>(element), 4);
  for (const bool flag : {wmma, saturate, conjunction, a_column, b_column}) out.put(flag, 1);
  return out.bits();
}

MatrixOperation MatrixOperation::from(std::uint64_t packed) {
  Packer in(packed);
  MatrixOperation out;
  for (int* extent : {&out.m, &out.n}) *extent = in.number(6);
  out.k = in.number(9);
  for (Element* element : {&out.a, &out.b, &out.c, &out.d}) *element = in.element();
  for (bool* flag : {&out.wmma, &out.saturate, &out.conjunction, &out.a_column, &out.b_column})
    *flag = in.get(1) != 0;
  return out;
}

std::uint64_t MatrixFragment::packed() const {
  Packer out;
  for (const int extent : {rows, columns}) out.put(static_cast<std::uint64_t>(extent), 9);
  out.put(static_cast<std::uint64_t>(element), 4);
  out.put(static_cast<std::uint64_t>(registers), 5);
  out.put(transposed, 1);
  return out.bits();
}

MatrixFragment MatrixFragment::from(std::uint64_t packed) {
  Packer in(packed);
  MatrixFragment out;
  for (int* extent : {&out.rows, &out.columns}) *extent = in.number(9);
  out.element = in.element();
  out.registers = in.number(5);
  out.transposed = in.get(1) != 0;
  return out;
}

}  // namespace vgpu::isa
