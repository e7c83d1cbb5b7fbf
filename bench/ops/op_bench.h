// op_bench.h - what is timed of an op: cases over the batch, with the bytes and operations that
// each cannot do without.
//
// bench/ops/<op>.cpp defines one function, `std::vector<BenchCase> <op>_bench(std::int64_t batch)`.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace plumb::bench {

struct BenchCase {
  std::string id;       // golden/harness/op.h
  double bytes, flops;  // least that must be read and written; operations of the formula
};

}  // namespace plumb::bench
