#include "property_tests/harness/claim.h"

#include <rapidcheck.h>

#include <exception>

namespace plumb::properties {
namespace {

std::string checked(const std::function<std::string()>& check) {
  try {
    return check();
  } catch (const std::exception& error) {
    return error.what();
  }
}

/// RapidCheck's verdict; what it looks for and shrinks is in `property`, which fails by false.
bool holds(const std::string& name, const std::function<void()>& property) {
  rc::detail::TestMetadata metadata;
  metadata.id = metadata.description = name;
  return rc::detail::checkTestable(property, metadata).template is<rc::detail::SuccessResult>();
}

}  // namespace

Property claim(std::string name, std::string hunts, Ids ids, Check check) {
  const auto falsify = [=]() -> std::string {
    std::string broken;  // the last case that failed is the smallest: only failures are shrunk
    const bool kept = holds(name, [&] {
      const std::string id = ids();
      const std::string wrong = checked([&] { return check(golden::make_case(id)); });
      if (wrong.empty()) return;
      broken = wrong + "; smallest case: " + id;
      RC_FAIL(broken);
    });
    return kept ? "" : broken.empty() ? "no case could be drawn" : broken;
  };
  return {std::move(name), std::move(hunts), falsify};
}

Property example(std::string name, std::string hunts, const std::string& id, Check check) {
  return {std::move(name), std::move(hunts), [=]() -> std::string {
            const std::string wrong = checked([&] { return check(golden::make_case(id)); });
            return wrong.empty() ? "" : wrong + "; case: " + id;
          }};
}

Property example(std::string name, std::string hunts, std::function<std::string()> check) {
  return {std::move(name), std::move(hunts), [check] { return checked(check); }};
}

}  // namespace plumb::properties
