// claim.h - how a property is made: ids drawn by RapidCheck, a check of one case.
#pragma once

#include <functional>
#include <string>

#include "golden/harness/op.h"
#include "property_tests/harness/property.h"

namespace plumb::properties {

/// Draws an id with the generators of draw.h.
using Ids = std::function<std::string()>;
/// "" when the case keeps the claim, else what is wrong.
using Check = std::function<std::string(const golden::Case&)>;

/// A claim about every case that `ids` may draw. RC_PARAMS of the environment sets seed, number of
/// cases and so on, as RapidCheck documents it. An exception of the op breaks the claim.
Property claim(std::string name, std::string hunts, Ids ids, Check check);

/// A claim about one case, or about a call that no id describes.
Property example(std::string name, std::string hunts, const std::string& id, Check check);
Property example(std::string name, std::string hunts, std::function<std::string()> check);

}  // namespace plumb::properties
