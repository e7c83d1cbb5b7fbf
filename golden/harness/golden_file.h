// golden_file.h - what LibTorch answered to an op's cases, frozen in two files of golden/ops/<op>/:
// answers.safetensors and its checksum, answers.sha256.
//
// Tensors "<direction>/<dtype>/<rest of the id>#<output>" (f64; f32 where that loses nothing) and,
// where rounding may move it, "...#<output>.magnitude" (bf16, rounded up). Metadata: schema, op,
// and "cases": a JSON object with what answer.h knows of each output besides. Written by
// `plumbline record` alone.
#pragma once

#include <functional>
#include <map>
#include <string>

#include "golden/harness/answer.h"
#include "golden/harness/op.h"
#include "impl/core/safetensors.h"

namespace plumb::golden {

class GoldenFile {
 public:
  /// Reads golden/ops/<op>/. Throws FileError, one line: missing, cut short, another checksum,
  /// schema or op, metadata that do not fit the tensors.
  GoldenFile(const std::string& folder, const std::string& op);
  bool has(const std::string& id) const { return answers_.contains(id); }
  /// Throws FileError naming the id when it is not there, or was recorded of other inputs.
  const Answer& at(const Case& c) const;
  std::vector<std::string> ids() const;

 private:
  void read_answers(const std::string& op, const nlohmann::json& versions,
                    const nlohmann::json& cases, const SafetensorsFile& file);

  std::string path_;
  std::map<std::string, Answer> answers_;
  std::map<std::string, std::string> inputs_;  // the recipes that were answered, by id
};

/// Writes both files whole. Large outputs are kept as samples.
void write_golden(const std::string& folder, const std::string& op,
                  const std::vector<std::pair<Case, Answer>>& answers);

/// The checksum of a file, as sha256sum prints it.
std::string sha256_of(const std::string& bytes);

}  // namespace plumb::golden
