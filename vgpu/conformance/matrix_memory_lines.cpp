// matrix_memory_lines.cpp - ldmatrix, stmatrix and movmatrix: 8 x 8 elements of 16 bits, of which a
// lane has two neighbours of a row, or of a column.
#include <cstring>

#include "vgpu/conformance/matrix_line.h"

namespace vgpu::conformance {
namespace {

constexpr int kWarp = 32, kRows = 8;
constexpr std::size_t kRowBytes = 16;
constexpr std::size_t kRoom = kWarp * kRowBytes;  // rows of four matrices

/// A warp's bytes: each lane's row number, then the rows, then a register of each matrix a lane.
struct Given {
  u32 row_of[kWarp];
  u16 rows[kWarp][kRows];
  u32 registers[4][kWarp];
};

u16 half_of(u32 word, int which) { return static_cast<u16>(which == 0 ? word : word >> 16); }

/// The row and column of a lane's element `i`.
std::pair<int, int> place(int lane, int i, bool transposed) {
  const int major = lane / 4, minor = lane % 4 * 2 + i;
  return transposed ? std::pair{minor, major} : std::pair{major, minor};
}

void fill(Random& random, int which, std::uint8_t* in) {
  Given given;
  for (u32 lane = 0; lane < kWarp; ++lane)  // each row once, in order or not
    given.row_of[lane] = which % 2 == 0 ? lane : (lane * 13 + 5) % kWarp;
  for (auto& row : given.rows)
    for (u16& x : row) x = static_cast<u16>(random());
  for (auto& lanes : given.registers)
    for (u32& x : lanes) x = static_cast<u32>(random());
  std::memcpy(in, &given, sizeof given);
}

Given read(const std::uint8_t* in) {
  Given out;
  std::memcpy(&out, in, sizeof out);
  return out;
}

std::string registers(int count) {
  std::string out = "{";
  for (int i = 0; i < count; ++i) out += (i ? ", %r" : "%r") + std::to_string(i);
  return out + "}";
}

/// Each lane brings a row into shared memory; %row is the shared or generic address of the row that
/// it names; lanes outside the mask leave.
std::string prologue(bool generic) {
  std::string out =
      ".shared .align 16 .b8 rows[512];\n.reg .b64 %row, %mine; .reg .b32 %r<4>, %number; .reg "
      ".b64 "
      "%x<2>;\n"
      "mad.wide.u32 %at, %lane, 4, %in;\nld.global.u32 %number, [%at];\n";
  for (int i = 0; i < 4; ++i)
    out +=
        "ld.global.u32 %r" + std::to_string(i) + ", [%at+" +
        std::to_string(sizeof(Given::row_of) + sizeof(Given::rows) + 128u * static_cast<u32>(i)) +
        "];\n";
  out +=
      "mad.wide.u32 %at, %lane, 16, %in;\nmov.u64 %mine, rows;\n"
      "mad.wide.u32 %mine, %lane, 16, %mine;\nmov.u64 %row, rows;\n"
      "mad.wide.u32 %row, %number, 16, %row;\n";
  for (const int half : {0, 1})
    out += "ld.global.u64 %x0, [%at+" + std::to_string(128 + 8 * half) +
           "];\nst.shared.u64 [%mine+" + std::to_string(8 * half) + "], %x0;\n";
  out += "bar.sync 0;\n";
  if (generic) out += "cvta.shared.u64 %row, %row;\n";
  return out;
}

std::string opcode(const char* stem, int count, bool transposed, const std::string& space) {
  return std::string(stem) + ".sync.aligned.m8n8.x" + std::to_string(count) +
         (transposed ? ".trans" : "") + space + ".b16";
}

MatrixLine load_line(int count, bool transposed, const std::string& space) {
  const std::string name = opcode("ldmatrix", count, transposed, space);
  std::string body = prologue(space.empty()) + "@!%take bra END;\n" + name + " " +
                     registers(count) + ", [%row];\nmad.wide.u32 %at, %lane, 4, %out;\n";
  for (int i = 0; i < count; ++i)
    body += "st.global.u32 [%at+" + std::to_string(128 * i) + "], %r" + std::to_string(i) + ";\n";
  const auto reference = [=](const std::uint8_t* in, u32 mask, std::uint8_t* out) {
    const Given given = read(in);
    for (int m = 0; m < count; ++m)
      for (int lane = 0; lane < kWarp; ++lane) {
        u32 word = 0;
        for (int i = 0; i < 2; ++i) {
          const auto [row, column] = place(lane, i, transposed);
          const int giver = 8 * m + row;  // the lane that names the row
          const bool there = (mask >> giver & 1) != 0;
          word |= (there ? u32{given.rows[given.row_of[giver]][column]} : 0) << 16 * i;
        }
        if ((mask >> lane & 1) != 0) std::memcpy(out + 128 * m + 4 * lane, &word, 4);
      }
  };
  const std::size_t bytes = 128 * static_cast<std::size_t>(count);
  return {name, {name},   matrix_kernel(body, sizeof(Given), bytes), sizeof(Given), bytes, {},
          fill, reference};
}

MatrixLine store_line(int count, bool transposed, const std::string& space) {
  const std::string name = opcode("stmatrix", count, transposed, space);
  std::string body = prologue(space.empty()) + "@!%take bra END;\n" + name + " [%row], " +
                     registers(count) + ";\nbar.sync 0;\nmad.wide.u32 %at, %lane, 16, %out;\n";
  for (const int half : {0, 1})
    body += "ld.shared.u64 %x1, [%mine+" + std::to_string(8 * half) + "];\nst.global.u64 [%at+" +
            std::to_string(8 * half) + "], %x1;\n";
  const auto reference = [=](const std::uint8_t* in, u32 mask, std::uint8_t* out) {
    Given given = read(in);
    for (int m = 0; m < count; ++m)
      for (int lane = 0; lane < kWarp; ++lane)
        for (int i = 0; i < 2; ++i) {
          const auto [row, column] = place(lane, i, transposed);
          const int taker = 8 * m + row;
          if ((mask >> taker & 1) != 0)
            given.rows[given.row_of[taker]][column] = half_of(given.registers[m][lane], i);
        }
    for (int lane = 0; lane < kWarp; ++lane)
      if ((mask >> lane & 1) != 0)
        std::memcpy(out + kRowBytes * static_cast<std::size_t>(lane), given.rows[lane], kRowBytes);
  };
  return {name, {name},   matrix_kernel(body, sizeof(Given), kRoom), sizeof(Given), kRoom, {},
          fill, reference};
}

MatrixLine move_line() {
  const std::string name = "movmatrix.sync.aligned.m8n8.trans.b16";
  const std::string body = prologue(false) + "@!%take bra END;\n" + name +
                           " %r1, %r0;\nmad.wide.u32 %at, %lane, 4, %out;\nst.global.u32 [%at], "
                           "%r1;\n";
  const auto reference = [](const std::uint8_t* in, u32 mask, std::uint8_t* out) {
    const Given given = read(in);
    u16 matrix[kRows][kRows];
    for (int lane = 0; lane < kWarp; ++lane)
      for (int i = 0; i < 2; ++i) {
        const auto [row, column] = place(lane, i, false);
        matrix[row][column] = half_of(given.registers[0][lane], i);
      }
    for (int lane = 0; lane < kWarp; ++lane) {
      const auto [row, column] = place(lane, 0, true);
      const u32 word = matrix[row][column] | u32{matrix[row + 1][column]} << 16;
      if ((mask >> lane & 1) != 0) std::memcpy(out + 4 * lane, &word, 4);
    }
  };
  return {name, {name},   matrix_kernel(body, sizeof(Given), 128), sizeof(Given), 128, {},
          fill, reference};
}

}  // namespace

std::vector<MatrixLine> matrix_memory_lines() {
  std::vector<MatrixLine> out;
  for (const int count : {1, 2, 4})
    for (const bool transposed : {false, true})
      for (const char* space : {".shared", ".shared::cta", ""}) {
        out.push_back(load_line(count, transposed, space));
        out.push_back(store_line(count, transposed, space));
      }
  out.push_back(move_line());
  return out;
}

}  // namespace vgpu::conformance
