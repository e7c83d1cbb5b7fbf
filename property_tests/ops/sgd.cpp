// Properties of sgd_step.
#include "impl/ops/sgd.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

#include "property_tests/harness/generate.h"
#include "property_tests/harness/refusal.h"

namespace plumb::test {
namespace {

struct SgdCase {
  Dtype dtype;
  std::vector<std::int64_t> counts;  // of each parameter; a block takes 2048 elements
  SgdOptions options;
  bool first_step;
  std::uint64_t seed;

  HostArray param(std::size_t i) const { return made(i, 0); }
  HostArray grad(std::size_t i) const { return made(i, 1); }
  HostArray buffer(std::size_t i) const { return made(i, 2); }

 private:
  HostArray made(std::size_t i, std::uint64_t stream) const {
    return filled({counts[i]}, dtype, Fill::real, seed + 100 * i + stream);
  }
};

std::ostream& operator<<(std::ostream& out, const SgdCase& c) {
  out << "sgd/step/" << c.dtype << "/n";
  for (const std::int64_t count : c.counts) out << count << "_";
  return out << "/lr" << c.options.lr << "/mom" << c.options.momentum << "/damp"
             << c.options.dampening << "/wd" << c.options.weight_decay
             << (c.options.nesterov ? "/nesterov" : "") << (c.options.maximize ? "/maximize" : "")
             << (c.first_step ? "/first" : "") << "/seed" << c.seed;
}

struct State {
  std::vector<HostArray> params, buffers;
};

State initial(const SgdCase& c) {
  State state;
  for (std::size_t i = 0; i < c.counts.size(); ++i) {
    state.params.push_back(c.param(i));
    state.buffers.push_back(c.buffer(i));
  }
  return state;
}

/// One call of sgd_step for the parameters named by `which`, in that order.
void step(State& state, const SgdCase& c, const std::vector<HostArray>& grads,
          const std::vector<std::size_t>& which, Place place = Place::plain) {
  std::vector<SgdParam> params;
  for (const std::size_t i : which)
    params.push_back({upload(state.params[i]), upload(grads[i], place),
                      c.options.momentum != 0 ? upload(state.buffers[i]) : Tensor{}, c.first_step});
  sgd_step(params, c.options, {});
  for (std::size_t k = 0; k < which.size(); ++k) {
    state.params[which[k]] = download(params[k].param);
    if (params[k].momentum_buffer.defined())
      state.buffers[which[k]] = download(params[k].momentum_buffer);
  }
}

std::vector<std::size_t> all_of(const SgdCase& c) {
  std::vector<std::size_t> out(c.counts.size());
  std::iota(out.begin(), out.end(), std::size_t{0});
  return out;
}

std::vector<HostArray> grads_of(const SgdCase& c) {
  std::vector<HostArray> out;
  for (std::size_t i = 0; i < c.counts.size(); ++i) out.push_back(c.grad(i));
  return out;
}

State after_step(const SgdCase& c, Place place = Place::plain) {
  State state = initial(c);
  step(state, c, grads_of(c), all_of(c), place);
  return state;
}

/// torch/optim/sgd.py, element by element in `Accum`, where a + b c is one fma.
template <class Accum>
void host_step(const SgdCase& c, State& state) {
  const auto lr = static_cast<Accum>(c.options.lr),
             momentum = static_cast<Accum>(c.options.momentum),
             kept = static_cast<Accum>(1 - c.options.dampening),
             decay = static_cast<Accum>(c.options.weight_decay);
  for (std::size_t k = 0; k < state.params.size(); ++k) {
    const HostArray grad = c.grad(k);
    for (std::size_t i = 0; i < grad.values.size(); ++i) {
      const auto p = static_cast<Accum>(state.params[k].values[i]);
      auto g = static_cast<Accum>(grad.values[i]);
      if (c.options.maximize) g = -g;
      if (decay != 0) g = std::fma(decay, p, g);
      if (momentum != 0) {
        const auto old = static_cast<Accum>(state.buffers[k].values[i]);
        const Accum buffer = c.first_step ? g : std::fma(kept, g, momentum * old);
        g = c.options.nesterov ? std::fma(momentum, buffer, g) : buffer;
        state.buffers[k].values[i] = round_to(c.dtype, buffer);
      }
      state.params[k].values[i] = round_to(c.dtype, std::fma(-lr, g, p));
    }
  }
}

std::string difference(const State& got, const State& want) {
  for (std::size_t i = 0; i < want.params.size(); ++i) {
    if (auto text = difference(got.params[i], want.params[i]); !text.empty())
      return "parameter " + std::to_string(i) + ": " + text;
    if (auto text = difference(got.buffers[i], want.buffers[i]); !text.empty())
      return "buffer " + std::to_string(i) + ": " + text;
  }
  return "";
}

rc::Gen<SgdOptions> any_options() {
  return rc::gen::map(
      rc::gen::tuple(rc::gen::element(0.0, 0.9, 0.5), rc::gen::element(0.0, 0.5, 1.0),
                     rc::gen::element(0.0, 0.01), rc::gen::arbitrary<bool>(),
                     rc::gen::arbitrary<bool>(), rc::gen::element(0.1, 1.0, 1e-3)),
      [](const auto& t) {
        SgdOptions o;
        o.momentum = std::get<0>(t);
        o.dampening = std::get<1>(t);
        o.weight_decay = std::get<2>(t);
        o.nesterov = std::get<3>(t) && o.momentum > 0 && o.dampening == 0;
        o.maximize = std::get<4>(t);
        o.lr = std::get<5>(t);
        return o;
      });
}

rc::Gen<std::vector<std::int64_t>> any_counts() {
  return rc::gen::container<std::vector<std::int64_t>>(rc::gen::elementOf(
      std::vector<std::int64_t>{0, 1, 2, 31, 33, 255, 257, 2047, 2048, 2049, 4099}));
}

}  // namespace
}  // namespace plumb::test

