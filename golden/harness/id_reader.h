// id_reader.h - how an op reads its ids.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "golden/harness/case.h"

namespace plumb::golden {

/// The shape and the options of an id, read by name. What nobody reads is refused.
class IdReader {
 public:
  /// Reads what every op has into `c`: the fill, xA (times A), powK (times 2^K), atB (plus B),
  /// seedN, misaligned, strided. Throws UsageError.
  explicit IdReader(Case& c);

  std::int64_t dim(const std::string& name);
  std::int64_t dim(const std::string& name, std::int64_t otherwise);
  /// Every size of that name, in order: n5_n7.
  std::vector<std::int64_t> dims(const std::string& name);
  /// All sizes in order, whatever their names: h5_w7 is [5, 7].
  Shape shape();
  bool flag(const std::string& name);
  double number(const std::string& prefix, double otherwise);
  std::int64_t integer(const std::string& prefix, std::int64_t otherwise);
  /// Throws UsageError when several of them are given.
  std::string one_of(const std::vector<std::string>& words, const std::string& otherwise);
  /// Throws UsageError when something of the id was not read: it names what the op has.
  void end() const;

  const std::string& direction() const { return case_.id.direction; }
  bool backward() const { return case_.id.direction == "backward"; }

 private:
  struct Word {
    std::string text;
    bool used = false;
  };
  struct Size {
    std::string name;
    std::int64_t value;
    bool used = false;
  };
  [[noreturn]] void refuse(const std::string& why) const;
  void check_words() const;
  /// What follows the prefix, when it is a number.
  bool take_number(const std::string& prefix, double* value);

  Case& case_;
  std::vector<Size> sizes_;
  std::vector<Word> words_;
  mutable std::vector<std::string> known_;
};

}  // namespace plumb::golden
