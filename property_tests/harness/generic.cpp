#include "property_tests/harness/generic.h"

#include "golden/cases/elements.h"
#include "property_tests/harness/gradcheck.h"
#include "vgpu/machine/machine.h"

namespace plumb::properties {
namespace {

using golden::Case;
using golden::HostArray;

/// The virtual GPU's settings, put back at the end.
class Schedule {
 public:
  Schedule(vgpu::BlockOrder order, std::uint64_t seed, int threads) : before_(vgpu::settings()) {
    vgpu::settings().order = order;
    vgpu::settings().order_seed = seed;
    vgpu::settings().threads = threads;
  }
  ~Schedule() { vgpu::settings() = before_; }
  Schedule(const Schedule&) = delete;

 private:
  vgpu::Settings before_;
};

std::string other_layouts_differ(const Case& c) {
  const Arrays plain = run(c);
  for (const char* layout : {"/misaligned", "/strided"})
    if (const std::string text = difference(run(golden::make_case(c.text + layout)), plain);
        !text.empty())
      return text + " when the inputs are" + layout;
  return "";
}

std::string other_schedules_differ(const Case& c) {
  using vgpu::BlockOrder;
  const auto run_in = [&](BlockOrder order, std::uint64_t seed, int threads) {
    const Schedule schedule(order, seed, threads);
    return run(c);
  };
  const Arrays forward = run_in(BlockOrder::forward, 0, 1);
  if (const auto text = difference(run_in(BlockOrder::reverse, 0, 1), forward); !text.empty())
    return text + " when the last block runs first";
  for (const std::uint64_t seed : {1u, 2u})
    if (const auto text = difference(run_in(BlockOrder::random, seed, 1), forward); !text.empty())
      return text + " when blocks run in random order";
  if (const auto text = difference(run_in(BlockOrder::random, 3, 2), forward); !text.empty())
    return text + " on two threads";
  return "";
}

/// An element drawn from the seed is put to 1.5; the op of 1.5 alone says what it becomes.
std::string a_change_spreads(const Case& c) {
  Arrays in = inputs_of(c);
  HostArray& x = in.at("x");
  if (x.values.empty()) return "";
  HostArray want = run(c, in).at("y");
  const std::size_t changed = golden::word_at(c.seed, 3, 0) % x.values.size();
  x.values[changed] = 1.5;
  const HostArray alone = golden::make_array({1}, c.dtype, [](std::size_t) { return 1.5L; });
  want.values[changed] = run(c, {{"x", alone}}).at("y").values[0];
  return golden::difference(run(c, in).at("y"), want);
}

/// Inputs that backward has a gradient of, end to end.
class Place {
 public:
  Place(const Arrays& inputs, const Arrays& gradients) : inputs_(inputs) {
    for (const auto& [name, gradient] : gradients) {
      const std::string input = name.substr(1);  // "dx" is of x
      const Vector& values = inputs.at(input).values;
      names_.push_back(input);
      start.insert(start.end(), values.begin(), values.end());
      gradient_.insert(gradient_.end(), gradient.values.begin(), gradient.values.end());
    }
  }
  /// The inputs with these values in place of their own.
  Arrays inputs(const Vector& values) const {
    Arrays out = inputs_;
    out.erase("dy");
    std::size_t at = 0;
    for (const std::string& name : names_)
      for (double& value : out.at(name).values) value = values[at++];
    return out;
  }
  const Vector& gradient() const { return gradient_; }

  Vector start;

 private:
  Arrays inputs_;
  std::vector<std::string> names_;
  Vector gradient_;
};

std::string gradcheck_fails(const Case& c, const std::function<void(Arrays&)>& prepare) {
  Arrays inputs = inputs_of(c);
  if (prepare) prepare(inputs);
  const Place place(inputs, run(c, inputs));
  const Case forward = in_direction(c, "forward");
  const HostArray& dy = inputs.at("dy");
  const auto loss = [&](const Vector& values) {
    return inner(dy, run(forward, place.inputs(values)).begin()->second);
  };
  golden::Recipe direction;
  direction.name = "direction";
  direction.shape = {static_cast<std::int64_t>(place.start.size())};
  direction.dtype = Dtype::f64;
  direction.seed = c.seed + 9;
  const GradcheckResult result =
      gradcheck(loss, place.start, place.gradient(), golden::make(direction).values);
  if (result.relative <= kGradcheckLimit) return "";
  return "the gradient along a direction is " + std::to_string(result.analytic) +
         ", differences give " + std::to_string(result.numeric);
}

}  // namespace

std::vector<Property> invariance(const std::string& direction, const Ids& ids) {
  return {
      claim(direction + "_has_the_same_bits_in_every_layout",
            "strides or an address taken for those of a plain tensor", ids, other_layouts_differ),
      claim(direction + "_has_the_same_bits_in_every_order_of_blocks",
            "a race between blocks; a sum whose order is the schedule's", ids,
            other_schedules_differ)};
}

Property an_element_depends_on_itself_alone(const Ids& ids) {
  return claim("an_element_depends_on_itself_alone", "an index that is off", ids, a_change_spreads);
}

Property gradients_pass_gradcheck(const Ids& ids, std::function<void(Arrays&)> prepare) {
  return claim("gradients_pass_gradcheck", "a gradient of another function", ids,
               [prepare](const Case& c) { return gradcheck_fails(c, prepare); });
}

}  // namespace plumb::properties
