#include "reports/input/training.h"

#include <fmt/format.h>

#include "reports/input/fields.h"

namespace plumb::report {
namespace {

using nlohmann::json;

void check_verdicts(const Fields& whole) {
  int index = 0;
  for (const json& row : whole.list("verdicts")) {
    const Fields f(row, fmt::format("{}: verdicts[{}]", whole.place(), index++));
    f.text("name"), f.text("detail"), f.number("figure", 0), f.number("limit", 0);
    f.one_of("outcome", outcomes());
  }
}

void check_steps(const Fields& whole) {
  int index = 0;
  for (const json& row : whole.list("steps")) {
    const Fields f(row, fmt::format("{}: steps[{}]", whole.place(), index++));
    f.text("worst");
    for (const char* key : {"step", "share", "loss", "libtorch_loss"}) f.number(key, 0);
  }
}

void check_losses(const Fields& free) {
  for (const char* key : {"loss", "libtorch_loss"})
    if (free.has(key))
      for (const json& loss : free.list(key))
        if (!loss.is_number() && !loss.is_null())
          free.refuse(fmt::format("field '{}' lists {}, which is no number", key, loss.dump()));
}

}  // namespace

json parse_training(const std::string& text, const std::string& file) {
  json result = parse_json(text, file);
  const Fields whole(result, file);
  whole.text("device", ""), whole.text("config", "");
  check_verdicts(whole);
  if (whole.has("steps")) check_steps(whole);
  if (whole.has("free")) check_losses(Fields(whole.object("free"), file + ": free"));
  if (whole.has("versions")) whole.object("versions");
  if (whole.has("stopped")) whole.flag("stopped");
  if (whole.has("accuracy")) {
    const Fields accuracy(whole.object("accuracy"), file + ": accuracy");
    accuracy.number("ours", 0), accuracy.number("libtorch", 0), accuracy.count("images");
    whole.number("images_per_second", 0);
  }
  return result;
}

}  // namespace plumb::report