namespace rc {

template <>
struct Arbitrary<plumb::test::SgdCase> {
  static Gen<plumb::test::SgdCase> arbitrary() {
    using plumb::test::SgdCase;
    return gen::build<SgdCase>(gen::set(&SgdCase::dtype, plumb::test::floating_dtype()),
                               gen::set(&SgdCase::counts, plumb::test::any_counts()),
                               gen::set(&SgdCase::options, plumb::test::any_options()),
                               gen::set(&SgdCase::first_step),
                               gen::set(&SgdCase::seed, plumb::test::any_seed()));
  }
};

}  // namespace rc

namespace plumb::test {
namespace {

// Each operation of the formula rounds once on either side, so the bits are the same.
RC_GTEST_PROP(SgdProps, aStepHasTheBitsOfTheFormulaOnTheHost, (const SgdCase& c)) {
  State want = initial(c);
  c.dtype == Dtype::f64 ? host_step<double>(c, want) : host_step<float>(c, want);

  RC_ASSERT(difference(after_step(c), want) == "");
}

// A gradient's place in memory is no part of the formula.
RC_GTEST_PROP(SgdProps, stridedAndMisalignedGradientsGiveTheSameBits, (const SgdCase& c)) {
  const State plain = after_step(c);

  RC_ASSERT(difference(after_step(c, Place::strided), plain) == "");
  RC_ASSERT(difference(after_step(c, Place::misaligned), plain) == "");
}

// p - 0 g is p for every finite g.
RC_GTEST_PROP(SgdProps, aLearningRateOfZeroChangesNoParameter, (SgdCase c)) {
  c.options.lr = 0;

  const State after = after_step(c);

  for (std::size_t i = 0; i < c.counts.size(); ++i)
    RC_ASSERT(difference(after.params[i], c.param(i)) == "");
}

// Without decay a zero gradient is no direction; the buffer only shrinks.
RC_GTEST_PROP(SgdProps, aZeroGradientChangesNoParameterOnTheFirstStep, (SgdCase c)) {
  c.options.weight_decay = 0;
  c.first_step = true;
  State after = initial(c);
  std::vector<HostArray> zeros = grads_of(c);
  for (HostArray& grad : zeros)
    grad = make_array(grad.shape, c.dtype, [](std::size_t) { return 0; });

  step(after, c, zeros, all_of(c));

  for (std::size_t i = 0; i < c.counts.size(); ++i)
    RC_ASSERT(difference(after.params[i], c.param(i)) == "");
}

// Negation is exact: climbing f is descending -f.
RC_GTEST_PROP(SgdProps, maximizeIsMinimizeOfTheNegatedGradient, (SgdCase c)) {
  std::vector<HostArray> negated = grads_of(c);
  for (HostArray& grad : negated)
    for (double& g : grad.values) g = -g;
  const State want = after_step(c);
  c.options.maximize = !c.options.maximize;
  State got = initial(c);

  step(got, c, negated, all_of(c));

  RC_ASSERT(difference(got, want) == "");
}

// Elements do not meet: parameters in another order, or in two calls, get the same bits.
RC_GTEST_PROP(SgdProps, orderAndGroupingOfParametersChangeNoBit, (const SgdCase& c)) {
  const State together = after_step(c);
  std::vector<std::size_t> reversed = all_of(c);
  std::reverse(reversed.begin(), reversed.end());
  const auto middle = static_cast<std::ptrdiff_t>(reversed.size() / 2);
  State apart = initial(c);

  step(apart, c, grads_of(c), {reversed.begin(), reversed.begin() + middle});
  step(apart, c, grads_of(c), {reversed.begin() + middle, reversed.end()});

  RC_ASSERT(difference(apart, together) == "");
}

// The first step has no history: what lies in the buffer's memory is not read.
RC_GTEST_PROP(SgdProps, theFirstStepDoesNotReadTheBuffer, (SgdCase c)) {
  c.first_step = true;
  c.options.momentum = 0.9;
  c.options.nesterov = false;
  const State want = after_step(c);
  State got = initial(c);
  for (HostArray& buffer : got.buffers)
    for (double& value : buffer.values) value = NAN;

  step(got, c, grads_of(c), all_of(c));

  RC_ASSERT(difference(got, want) == "");
}

TEST(SgdProps, MoreParametersThanOneLaunchTakesAreAllStepped) {
  // 64 entries travel with a launch: 150 parameters are three.
  SgdCase c{Dtype::f32, std::vector<std::int64_t>(150, 5), {.lr = 0.5, .momentum = 0.5}, false, 3};
  c.counts[64] = 2049;
  State want = initial(c);

  host_step<float>(c, want);

  EXPECT_EQ(difference(after_step(c), want), "");
}

TEST(SgdProps, ParametersOfSeveralDtypesShareACall) {
  const SgdCase f32{Dtype::f32, {33}, {.lr = 0.5}, false, 3},
      f16{Dtype::f16, {40}, f32.options, false, 4};
  const std::vector<SgdParam> params = {{upload(f32.param(0)), upload(f32.grad(0)), {}, false},
                                        {upload(f16.param(0)), upload(f16.grad(0)), {}, false}};

  sgd_step(params, f32.options, {});

  EXPECT_EQ(difference(download(params[0].param), after_step(f32).params[0]), "");
  EXPECT_EQ(difference(download(params[1].param), after_step(f16).params[0]), "");
}

TEST(SgdProps, OptionsOutOfRangeAreRefusedInLibTorchsWords) {
  const auto text = [](SgdOptions options) {
    return refusal<ValueError>([&] { sgd_step({}, options, {}); });
  };

  EXPECT_NE(text({.lr = -0.1}).find("Invalid learning rate: -0.1"), std::string::npos);
  EXPECT_NE(text({.momentum = -1}).find("Invalid momentum value: -1"), std::string::npos);
  EXPECT_NE(text({.weight_decay = -2}).find("Invalid weight_decay value: -2"), std::string::npos);
  for (const SgdOptions& options :
       {SgdOptions{.nesterov = true},
        SgdOptions{.momentum = 0.9, .dampening = 0.1, .nesterov = true}})
    EXPECT_NE(text(options).find("Nesterov momentum requires a momentum and zero dampening"),
              std::string::npos);
}

TEST(SgdProps, AMisfitIsRefusedInOneLineThatNamesTheParameter) {
  const Tensor good = Tensor::zeros({4}, Dtype::f32), long_one = Tensor::zeros({5}, Dtype::f32);
  const auto text = [](std::vector<SgdParam> params, double momentum) {
    return refusal<ShapeError>([&] { sgd_step(params, {.momentum = momentum}, {}); });
  };

  const std::string shape = text({{good, good.clone(), {}}, {good, long_one, {}}}, 0);
  const std::string buffer = text({{good, good.clone(), {}}}, 0.9);
  const std::string dtype = text({{good, good.to(Dtype::f64), {}}}, 0);
  const std::string strides = text({{Tensor::zeros({4, 2}, Dtype::f32).select(1, 0), good, {}}}, 0);

  EXPECT_NE(shape.find("the gradient of parameter 1 is f32 [5], need f32 [4]"), std::string::npos);
  EXPECT_NE(buffer.find("the momentum buffer of parameter 0 is undefined"), std::string::npos);
  EXPECT_NE(dtype.find("the gradient of parameter 0 is f64 [4], need f32 [4]"), std::string::npos);
  EXPECT_NE(strides.find("parameter 0 of shape [4] is not contiguous"), std::string::npos);
}

}  // namespace
}  // namespace plumb::test
