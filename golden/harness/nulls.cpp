#include "golden/harness/nulls.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cmath>

#include "impl/core/error.h"

namespace plumb::golden {
namespace {

constexpr const char* kNames[] = {"zeros", "copy", "mean", "previous"};
constexpr const char* kTexts[] = {"zeros", "a copy of an input", "the mean everywhere",
                                  "the case before's output"};

double mean_of(const Expected& e) {
  double sum = 0, count = 0;
  for (const double want : e.want)
    if (std::isfinite(want)) sum += want, ++count;
  return count > 0 ? sum / count : 0;
}

}  // namespace

const char* name_of(NullKernel null) { return kNames[static_cast<std::size_t>(null)]; }
const char* describe(NullKernel null) { return kTexts[static_cast<std::size_t>(null)]; }

NullKernel null_from_name(const std::string& name) {
  for (const NullKernel null : kNullKernels)
    if (name == name_of(null)) return null;
  throw UsageError(
      fmt::format("null kernel '{}' is unknown; allowed: {}", name, fmt::join(kNames, ", ")));
}

std::optional<HostArray> null_output(NullKernel null, const std::string& name, const Expected& e,
                                     const std::map<std::string, HostArray>& inputs) {
  switch (null) {
    case NullKernel::zeros:
      return make_array(e.shape, e.dtype, [](std::size_t) { return 0; });
    case NullKernel::mean: {
      const double mean = mean_of(e);
      // One element is its own mean; zeros are a null kernel of their own.
      if (e.want.size() < 2 || mean == 0) return {};
      return make_array(e.shape, e.dtype, [&](std::size_t) { return mean; });
    }
    case NullKernel::copy:
      if (const auto same = inputs.find(name); same != inputs.end()) return same->second;
      for (const auto& [other, array] : inputs)
        if (array.shape == e.shape && array.dtype == e.dtype) return array;
      return {};
    case NullKernel::previous:
      return {};
  }
  return {};
}

bool null_passes(NullKernel null, const Answer& answer,
                 const std::map<std::string, HostArray>& inputs, const Rules& rules) {
  bool any = false;
  for (const auto& [name, expected] : answer.outputs) {
    if (expected.want.empty()) continue;
    const auto output = null_output(null, name, expected, inputs);
    if (!output || !judge_output(name, *output, expected, rules).passed()) return false;
    any = true;
  }
  return any;
}

}  // namespace plumb::golden
