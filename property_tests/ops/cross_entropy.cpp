// Properties of cross_entropy_forward and cross_entropy_backward.
#include "impl/ops/cross_entropy.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "property_tests/gradcheck.h"
#include "property_tests/harness/generate.h"
#include "property_tests/harness/refusal.h"

namespace plumb::test {
namespace {

constexpr std::int64_t kIgnored = -100;

struct CrossEntropyCase {
  Dtype dtype;
  std::int64_t samples, classes, spatial;
  bool probabilities, weighted;
  Reduction reduction;
  double smoothing;
  int ignore_every;  // every n-th label is ignored; 0: none
  Place place;
  std::uint64_t seed;
  double range = 8;  // of the logits: (-range, range)

  std::int64_t rows() const { return samples * spatial; }
  Shape shape() const {
    return spatial == 1 ? Shape{samples, classes} : Shape{samples, classes, spatial};
  }
  Shape row_shape() const { return spatial == 1 ? Shape{samples} : Shape{samples, spatial}; }
  Shape loss_shape() const { return reduction == Reduction::none ? row_shape() : Shape{}; }
  CrossEntropyOptions options() const { return {reduction, kIgnored, smoothing}; }

  HostArray input() const {
    HostArray x = filled(shape(), dtype, Fill::real, seed);
    for (double& value : x.values) value *= range;
    return x;
  }
  HostArray weight() const {
    HostArray w = filled({classes}, dtype, Fill::real, seed + 1);
    for (double& value : w.values) value = round_to(dtype, std::fabs(value) + 0.25);
    return w;
  }
  HostArray target() const {
    if (!probabilities)
      return make_array(row_shape(), Dtype::i64, [&](std::size_t i) {
        const bool ignored = ignore_every != 0 && static_cast<int>(i) % ignore_every == 0;
        return static_cast<long double>(ignored ? kIgnored : index_of(classes, seed + 2, i));
      });
    HostArray p = filled(shape(), dtype, Fill::real, seed + 2);
    for (double& value : p.values) value = std::fabs(value);  // need not add up to 1
    return p;
  }
  HostArray dy() const { return filled(loss_shape(), dtype, Fill::real, seed + 3); }
};

std::ostream& operator<<(std::ostream& out, const CrossEntropyCase& c) {
  const char* reductions[] = {"none", "mean", "sum"};
  const char* places[] = {"plain", "misaligned", "strided"};
  return out << "cross_entropy/" << c.dtype << "/n" << c.samples << "_c" << c.classes << "_s"
             << c.spatial << (c.probabilities ? "/probabilities" : "/labels")
             << (c.weighted ? "/weight" : "") << "/" << reductions[static_cast<int>(c.reduction)]
             << "/e" << c.smoothing << "/ignore" << c.ignore_every << "/"
             << places[static_cast<int>(c.place)] << "/seed" << c.seed;
}

struct Uploaded {
  Tensor input, target, weight;
  const Tensor* weight_or_null;

