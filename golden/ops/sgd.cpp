// sgd - ids: n2049 (one parameter), n5_n7_n0 (three); options: lr0.1, mom0.9, damp0.5, wd0.01,
// nesterov, maximize, first (the momentum buffer does not exist yet).
#include "impl/ops/sgd.h"

#include <cmath>

#include "golden/harness/op.h"

namespace plumb::golden {
namespace {

/// Products of these and quarters are exact.
bool is_sixteenth(double value) { return value * 16 == std::floor(value * 16); }

void describe(IdReader& id, Case& c) {
  c.attributes = {{"lr", id.number("lr", 0.125)},      {"momentum", id.number("mom", 0)},
                  {"dampening", id.number("damp", 0)}, {"weight_decay", id.number("wd", 0)},
                  {"nesterov", id.flag("nesterov")},   {"maximize", id.flag("maximize")},
                  {"first_step", id.flag("first")}};
  c.exact = c.fill == Fill::exact;
  for (const char* name : {"lr", "momentum", "dampening", "weight_decay"})
    c.exact = c.exact && is_sixteenth(c.attributes[name]);
  const bool has_buffer = c.attributes["momentum"] != 0, first = c.attributes["first_step"];
  const std::vector<std::int64_t> counts = id.dims("n");
  for (std::size_t i = 0; i < counts.size(); ++i) {
    const std::string number = std::to_string(i);
    c.add("param" + number, {counts[i]}).layout = Layout::plain;
    c.add("grad" + number, {counts[i]});
    c.in_out.push_back("param" + number);
    if (!has_buffer) continue;
    Recipe& buffer = c.add("momentum_buffer" + number, {counts[i]});
    buffer.layout = Layout::plain;
    if (first) buffer.offset = 1e4;  // must not be read
    c.in_out.push_back("momentum_buffer" + number);
  }
}

Outputs run(const Case& c, const Inputs& in) {
  const auto& a = c.attributes;
  const SgdOptions options{a.at("lr"),           a.at("momentum"), a.at("dampening"),
                           a.at("weight_decay"), a.at("nesterov"), a.at("maximize")};
  std::vector<SgdParam> params;
  for (std::size_t i = 0; in.contains("param" + std::to_string(i)); ++i) {
    const std::string number = std::to_string(i);
    const auto buffer = in.find("momentum_buffer" + number);
    params.push_back({in.at("param" + number), in.at("grad" + number),
                      buffer == in.end() ? Tensor{} : buffer->second, a.at("first_step")});
  }
  sgd_step(params, options, {});
  Outputs out;
  for (const std::string& name : c.in_out) out[name] = in.at(name);
  return out;
}

}  // namespace

Op sgd_op() { return {"sgd", {"step"}, kFloatingDtypes, describe, run}; }

}  // namespace plumb::golden
