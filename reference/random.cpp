#include "reference/random.h"

#include <ATen/ATen.h>

#include <stdexcept>

#include "reference/ops/op.h"

namespace plumb::reference {
namespace {

using nlohmann::json;

at::Tensor drawn(const std::string& name, const std::vector<double>& a, std::int64_t count,
                 at::ScalarType type) {
  const at::Tensor x = at::empty({count}, type);
  const auto whole = [&](std::size_t i) { return static_cast<std::int64_t>(a.at(i)); };
  const auto weights = [&](std::int64_t n) { return at::empty({n}, type).uniform_(0, 1); };
  if (name == "uniform") return x.uniform_(a.at(0), a.at(1));
  if (name == "normal") return x.normal_(a.at(0), a.at(1));
  if (name == "bernoulli") return x.bernoulli_(a.at(0));
  if (name == "bernoulli_of") return at::bernoulli(weights(count));
  if (name == "dropout") return at::dropout(at::ones({count}, type), a.at(0), true);
  if (name == "random") return x.random_();
  if (name == "randint") return x.random_(whole(0), whole(1));
  if (name == "randperm") return at::randperm(count, at::TensorOptions(type));
  if (name == "exponential") return x.exponential_(a.at(0));
  if (name == "geometric") return x.geometric_(a.at(0));
  if (name == "cauchy") return x.cauchy_(a.at(0), a.at(1));
  if (name == "log_normal") return x.log_normal_(a.at(0), a.at(1));
  if (name == "multinomial") {
    const bool replacement = a.at(1) != 0;
    return at::multinomial(weights(whole(0)), replacement ? count : std::min(count, whole(0)),
                           replacement);
  }
  throw std::invalid_argument(
      "distribution '" + name +
      "' is unknown; allowed: uniform, normal, bernoulli, bernoulli_of, dropout, random, randint, "
      "randperm, exponential, geometric, cauchy, log_normal, multinomial");
}

bool gives_integers(const std::string& name) {
  return name == "random" || name == "randint" || name == "randperm" || name == "multinomial";
}

}  // namespace

json draw_random(const json& request) {
  const std::string name = request.at("distribution");
  at::manual_seed(request.at("seed").get<std::uint64_t>());
  const at::Tensor x = drawn(name, request.at("arguments"), request.at("count"),
                             scalar_type(dtype_from_name(request.at("dtype"))));
  write_tensors(request.at("path"),
                {{"draws", x.to(gives_integers(name) ? at::kLong : at::kDouble)}});
  return json::object();
}

}  // namespace plumb::reference