  explicit Uploaded(const CrossEntropyCase& c) : Uploaded(c, c.input(), c.target()) {}
  Uploaded(const CrossEntropyCase& c, const HostArray& x, const HostArray& y)
      : input(upload(x, c.place)),
        target(upload(y, c.place)),
        weight(upload(c.weight(), c.place)),
        weight_or_null(c.weighted ? &weight : nullptr) {}
  Uploaded(const Uploaded&) = delete;
};

CrossEntropyResult forward(const CrossEntropyCase& c, const Uploaded& u) {
  return cross_entropy_forward(u.input, u.target, u.weight_or_null, c.options(), {});
}

HostArray loss_of(const CrossEntropyCase& c, const HostArray& x, const HostArray& y) {
  const Uploaded u(c, x, y);
  return download(forward(c, u).loss);
}
HostArray loss_of(const CrossEntropyCase& c) { return loss_of(c, c.input(), c.target()); }

CrossEntropyGrads backward(const CrossEntropyCase& c, const Uploaded& u, const HostArray& dy) {
  return cross_entropy_backward(upload(dy), u.input, u.target, u.weight_or_null, c.options(),
                                forward(c, u), {true, c.probabilities}, {});
}

HostArray dinput_of(const CrossEntropyCase& c, const HostArray& x, const HostArray& y) {
  const Uploaded u(c, x, y);
  return download(backward(c, u, c.dy()).dinput);
}

// --- an independent computation in long double, with a bound of what rounding may do to ours ---

struct Bounded {
  std::vector<long double> value, bound;
};

struct Expected {
  Bounded loss, dinput, dtarget;
};

/// u: unit roundoff of what the kernels sum in. g: how many roundings a sum of the classes passes:
/// a warp adds every 32nd class, then 5 levels; where lanes lie along s one thread adds them all.
class Oracle {
 public:
  explicit Oracle(const CrossEntropyCase& c) : c_(c), x_(c.input()), target_(c.target()) {
    u_ = c.dtype == Dtype::f64 ? 0x1p-53L : 0x1p-24L;
    g_ = c.spatial == 1 ? static_cast<long double>(c.classes) / 32 + 6
                        : static_cast<long double>(c.classes);
    const HostArray w = c.weight();
    for (const double value : w.values) weight_.push_back(c.weighted ? value : 1);
    keep_ = 1 - c.smoothing;
    spread_ = static_cast<long double>(c.smoothing) / static_cast<long double>(c.classes);
  }

  Expected run() {
    long double total_weight = 0, sum = 0, sum_bound = 0;
    for (std::int64_t row = 0; row < c_.rows(); ++row) rows_.push_back(row_of(row));
    for (const Row& r : rows_) {
      total_weight += r.weight;
      sum += r.loss;
      sum_bound +=
          r.bound + u_ * (static_cast<long double>(c_.rows()) / 1024 + 11) * std::fabs(r.loss);
    }
    Expected out;
    const bool mean = c_.reduction == Reduction::mean;
    if (c_.reduction == Reduction::none) {
      for (const Row& r : rows_)
        out.loss.value.push_back(r.loss), out.loss.bound.push_back(r.bound);
    } else {
      const long double divisor = mean ? total_weight : 1;
      out.loss.value = {sum / divisor};
      out.loss.bound = {(sum_bound + 16 * u_ * std::fabs(sum)) / std::fabs(divisor)};
    }
    add_gradients(out, mean ? total_weight : 1);
    return out;
  }

 private:
  struct Row {
    bool ignored = false;
    long double weight = 1, loss = 0, bound = 0;
    std::vector<long double> logp, logp_bound, factor, slope;
  };

  std::size_t at(std::int64_t row, std::int64_t k) const {
    return static_cast<std::size_t>((row / c_.spatial * c_.classes + k) * c_.spatial +
                                    row % c_.spatial);
  }

  /// logp: the shift and the logarithm round once, the sum's relative error is that of its terms
  /// (an exponential and its shifted argument) and of the additions.
  Row row_of(std::int64_t row) const {
    Row r;
    long double largest = -std::numeric_limits<long double>::infinity(), least = -largest, sum = 0;
    for (std::int64_t k = 0; k < c_.classes; ++k) {
      largest = std::max<long double>(largest, x_.values[at(row, k)]);
      least = std::min<long double>(least, x_.values[at(row, k)]);
    }
    for (std::int64_t k = 0; k < c_.classes; ++k) sum += std::exp(x_.values[at(row, k)] - largest);
    const long double log_sum = std::log(sum), range = largest - least;
    const auto label = static_cast<std::int64_t>(
        c_.probabilities ? 0 : target_.values[static_cast<std::size_t>(row)]);
    r.ignored = !c_.probabilities && label == kIgnored;
    if (!c_.probabilities) r.weight = r.ignored ? 0 : weight_[static_cast<std::size_t>(label)];
    for (std::int64_t k = 0; k < c_.classes; ++k) {
      const long double w = weight_[static_cast<std::size_t>(k)];
      const long double logp = x_.values[at(row, k)] - largest - log_sum;
      const long double part = c_.probabilities ? keep_ * target_.values[at(row, k)]
                               : k == label     ? keep_
                                                : 0;
      r.logp.push_back(logp);
      r.logp_bound.push_back(4 * u_ * (3 + range + log_sum + g_));
      r.factor.push_back(r.ignored ? 0 : w * (part + spread_));
      r.slope.push_back(w * keep_);
      r.loss -= r.factor.back() * logp;
      r.bound += r.factor.back() * (r.logp_bound.back() + 4 * u_ * (g_ + 3) * std::fabs(logp));
    }
    return r;
  }

