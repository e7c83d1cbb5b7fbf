// sampler.h - the order of an epoch's samples, bit for bit as torch.utils.data has it.
//
// Source: PyTorch torch/utils/data/{sampler,dataloader}.py.
#pragma once

#include <cstdint>
#include <vector>

#include "impl/random/mt19937.h"

namespace plumb {

/// SequentialSampler: 0, 1, ... count - 1.
std::vector<std::int64_t> sequential_order(std::int64_t count);

/// What a DataLoader(shuffle=True) with num_workers=0 draws for one epoch from the default
/// generator: its base seed (unused here, but drawn), then RandomSampler's seed, whose own
/// generator makes the permutation. Throws ValueError for an empty dataset, as RandomSampler does.
std::vector<std::int64_t> shuffled_order(Mt19937& generator, std::int64_t count);

/// What a DataLoader(shuffle=False) draws for one epoch: the base seed alone.
std::vector<std::int64_t> unshuffled_order(Mt19937& generator, std::int64_t count);

/// BatchSampler: consecutive groups; the last one may be smaller unless dropped. Throws ValueError
/// for batch_size < 1.
std::vector<std::vector<std::int64_t>> batches_of(const std::vector<std::int64_t>& order,
                                                  std::int64_t batch_size, bool drop_last);

}  // namespace plumb
