#include "golden/harness/null_verdict.h"

#include "golden/cases/elements.h"
#include "golden/harness/device_arrays.h"

namespace plumb::golden {
namespace {

using Arrays = std::map<std::string, HostArray>;

/// What `run` returns: an op's functions carry nothing with them.
thread_local const Arrays* returned = nullptr;

Outputs run(const Case&, const Inputs&) {
  Outputs out;
  for (const auto& [name, array] : *returned) out[name] = upload(array);
  return out;
}

}  // namespace

Arrays null_outputs(NullKernel null, const Answer& answer, const Case& c) {
  Arrays inputs, out;
  for (const Recipe& recipe : c.inputs) inputs[recipe.name] = make(recipe);
  bool any = false;
  for (const auto& [name, e] : answer.outputs) {
    const auto output = null_output(e.want.empty() ? NullKernel::zeros : null, name, e, inputs);
    if (!output) return {};
    any = any || !e.want.empty();
    out[name] = *output;
  }
  return any ? out : Arrays{};
}

CaseVerdict judge_outputs_of(const Arrays& outputs, const Case& c, const Answer& answer) {
  Op op = find_op(c.id.op);
  op.run = run;
  returned = &outputs;
  replace_op(c.id.op, &op);
  CaseVerdict verdict = judge(c, answer);
  replace_op(c.id.op, nullptr);
  return verdict;
}

}  // namespace plumb::golden