  void add_gradients(Expected& out, long double divisor) const {
    const HostArray dy = c_.dy();
    const std::size_t count = x_.values.size();
    for (Bounded* b : {&out.dinput, &out.dtarget}) b->value.resize(count), b->bound.resize(count);
    for (std::int64_t row = 0; row < c_.rows(); ++row) {
      const Row& r = rows_[static_cast<std::size_t>(row)];
      const long double given =
          dy.values[c_.reduction == Reduction::none ? static_cast<std::size_t>(row) : 0];
      const long double scale = given / divisor;
      long double all = 0;
      for (const long double q : r.factor) all += q;
      for (std::int64_t k = 0; k < c_.classes; ++k) {
        const auto i = static_cast<std::size_t>(k);
        const long double p = std::exp(r.logp[i]);
        out.dinput.value[at(row, k)] = r.ignored ? 0 : scale * (all * p - r.factor[i]);
        out.dinput.bound[at(row, k)] =
            std::fabs(scale) *
            (all * p * (r.logp_bound[i] + 4 * u_ * (g_ + 4)) + 16 * u_ * (all * p + r.factor[i]));
        out.dtarget.value[at(row, k)] = -scale * r.slope[i] * r.logp[i];
        out.dtarget.bound[at(row, k)] =
            std::fabs(scale) * r.slope[i] * (r.logp_bound[i] + 16 * u_ * std::fabs(r.logp[i]));
      }
    }
  }

  const CrossEntropyCase& c_;
  HostArray x_, target_;
  long double u_, g_, keep_, spread_;
  std::vector<long double> weight_;
  std::vector<Row> rows_;
};

/// Within the bound and one rounding to the dtype.
std::string beyond(const HostArray& got, const Bounded& want) {
  const long double roundoff = got.dtype == Dtype::f16    ? 0x1p-11L
                               : got.dtype == Dtype::bf16 ? 0x1p-8L
                                                          : 0;
  const long double smallest = got.dtype == Dtype::f16 ? 0x1p-24L : 0x1p-126L;
  HostArray expected{got.shape, got.dtype, {}};
  for (const long double value : want.value) expected.values.push_back(static_cast<double>(value));
  return difference_beyond(got, expected, [&](std::size_t i) {
    return static_cast<double>(1.02L * roundoff * std::fabs(want.value[i]) + want.bound[i] +
                               smallest);
  });
}

HostArray one_hot(const CrossEntropyCase& c) {
  const HostArray labels = c.target();
  return make_array(c.shape(), c.dtype, [&](std::size_t i) {
    const auto place = static_cast<std::int64_t>(i);
    const std::int64_t sample = place / (c.classes * c.spatial), s = place % c.spatial;
    const auto row = static_cast<std::size_t>(sample * c.spatial + s);
    return labels.values[row] == static_cast<double>(place / c.spatial % c.classes) ? 1 : 0;
  });
}

}  // namespace
}  // namespace plumb::test

