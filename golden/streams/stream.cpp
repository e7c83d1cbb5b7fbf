#include "golden/streams/stream.h"

#include <fmt/format.h>

#include <functional>
#include <map>
#include <stdexcept>

namespace plumb::golden {
namespace {

using random::Kernels;

constexpr Dtype kFloating[] = {Dtype::f64, Dtype::f32, Dtype::f16, Dtype::bf16};

template <class T>
std::string bytes_of_all(const std::vector<T>& values) {
  static_assert(sizeof(T) == 8);
  return {reinterpret_cast<const char*>(values.data()), values.size() * sizeof(T)};
}

/// Weights and probabilities of the calls that take a tensor of them: uniform in [0, 1), drawn
/// first.
std::vector<double> weights(Mt19937& generator, std::int64_t count, Dtype dtype) {
  return random::uniform(generator, count, 0, 1, dtype);
}

using Drawn = std::function<std::string(Mt19937&, std::int64_t, const Stream&)>;

std::string draw_multinomial(Mt19937& generator, std::int64_t count, const Stream& s) {
  const auto categories = static_cast<std::int64_t>(s.arguments.at(0));
  const bool replacement = s.arguments.at(1) != 0;
  const std::vector<double> p = weights(generator, categories, s.dtype);
  return bytes_of_all(random::multinomial(
      generator, p, replacement ? count : std::min(count, categories), replacement, s.dtype));
}

const std::map<std::string, Drawn>& distributions() {
  const auto a = [](const Stream& s, std::size_t i) { return s.arguments.at(i); };
  const auto integer = [](const Stream& s, std::size_t i) {
    return static_cast<std::int64_t>(s.arguments.at(i));
  };
  static const std::map<std::string, Drawn> all = {
      {"uniform",
       [=](Mt19937& g, std::int64_t n, const Stream& s) {
         return bytes_of_all(random::uniform(g, n, a(s, 0), a(s, 1), s.dtype, s.kernels));
       }},
      {"normal",
       [=](Mt19937& g, std::int64_t n, const Stream& s) {
         return bytes_of_all(random::normal(g, n, a(s, 0), a(s, 1), s.dtype, s.kernels));
       }},
      {"bernoulli",
       [=](Mt19937& g, std::int64_t n, const Stream& s) {
         return bytes_of_all(random::bernoulli(g, n, a(s, 0)));
       }},
      {"bernoulli_of",
       [=](Mt19937& g, std::int64_t n, const Stream& s) {
         return bytes_of_all(random::bernoulli(g, weights(g, n, s.dtype), s.dtype));
       }},
      {"dropout",
       [=](Mt19937& g, std::int64_t n, const Stream& s) {
         return bytes_of_all(random::dropout_noise(g, n, a(s, 0), s.dtype));
       }},
      {"random", [=](Mt19937& g, std::int64_t n,
                     const Stream& s) { return bytes_of_all(random::random(g, n, s.dtype)); }},
      {"randint",
       [=](Mt19937& g, std::int64_t n, const Stream& s) {
         return bytes_of_all(random::random(g, n, integer(s, 0), integer(s, 1), s.dtype));
       }},
      {"randperm", [](Mt19937& g, std::int64_t n,
                      const Stream&) { return bytes_of_all(random::randperm(g, n)); }},
      {"exponential",
       [=](Mt19937& g, std::int64_t n, const Stream& s) {
         return bytes_of_all(random::exponential(g, n, a(s, 0), s.dtype));
       }},
      {"geometric",
       [=](Mt19937& g, std::int64_t n, const Stream& s) {
         return bytes_of_all(random::geometric(g, n, a(s, 0), s.dtype));
       }},
      {"cauchy",
       [=](Mt19937& g, std::int64_t n, const Stream& s) {
         return bytes_of_all(random::cauchy(g, n, a(s, 0), a(s, 1), s.dtype));
       }},
      {"log_normal",
       [=](Mt19937& g, std::int64_t n, const Stream& s) {
         return bytes_of_all(random::log_normal(g, n, a(s, 0), a(s, 1), s.dtype, s.kernels));
       }},
      {"multinomial", draw_multinomial}};
  return all;
}

std::vector<Stream> make_streams() {
  std::vector<Stream> out;
  const auto in_both_forms = [&](const std::string& name, Dtype dtype,
                                 const std::vector<double>& arguments) {
    for (const Kernels kernels : {Kernels::avx2, Kernels::standard})
      out.push_back({name, dtype, arguments, kernels});
  };
  for (const Dtype dtype : kFloating) {
    in_both_forms("uniform", dtype, {0, 1});
    in_both_forms("uniform", dtype, {-0.2236, 0.2236});
    in_both_forms("normal", dtype, {0, 1});
    in_both_forms("normal", dtype, {2, 3.25});
    in_both_forms("log_normal", dtype, {0.125, 0.7});
    out.push_back({"bernoulli", dtype, {0.3}});
    out.push_back({"bernoulli_of", dtype, {}});
    for (const double p : {0.1, 0.5, 0.9}) out.push_back({"dropout", dtype, {p}});
    out.push_back({"exponential", dtype, {1.5}});
    out.push_back({"geometric", dtype, {0.2}});
    out.push_back({"cauchy", dtype, {1, 2}});
    out.push_back({"randint", dtype, {-7, 100}});
  }
  for (const Dtype dtype : kAllDtypes) out.push_back({"random", dtype, {}});
  for (const Dtype dtype : {Dtype::i64, Dtype::i32, Dtype::u8})
    out.push_back({"randint", dtype, {3, 100}});
  out.push_back({"randint", Dtype::i64, {-5, 0x1p40}});
  out.push_back({"randperm", Dtype::i64, {}});
  for (const Dtype dtype : {Dtype::f64, Dtype::f32}) {
    out.push_back({"multinomial", dtype, {1000, 1}});
    out.push_back({"multinomial", dtype, {1000, 0}});
  }
  return out;
}

}  // namespace

std::string name_of(const Stream& s) {
  std::string arguments;
  for (const double x : s.arguments)
    arguments += fmt::format("{}{}", arguments.empty() ? "" : "_", x);
  return fmt::format("{}/{}/{}/{}", s.distribution, plumb::name_of(s.dtype),
                     arguments.empty() ? "-" : arguments,
                     s.kernels == Kernels::avx2 ? "avx2" : "standard");
}

const std::vector<Stream>& all_streams() {
  static const std::vector<Stream> all = make_streams();
  return all;
}

const std::vector<Draw>& all_draws() {
  static const std::vector<Draw> all = [] {
    std::vector<Draw> out;
    for (const std::uint64_t seed : {0, 1, 2, 3, 42, 1234, 65537}) out.push_back({seed, kLong});
    for (const std::uint64_t seed : {67280421310721ull, 1ull << 32, ~0ull})
      out.push_back({seed, kLong});
    for (const std::int64_t count : {1, 2, 15, 16, 17, 31, 33, 100}) out.push_back({7, count});
    return out;
  }();
  return all;
}

std::string draw(const Stream& stream, const Draw& draw) {
  Mt19937 generator(draw.seed);
  return distributions().at(stream.distribution)(generator, draw.count, stream);
}

nlohmann::json request_of(const Stream& stream, const Draw& draw) {
  return {{"distribution", stream.distribution},
          {"dtype", plumb::name_of(stream.dtype)},
          {"arguments", stream.arguments},
          {"seed", draw.seed},
          {"count", draw.count}};
}

}  // namespace plumb::golden
