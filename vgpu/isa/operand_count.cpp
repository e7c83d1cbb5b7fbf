#include "vgpu/isa/operand_count.h"

#include <algorithm>
#include <cstdint>
#include <string_view>

namespace vgpu::isa {
namespace {

struct Row {
  std::string_view opcode;
  OperandCount count;
};

// By opcode, for binary search. Optional ones: a cache policy, a third value, a second barrier
// number, a lane mask.
constexpr Row kRows[] = {
    {"abs", {2, 2}},        {"activemask", {1, 1}},
    {"add", {3, 3}},        {"addc", {3, 3}},
    {"and", {3, 3}},        {"applypriority", {2, 2}},
    {"atom", {3, 5}},       {"bfe", {4, 4}},
    {"bfi", {5, 5}},        {"bfind", {2, 2}},
    {"bmsk", {3, 3}},       {"brev", {2, 2}},
    {"brkpt", {0, 0}},      {"clz", {2, 2}},
    {"cnot", {2, 2}},       {"copysign", {3, 3}},
    {"cos", {2, 2}},        {"createpolicy", {2, 4}},
    {"cvt", {2, 4}},        {"cvta", {2, 2}},
    {"discard", {2, 2}},    {"div", {3, 3}},
    {"dp2a", {4, 4}},       {"dp4a", {4, 4}},
    {"elect", {2, 2}},      {"ex2", {2, 2}},
    {"exit", {0, 0}},       {"fence", {0, 2}},
    {"fma", {4, 4}},        {"fns", {4, 4}},
    {"getctarank", {2, 2}}, {"griddepcontrol", {0, 0}},
    {"isspacep", {2, 2}},   {"ld", {2, 3}},
    {"ldmatrix", {2, 2}},   {"ldu", {2, 2}},
    {"lg2", {2, 2}},        {"lop3", {5, 6}},
    {"mad", {4, 4}},        {"mad24", {4, 4}},
    {"madc", {4, 4}},       {"mapa", {3, 3}},
    {"match", {3, 3}},      {"max", {3, 4}},
    {"membar", {0, 0}},     {"min", {3, 4}},
    {"mma", {4, 4}},        {"mov", {2, 2}},
    {"movmatrix", {2, 2}},  {"mul", {3, 3}},
    {"mul24", {3, 3}},      {"nanosleep", {1, 1}},
    {"neg", {2, 2}},        {"not", {2, 2}},
    {"or", {3, 3}},         {"pmevent", {1, 1}},
    {"popc", {2, 2}},       {"prefetch", {1, 2}},
    {"prefetchu", {1, 1}},  {"prmt", {4, 4}},
    {"rcp", {2, 2}},        {"red", {2, 3}},
    {"redux", {3, 3}},      {"rem", {3, 3}},
    {"ret", {0, 0}},        {"rsqrt", {2, 2}},
    {"sad", {4, 4}},        {"selp", {4, 4}},
    {"set", {3, 4}},        {"setmaxnreg", {1, 1}},
    {"setp", {3, 4}},       {"shf", {4, 4}},
    {"shfl", {4, 5}},       {"shl", {3, 3}},
    {"shr", {3, 3}},        {"sin", {2, 2}},
    {"slct", {4, 4}},       {"sqrt", {2, 2}},
    {"st", {2, 3}},         {"stmatrix", {2, 2}},
    {"sub", {3, 3}},        {"subc", {3, 3}},
    {"suld", {2, 2}},       {"suq", {2, 2}},
    {"sured", {2, 2}},      {"sust", {2, 2}},
    {"szext", {3, 3}},      {"tanh", {2, 2}},
    {"testp", {2, 2}},      {"tex", {2, 6}},
    {"tld4", {2, 4}},       {"trap", {0, 0}},
    {"txq", {2, 3}},        {"vabsdiff2", {4, 4}},
    {"vabsdiff4", {4, 4}},  {"vadd2", {4, 4}},
    {"vadd4", {4, 4}},      {"vavrg2", {4, 4}},
    {"vavrg4", {4, 4}},     {"vmax2", {4, 4}},
    {"vmax4", {4, 4}},      {"vmin2", {4, 4}},
    {"vmin4", {4, 4}},      {"vote", {2, 3}},
    {"vset2", {4, 4}},      {"vset4", {4, 4}},
    {"vsub2", {4, 4}},      {"vsub4", {4, 4}},
    {"xor", {3, 3}},
};

constexpr bool rows_are_sorted() {
  for (std::size_t i = 1; i < std::size(kRows); ++i)
    if (kRows[i - 1].opcode >= kRows[i].opcode) return false;
  return true;
}
static_assert(rows_are_sorted());

OperandCount of_barrier(const ptx::Instruction& ins) {
  if (ins.has("cluster")) return {0, 0};
  if (ins.has("warp")) return {1, 1};
  if (ins.has("red")) return {3, 4};
  return ins.has("arrive") ? OperandCount{2, 2} : OperandCount{1, 2};
}

OperandCount of_wmma(const ptx::Instruction& ins) {
  return ins.has("mma") ? OperandCount{4, 4} : OperandCount{2, 3};
}

OperandCount of_copy(const ptx::Instruction& ins) {
  if (ins.has("commit_group") || ins.has("wait_all")) return {0, 0};
  if (ins.has("wait_group") || ins.has("mbarrier")) return {1, 1};
  if (ins.has("prefetch")) return {2, 3};
  return ins.has("mbarrier::complete_tx::bytes") ? OperandCount{4, 6} : OperandCount{3, 5};
}

OperandCount of_barrier_object(const ptx::Instruction& ins) {
  if (ins.has("inval")) return {1, 1};
  if (ins.has("test_wait")) return {3, 3};
  if (ins.has("try_wait")) return {3, 4};
  return ins.has("arrive") || ins.has("arrive_drop") ? OperandCount{2, 3} : OperandCount{2, 2};
}

}  // namespace

OperandCount operand_count(const ptx::Instruction& ins) {
  if (ins.opcode == "wmma") return of_wmma(ins);
  if (ins.opcode == "cp") return of_copy(ins);
  if (ins.opcode == "mbarrier") return of_barrier_object(ins);
  if ((ins.opcode == "st" || ins.opcode == "red") && ins.has("async")) return {3, 4};
  if (ins.opcode == "bar" || ins.opcode == "barrier") return of_barrier(ins);
  const auto row =
      std::lower_bound(std::begin(kRows), std::end(kRows), std::string_view(ins.opcode),
                       [](const Row& r, std::string_view opcode) { return r.opcode < opcode; });
  if (row == std::end(kRows) || row->opcode != ins.opcode) return {0, SIZE_MAX};
  return row->count;
}

}  // namespace vgpu::isa
