// null_table.h - what became of the null kernels: counted by op and kernel.
#pragma once

#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace plumb::golden {

class NullTable {
 public:
  /// What CaseJudge::judge_nulls says of a case.
  void add(const nlohmann::json& verdict);
  /// 0: each null kernel fails every case but those that declare why it is right; 2: a case could
  /// not be judged; 3: one passes undeclared, or is declared to pass and fails; 4: nothing judged.
  int exit_code() const;
  /// Rows op x null kernel; reasons declared, with their counts; a line for each case that is not
  /// as it should be.
  std::string text() const;
  /// {"rows": [{"op", "null", "judged", "caught", "declared", "not_caught"}, ...], "reasons":
  /// {text: count}, "doubts": [...], "untested": [...]}
  nlohmann::json json() const;

 private:
  struct Counts {
    int judged = 0, caught = 0, declared = 0, passed = 0;
  };
  struct Key {
    std::string op, null;
    auto operator<=>(const Key&) const = default;
  };
  std::map<Key, Counts> counts_;
  std::map<std::string, int> reasons_;  // "relu zeros: every x is below 0"
  std::vector<std::string> untested_, doubts_;
};

}  // namespace plumb::golden