namespace rc {

template <>
struct Arbitrary<plumb::test::CrossEntropyCase> {
  static Gen<plumb::test::CrossEntropyCase> arbitrary() {
    using plumb::Reduction;
    using plumb::test::CrossEntropyCase;
    return gen::build<CrossEntropyCase>(
        gen::set(&CrossEntropyCase::dtype, plumb::test::floating_dtype()),
        gen::set(&CrossEntropyCase::samples, gen::element<std::int64_t>(1, 2, 3, 5, 33, 130)),
        gen::set(&CrossEntropyCase::classes, gen::element<std::int64_t>(1, 2, 10, 31, 32, 33, 100)),
        gen::set(&CrossEntropyCase::spatial, gen::element<std::int64_t>(1, 1, 2, 7)),
        gen::set(&CrossEntropyCase::probabilities), gen::set(&CrossEntropyCase::weighted),
        gen::set(&CrossEntropyCase::reduction,
                 gen::element(Reduction::none, Reduction::mean, Reduction::sum)),
        gen::set(&CrossEntropyCase::smoothing, gen::element(0.0, 0.125, 1.0)),
        gen::set(&CrossEntropyCase::ignore_every, gen::element(0, 2, 5)),
        gen::set(&CrossEntropyCase::place, plumb::test::any_place()),
        gen::set(&CrossEntropyCase::seed, plumb::test::any_seed()));
  }
};

}  // namespace rc

