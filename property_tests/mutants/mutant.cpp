#include "property_tests/mutants/mutant.h"

#include <dlfcn.h>
#include <fmt/format.h>

#include "impl/core/error.h"
#include "impl/core/file.h"

namespace plumb::mutants {

using nlohmann::json;

std::vector<Mutant> read_mutants(const std::string& folder, const std::string& op) {
  const std::string path = folder + "/" + op + ".json";
  std::vector<Mutant> out = {{op, kControl, "", "", "no change at all"}};
  try {
    for (const json& entry : json::parse(read_whole(path)))
      out.push_back({op, entry.at("name"), entry.at("kind"), entry.at("file"), entry.at("what")});
  } catch (const json::exception& error) {
    throw FileError(fmt::format("{}: {}", path, error.what()));
  }
  return out;
}

MutantInPlace::MutantInPlace(const std::string& folder, const Mutant& mutant) {
  const std::string path = fmt::format("{}/{}/{}.so", folder, mutant.op, mutant.name);
  library_ = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (!library_)
    throw FileError(fmt::format("cannot load a mutant, build it with ci/mutants: {}", dlerror()));
  const auto entry = reinterpret_cast<decltype(&plumb_mutant)>(dlsym(library_, "plumb_mutant"));
  if (!entry) {
    dlclose(library_);
    throw FileError(path + " is no mutant: it has no function plumb_mutant");
  }
  planted_ = entry();
  golden::replace_op(planted_->op.name, &planted_->op);
}

MutantInPlace::~MutantInPlace() {
  golden::replace_op(planted_->op.name, nullptr);
  dlclose(library_);
}

}  // namespace plumb::mutants
