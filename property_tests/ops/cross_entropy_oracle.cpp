#include "property_tests/ops/cross_entropy_oracle.h"

#include <cmath>
#include <limits>

namespace plumb::properties {
namespace {

using golden::HostArray;

/// u: unit roundoff of what the kernels sum in. g: how many roundings a sum of the classes passes:
/// a warp adds every 32nd class, then 5 levels; where lanes lie along s one thread adds them all.
class Oracle {
 public:
  Oracle(const golden::Case& c, const Arrays& inputs)
      : rows_(inputs.at("input").shape),
        x_(inputs.at("input")),
        target_(inputs.at("target")),
        probabilities_(is_floating(target_.dtype)),
        reduction_(c.attributes.at("reduction")) {
    u_ = c.dtype == Dtype::f64 ? 0x1p-53L : 0x1p-24L;
    const auto classes = static_cast<long double>(rows_.classes);
    g_ = rows_.spatial == 1 ? classes / 32 + 6 : classes;
    weight_.assign(static_cast<std::size_t>(rows_.classes), 1);
    if (const auto w = inputs.find("weight"); w != inputs.end())
      weight_.assign(w->second.values.begin(), w->second.values.end());
    const double smoothing = c.attributes.at("label_smoothing");
    ignored_ = c.attributes.at("ignore_index");
    keep_ = 1 - smoothing;
    spread_ = static_cast<long double>(smoothing) / classes;
  }

  CrossEntropyAnswer answer(const HostArray* dy) {
    for (std::int64_t row = 0; row < rows_.count; ++row) done_.push_back(row_of(row));
    CrossEntropyAnswer out;
    out.loss = loss();
    if (dy) add_gradients(out, *dy);
    return out;
  }

 private:
  struct Row {
    bool ignored = false;
    long double weight = 1, loss = 0, bound = 0;
    std::vector<long double> logp, logp_bound, factor, slope;
  };

  long double divisor() const {
    if (reduction_ != "mean") return 1;
    long double total = 0;
    for (const Row& r : done_) total += r.weight;
    return total;
  }

  Bounded loss() const {
    Bounded out;
    if (reduction_ == "none") {
      for (const Row& r : done_) out.value.push_back(r.loss), out.bound.push_back(r.bound);
      return out;
    }
    long double sum = 0, bound = 0;
    const long double growth = static_cast<long double>(rows_.count) / 1024 + 11;
    for (const Row& r : done_) sum += r.loss, bound += r.bound + u_ * growth * std::fabs(r.loss);
    out.value = {sum / divisor()};
    out.bound = {(bound + 16 * u_ * std::fabs(sum)) / std::fabs(divisor())};
    return out;
  }

  /// logp: the shift and the logarithm round once, the sum's relative error is that of its terms
  /// (an exponential and its shifted argument) and of the additions.
  Row row_of(std::int64_t row) const {
    Row r;
    long double largest = -std::numeric_limits<long double>::infinity(), least = -largest, sum = 0;
    for (std::int64_t k = 0; k < rows_.classes; ++k) {
      largest = std::max<long double>(largest, x_.values[rows_.at(row, k)]);
      least = std::min<long double>(least, x_.values[rows_.at(row, k)]);
    }
    for (std::int64_t k = 0; k < rows_.classes; ++k)
      sum += std::exp(x_.values[rows_.at(row, k)] - largest);
    const long double log_sum = std::log(sum), range = largest - least;
    const auto label = static_cast<std::int64_t>(
        probabilities_ ? 0 : target_.values[static_cast<std::size_t>(row)]);
    r.ignored = !probabilities_ && label == ignored_;
    if (!probabilities_) r.weight = r.ignored ? 0 : weight_[static_cast<std::size_t>(label)];
    for (std::int64_t k = 0; k < rows_.classes; ++k) {
      const long double w = weight_[static_cast<std::size_t>(k)];
      const long double logp = x_.values[rows_.at(row, k)] - largest - log_sum;
      const long double part = probabilities_ ? keep_ * target_.values[rows_.at(row, k)]
                               : k == label   ? keep_
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

  void add_gradients(CrossEntropyAnswer& out, const HostArray& dy) const {
    for (Bounded* b : {&out.dinput, &out.dtarget})
      b->value.resize(x_.values.size()), b->bound.resize(x_.values.size());
    for (std::int64_t row = 0; row < rows_.count; ++row) {
      const Row& r = done_[static_cast<std::size_t>(row)];
      const std::size_t place = reduction_ == "none" ? static_cast<std::size_t>(row) : 0;
      const long double scale = dy.values[place] / divisor();
      long double all = 0;
      for (const long double q : r.factor) all += q;
      for (std::int64_t k = 0; k < rows_.classes; ++k)
        add_gradient(out, rows_.at(row, k), r, static_cast<std::size_t>(k), scale, all);
    }
  }

  void add_gradient(CrossEntropyAnswer& out, std::size_t at, const Row& r, std::size_t k,
                    long double scale, long double all) const {
    const long double p = std::exp(r.logp[k]), size = std::fabs(scale);
    out.dinput.value[at] = r.ignored ? 0 : scale * (all * p - r.factor[k]);
    out.dinput.bound[at] = size * (all * p * (r.logp_bound[k] + 4 * u_ * (g_ + 4)) +
                                   16 * u_ * (all * p + r.factor[k]));
    out.dtarget.value[at] = -scale * r.slope[k] * r.logp[k];
    out.dtarget.bound[at] = size * r.slope[k] * (r.logp_bound[k] + 16 * u_ * std::fabs(r.logp[k]));
  }

  Rows rows_;
  const HostArray &x_, &target_;
  bool probabilities_;
  std::string reduction_;
  std::int64_t ignored_ = 0;
  long double u_, g_, keep_, spread_;
  std::vector<long double> weight_;
  std::vector<Row> done_;
};

}  // namespace

Rows::Rows(const Shape& shape) : classes(shape.size() > 1 ? shape[1] : shape[0]), spatial(1) {
  for (std::size_t i = 2; i < shape.size(); ++i) spatial *= shape[i];
  count = (shape.size() > 1 ? shape[0] : 1) * spatial;
}

CrossEntropyAnswer cross_entropy_answer(const golden::Case& c, const Arrays& inputs) {
  const auto dy = inputs.find("dy");
  return Oracle(c, inputs).answer(dy == inputs.end() ? nullptr : &dy->second);
}

}  // namespace plumb::properties