namespace plumb::test {
namespace {

/// Without a row that counts the mean is NaN, which is a claim of its own.
CrossEntropyCase with_a_row_that_counts(CrossEntropyCase c) {
  if (c.rows() == 1) c.ignore_every = 0;
  return c;
}

RC_GTEST_PROP(CrossEntropyProps, lossIsThatOfALongDoubleLoopWithinItsRounding,
              (CrossEntropyCase c)) {
  c = with_a_row_that_counts(c);

  RC_ASSERT(beyond(loss_of(c), Oracle(c).run().loss) == "");
}

RC_GTEST_PROP(CrossEntropyProps, inputGradientIsThatOfALongDoubleLoopWithinItsRounding,
              (CrossEntropyCase c)) {
  c = with_a_row_that_counts(c);

  RC_ASSERT(beyond(dinput_of(c, c.input(), c.target()), Oracle(c).run().dinput) == "");
}

RC_GTEST_PROP(CrossEntropyProps, targetGradientIsThatOfALongDoubleLoopWithinItsRounding,
              (CrossEntropyCase c)) {
  c.probabilities = true;
  const Uploaded u(c);

  const HostArray dtarget = download(backward(c, u, c.dy()).dtarget);

  RC_ASSERT(beyond(dtarget, Oracle(c).run().dtarget) == "");
}

// exp(0) = 1 and 2^-k are exact: a class has probability 1 / C to the bit.
RC_GTEST_PROP(CrossEntropyProps, equalLogitsOverAPowerOfTwoOfClassesHaveExactGradients,
              (CrossEntropyCase c)) {
  c.classes = std::int64_t{1} << c.seed % 8;
  c.probabilities = c.weighted = false;
  c.reduction = Reduction::sum;
  c.smoothing = 0;
  const HostArray x = make_array(c.shape(), c.dtype, [](std::size_t) { return 3.5; });
  const Uploaded u(c, x, c.target());
  HostArray one = c.dy();
  one.values = {1};

  const HostArray dx = download(backward(c, u, one).dinput);

  const HostArray hot = one_hot(c), labels = c.target();
  const HostArray want = make_array(c.shape(), c.dtype, [&](std::size_t i) {
    const auto place = static_cast<std::int64_t>(i);
    const auto row =
        static_cast<std::size_t>(place / (c.classes * c.spatial) * c.spatial + place % c.spatial);
    if (labels.values[row] == kIgnored) return 0.0;
    return 1.0 / static_cast<double>(c.classes) - hot.values[i];
  });
  RC_ASSERT(difference(dx, want) == "");
}

// Only distances from the largest logit enter; adding 4 to quarters below 2 rounds nothing.
RC_GTEST_PROP(CrossEntropyProps, aShiftOfTheLogitsChangesNoBit, (CrossEntropyCase c)) {
  HostArray x = filled(c.shape(), c.dtype, Fill::small, c.seed);
  const HostArray loss = loss_of(c, x, c.target()), dx = dinput_of(c, x, c.target());
  for (double& value : x.values) value += 4;

  RC_ASSERT(difference(loss_of(c, x, c.target()), loss) == "");
  RC_ASSERT(difference(dinput_of(c, x, c.target()), dx) == "");
}

// A label is the distribution that has 1 there: the same factors, all other terms are 0.
RC_GTEST_PROP(CrossEntropyProps, oneHotProbabilitiesGiveTheBitsOfLabels, (CrossEntropyCase c)) {
  c.ignore_every = 0;
  c.smoothing = 0;
  c.probabilities = false;
  if (c.reduction == Reduction::mean) c.reduction = Reduction::sum;  // the divisors differ
  const HostArray loss = loss_of(c), dx = dinput_of(c, c.input(), c.target());
  const HostArray hot = one_hot(c);
  c.probabilities = true;

  // One class has loss -0 or 0: equal as numbers.
  const auto exact = [](std::size_t) { return 0.0; };
  RC_ASSERT(difference_beyond(loss_of(c, c.input(), hot), loss, exact) == "");
  RC_ASSERT(difference_beyond(dinput_of(c, c.input(), hot), dx, exact) == "");
}

// A row is its own: the others change no bit of its loss, nor does what an ignored row holds.
RC_GTEST_PROP(CrossEntropyProps, aRowHasTheSameBitsAloneAndInABatch, (CrossEntropyCase c)) {
  c.reduction = Reduction::none;
  c.spatial = 1;
  c.place = Place::plain;
  const Uploaded u(c);
  const std::int64_t row = index_of(c.samples, c.seed, 7);
  const HostArray batch = download(forward(c, u).loss.narrow(0, row, 1));

  const HostArray alone =
      download(cross_entropy_forward(u.input.narrow(0, row, 1), u.target.narrow(0, row, 1),
                                     u.weight_or_null, c.options(), {})
                   .loss);

  RC_ASSERT(difference(alone, batch) == "");
}

// Labels of one byte are the same labels.
RC_GTEST_PROP(CrossEntropyProps, labelsOfOneByteGiveTheSameBits, (CrossEntropyCase c)) {
  c.probabilities = false;
  c.ignore_every = 0;
  HostArray labels = c.target();
  const HostArray loss = loss_of(c);
  labels.dtype = Dtype::u8;

  RC_ASSERT(difference(loss_of(c, c.input(), labels), loss) == "");
}

// Smooth in the logits and the probabilities: what central differences leave is rounding, which is
// small beside the gradient while no class has almost all of the probability.
RC_GTEST_PROP(CrossEntropyProps, gradientsPassGradcheck, (CrossEntropyCase c)) {
  c.dtype = Dtype::f64;
  c.place = Place::plain;
  c.range = 1;
  c.samples = 1 + c.samples % 5;
  c.classes = 1 + c.classes % 7;
  c = with_a_row_that_counts(c);
  const std::size_t count = c.input().values.size();
  const Vector dy = c.dy().values;
  const auto part = [&](const Vector& all, std::size_t begin) {
    return make_array(c.shape(), Dtype::f64, [&](std::size_t i) { return all[begin + i]; });
  };
  const auto loss = [&](const Vector& all) {
    const HostArray y = loss_of(c, part(all, 0), c.probabilities ? part(all, count) : c.target());
    double sum = 0;
    for (std::size_t i = 0; i < dy.size(); ++i) sum += dy[i] * y.values[i];
    return sum;
  };
  const Uploaded u(c);
  const CrossEntropyGrads grads = backward(c, u, c.dy());
  Vector place = c.input().values, gradient = download(grads.dinput).values;
  if (c.probabilities) {
    for (const double p : c.target().values) place.push_back(p);
    for (const double g : download(grads.dtarget).values) gradient.push_back(g);
  }
  const Vector direction =
      filled({static_cast<std::int64_t>(place.size())}, Dtype::f64, Fill::real, c.seed + 9).values;

  const GradcheckResult result = gradcheck(loss, place, gradient, direction);

  RC_ASSERT(result.relative <= kGradcheckLimit);
}

const CrossEntropyCase kPlain{Dtype::f32,   4, 3, 1, false, false, Reduction::mean, 0, 0,
                              Place::plain, 5};

CrossEntropyCase plain_with(Reduction reduction, int ignore_every) {
  CrossEntropyCase c = kPlain;
  c.reduction = reduction;
  c.ignore_every = ignore_every;
  return c;
}

TEST(CrossEntropyProps, TheMeanOfNoRowIsNaNAndItsSumZero) {
  CrossEntropyCase empty = kPlain;
  empty.samples = 0;
  EXPECT_TRUE(std::isnan(loss_of(empty).values[0]));
  EXPECT_TRUE(std::isnan(loss_of(plain_with(Reduction::mean, 1)).values[0]));
  EXPECT_EQ(loss_of(plain_with(Reduction::sum, 1)).values[0], 0);
}

TEST(CrossEntropyProps, AnIgnoredRowHasNoGradientButThatOfItsNaN) {
  // LibTorch: 0 also where the mean divides by 0, and NaN where the row's softmax is NaN.
  const CrossEntropyCase c = plain_with(Reduction::mean, 1);
  HostArray x = c.input();
  x.values[4] = NAN;

  const HostArray dx = dinput_of(c, x, c.target());

  for (std::size_t i = 0; i < dx.values.size(); ++i) {
    if (i / 3 == 1)
      EXPECT_TRUE(std::isnan(dx.values[i])) << i;
    else
      EXPECT_EQ(dx.values[i], 0) << i;
  }
}

TEST(CrossEntropyProps, ALabelOutOfRangeIsRefusedWithItsRow) {
  for (const double label : {-1.0, 3.0, 4294967196.0}) {  // 2^32 - 100: not ignore_index
    HostArray labels = kPlain.target();
    labels.values[2] = label;

    const std::string text = refusal<ValueError>([&] { loss_of(kPlain, kPlain.input(), labels); });

    EXPECT_NE(text.find("in row 2 is outside the 3 classes"), std::string::npos) << text;
  }
}

TEST(CrossEntropyProps, AMisfitIsRefusedInOneLineThatNamesIt) {
  const Tensor x = Tensor::zeros({4, 3}, Dtype::f32), y = Tensor::zeros({4}, Dtype::i64);
  const auto shape = [&](const Tensor& input, const Tensor& target, const Tensor* weight) {
    return refusal<ShapeError>([&] { cross_entropy_forward(input, target, weight, {}, {}); });
  };
  const auto value = [&](const Tensor& target, CrossEntropyOptions options) {
    return refusal<ValueError>([&] { cross_entropy_forward(x, target, nullptr, options, {}); });
  };
  const Tensor four = Tensor::zeros({4}, Dtype::f32), whole = x.to(Dtype::i64);

  EXPECT_NE(shape(whole, y, nullptr).find("input has dtype i64"), std::string::npos);
  EXPECT_NE(shape(x, y.narrow(0, 0, 2), nullptr).find("labels have shape [2], need [4]"),
            std::string::npos);
  EXPECT_NE(shape(x, four, nullptr).find("probabilities have shape [4], input has [4, 3]"),
            std::string::npos);
  EXPECT_NE(shape(x, y.to(Dtype::i32), nullptr).find("target has dtype i32"), std::string::npos);
  EXPECT_NE(shape(x, y, &four).find("weight has shape [4], need [3]"), std::string::npos);
  EXPECT_NE(value(y, {.label_smoothing = 1.5}).find("label_smoothing is 1.5"), std::string::npos);
  EXPECT_NE(value(x, {.ignore_index = 0}).find("ignore_index is 0 with probabilities"),
            std::string::npos);
}

TEST(CrossEntropyProps, LabelsHaveNoGradient) {
  const Uploaded u(kPlain);
  const CrossEntropyResult result = forward(kPlain, u);

  const std::string text = refusal<ShapeError>([&] {
    cross_entropy_backward(Tensor::zeros({}, Dtype::f32), u.input, u.target, nullptr, {}, result,
                           {true, true}, {});
  });

  EXPECT_NE(text.find("target holds labels, which have no gradient"), std::string::npos) << text;
}

}  // namespace
}  // namespace plumb::test
