#include "property_tests/mutants/worker.h"

#include <iostream>
#include <map>
#include <memory>

namespace plumb::mutants {
namespace {

using nlohmann::json;

class Worker {
 public:
  explicit Worker(const Folders& folders) : folders_(folders) {}

  json answer(const json& request) {
    const auto& properties = in_place(request.at("op"), request.at("mutant")).properties();
    auto& checker = checkers_[request.at("op")];
    if (!checker) checker = std::make_unique<Checker>(request.at("op"));
    const auto finding = checker->carry_out({request.at("property"), request.at("id")}, properties);
    return {{"ok", true},
            {"broken", finding.broken},
            {"text", finding.text},
            {"traces", finding.traces}};
  }

 private:
  const MutantInPlace& in_place(const std::string& op, const std::string& name) {
    Mutant mutant;
    mutant.op = op;
    mutant.name = name;
    if (current_ && label_ == mutant.label()) return *current_;
    current_.reset();
    current_ = std::make_unique<MutantInPlace>(folders_.libraries, mutant);
    label_ = mutant.label();
    return *current_;
  }

  Folders folders_;
  std::map<std::string, std::unique_ptr<Checker>> checkers_;  // by op
  std::string label_;
  std::unique_ptr<MutantInPlace> current_;
};

}  // namespace

void serve(const Folders& folders) {
  std::cerr.rdbuf(nullptr);  // where RapidCheck tells its configuration and how to run it by itself
  Worker worker(folders);
  for (std::string line; std::getline(std::cin, line);) {
    json answer;
    try {
      answer = worker.answer(json::parse(line));
    } catch (const std::exception& error) {
      answer = {{"ok", true}, {"error", error.what()}};
    }
    std::cout << answer.dump(-1, ' ', false, json::error_handler_t::replace) << std::endl;
  }
}

}  // namespace plumb::mutants
