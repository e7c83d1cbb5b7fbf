#include "golden/harness/op.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "impl/core/error.h"
#include "impl/core/nearest.h"

namespace plumb::golden {

#define PLUMB_OP(name) Op name##_op();
#include "golden/ops/list.inc"
#undef PLUMB_OP

namespace {

std::map<std::string, const Op*>& replaced() {
  static std::map<std::string, const Op*> map;
  return map;
}

}  // namespace

const std::vector<Op>& ops() {
  static const std::vector<Op> all = {
#define PLUMB_OP(name) name##_op(),
#include "golden/ops/list.inc"
#undef PLUMB_OP
  };
  return all;
}

const Op& find_op(const std::string& name) {
  if (const auto other = replaced().find(name); other != replaced().end()) return *other->second;
  std::vector<std::string> names;
  for (const Op& op : ops()) {
    if (op.name == name) return op;
    names.push_back(op.name);
  }
  throw UsageError(fmt::format("op '{}' is unknown; nearest: '{}'", name, nearest(name, names)));
}

void replace_op(const std::string& name, const Op* mutant) {
  if (mutant == nullptr)
    replaced().erase(name);
  else
    replaced()[name] = mutant;
}

Case make_case(const std::string& id) {
  Case c;
  c.id = parse_case_id(id);
  c.text = id;
  const Op& op = find_op(c.id.op);
  if (std::find(op.directions.begin(), op.directions.end(), c.id.direction) == op.directions.end())
    throw UsageError(fmt::format("case id '{}': {} has no direction '{}'; it has: {}", id, op.name,
                                 c.id.direction, fmt::join(op.directions, ", ")));
  c.dtype = dtype_from_name(c.id.dtype);
  if (std::find(op.dtypes.begin(), op.dtypes.end(), c.dtype) == op.dtypes.end())
    throw UsageError(fmt::format("case id '{}': {} does not take {}", id, op.name, c.id.dtype));
  IdReader reader(c);
  op.describe(reader, c);
  reader.end();
  for (const Recipe& r : c.inputs) recipe_from_json(to_json(r));  // refuses sizes out of range
  return c;
}

}  // namespace plumb::golden
