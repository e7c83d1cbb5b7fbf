#include "golden/harness/golden_file.h"

#include <fmt/format.h>
#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "golden/cases/elements.h"
#include "impl/core/error.h"
#include "impl/core/file.h"

namespace plumb::golden {
namespace {

using nlohmann::json;

constexpr const char* kSchema = "1";
constexpr std::uint64_t kEnds = 64;  // elements kept at either end of a large output
constexpr std::int64_t kFirst = 64;  // elements of an input that its fingerprint has

/// The first elements of an input: they change with the fills themselves.
std::string first_elements(Recipe r) {
  r.shape = {std::min(count_of(r.shape), kFirst)};
  std::string out;
  for (const std::byte b : bytes_of_array(make(r))) out += static_cast<char>(b);
  return out;
}

/// What both programs must agree on for an answer to be about the same inputs.
std::string inputs_of(const Case& c) {
  json recipes = json::array();
  std::string elements;
  for (Recipe r : c.inputs) {
    r.layout = Layout::plain;
    recipes.push_back(to_json(r));
    elements += first_elements(r);
  }
  return sha256_of(recipes.dump() + c.attributes.dump() + elements).substr(0, 16);
}

/// The case's name in the file: the id without its op.
std::string key_of(const std::string& id) { return id.substr(id.find('/') + 1); }

/// The least bf16 that is not below.
double bf16_above(double value) {
  const double near = round_to(Dtype::bf16, value);
  if (!(near < value)) return near;
  return near + std::ldexp(1.0, std::max(std::ilogb(near), -126) - 7);
}

/// In f32 when no value changes by it, else in f64.
HostArray narrowed(const std::vector<double>& values) {
  const HostArray wide{{static_cast<std::int64_t>(values.size())}, Dtype::f64, values};
  HostArray narrow = rounded(wide, Dtype::f32);
  for (std::size_t i = 0; i < values.size(); ++i)
    if (narrow.values[i] != values[i] && !std::isnan(values[i])) return wide;
  return narrow;
}

json or_null(double value) { return std::isfinite(value) ? json(value) : json(); }
double or_unknown(const json& value) {
  return value.is_number() ? value.get<double>() : Expected::kUnknown;
}

void check_sum(const std::string& path, const std::string& sums) {
  const std::string want = read_whole(sums).substr(0, 64), got = sha256_of(read_whole(path));
  if (want != got)
    throw FileError(fmt::format("{}: its sha256 is {}..., {} says {}...: not what was recorded",
                                path, got.substr(0, 12), sums, want.substr(0, 12)));
}

Expected expected_of(const std::string& id, const std::string& output, const json& o,
                     const std::map<std::string, HostTensor>& tensors, const std::string& key) {
  Expected e;
  e.shape = o.at("shape").get<Shape>();
  e.dtype = dtype_from_name(o.at("dtype"));
  const auto count = static_cast<std::size_t>(count_of(e.shape));
  e.sample = sample_of(id, output, count);
  e.want = from_host_tensor(tensors.at(key)).values;
  if (const auto m = tensors.find(key + ".magnitude"); m != tensors.end())
    e.magnitude = from_host_tensor(m->second).values;
  const std::size_t kept = e.sample.empty() ? count : e.sample.size();
  if (e.want.size() != kept || (!e.magnitude.empty() && e.magnitude.size() != kept))
    throw FileError(fmt::format("{}: {} values and {} magnitudes, need {}", key, e.want.size(),
                                e.magnitude.size(), kept));
  e.floor = o.value("floor", 0.0);
  e.own = or_unknown(o.at("own"));
  e.f32_stock = or_unknown(o.at("f32_stock"));
  e.f32_recording = or_unknown(o.at("f32_recording"));
  return e;
}

}  // namespace

std::vector<std::size_t> sample_of(const std::string& id, const std::string& output,
                                   std::size_t count) {
  if (count <= kMostKept) return {};
  std::vector<std::size_t> out;
  for (std::size_t i = 0; i < kEnds; ++i) out.push_back(i), out.push_back(count - 1 - i);
  const std::uint64_t seed = hash_of(id + "#" + output);
  for (std::uint64_t i = 0; out.size() < kMostKept / 2; ++i)
    out.push_back(word_at(seed, 0, i) % count);
  std::sort(out.begin(), out.end());
  out.erase(std::unique(out.begin(), out.end()), out.end());
  return out;
}

std::string sha256_of(const std::string& bytes) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned length = 0;
  EVP_Digest(bytes.data(), bytes.size(), digest.data(), &length, EVP_sha256(), nullptr);
  std::string out;
  for (unsigned i = 0; i < length; ++i) out += fmt::format("{:02x}", digest[i]);
  return out;
}

GoldenFile::GoldenFile(const std::string& folder, const std::string& op)
    : path_(folder + "/" + op + "/answers.safetensors") {
  check_sum(path_, folder + "/" + op + "/answers.sha256");
  const SafetensorsFile file = read_safetensors(path_);
  const auto meta = [&](const char* name) {
    const auto found = file.metadata.find(name);
    if (found == file.metadata.end()) throw FileError(fmt::format("{}: no '{}'", path_, name));
    return found->second;
  };
  if (meta("schema") != kSchema)
    throw FileError(
        fmt::format("{}: schema '{}', this program reads '{}'", path_, meta("schema"), kSchema));
  if (meta("op") != op)
    throw FileError(fmt::format("{}: answers of op '{}', need '{}'", path_, meta("op"), op));
  try {
    read_answers(op, json::parse(meta("versions")), json::parse(meta("cases")), file);
  } catch (const std::exception& error) {
    throw FileError(path_ + ": its metadata does not fit: " + error.what());
  }
}

void GoldenFile::read_answers(const std::string& op, const json& versions, const json& cases,
                              const SafetensorsFile& file) {
  for (const auto& [key, entry] : cases.items()) {
    const std::string id = op + "/" + key;
    Answer& answer = answers_[id];
    answer.versions = versions;
    inputs_[id] = entry.at("inputs");
    for (const auto& [name, o] : entry.at("outputs").items())
      answer.outputs[name] = expected_of(id, name, o, file.tensors, key + "#" + name);
  }
}

const Answer& GoldenFile::at(const Case& c) const {
  const auto found = answers_.find(c.text);
  if (found == answers_.end()) throw FileError(path_ + ": no answer to " + c.text);
  if (inputs_.at(c.text) != inputs_of(c))
    throw FileError(path_ + ": the answer to " + c.text + " is of other inputs: record it again");
  return found->second;
}

std::vector<std::string> GoldenFile::ids() const {
  std::vector<std::string> out;
  for (const auto& [id, answer] : answers_) out.push_back(id);
  return out;
}

void write_golden(const std::string& folder, const std::string& op,
                  const std::vector<std::pair<Case, Answer>>& answers) {
  SafetensorsFile file;
  json cases = json::object();
  for (const auto& [c, answer] : answers) {
    const std::string key = key_of(c.text);
    json outputs = json::object();
    for (const auto& [name, e] : answer.outputs) {
      const auto sample = sample_of(c.text, name, e.want.size());
      const auto kept = [&](const std::vector<double>& values) {
        if (sample.empty()) return values;
        std::vector<double> out;
        for (const std::size_t i : sample) out.push_back(values[i]);
        return out;
      };
      const HostArray want = narrowed(kept(e.want));
      file.tensors[key + "#" + name] = to_host_tensor(want);
      if (!e.magnitude.empty() && !c.exact) {
        HostArray m{want.shape, Dtype::bf16, kept(e.magnitude)};
        for (double& value : m.values) value = bf16_above(value);
        file.tensors[key + "#" + name + ".magnitude"] = to_host_tensor(m);
      }
      outputs[name] = {{"shape", e.shape},
                       {"dtype", plumb::name_of(e.dtype)},
                       {"floor", e.floor},
                       {"own", or_null(e.own)},
                       {"f32_stock", or_null(e.f32_stock)},
                       {"f32_recording", or_null(e.f32_recording)}};
    }
    cases[key] = {{"inputs", inputs_of(c)}, {"outputs", outputs}};
  }
  file.metadata = {{"schema", kSchema}, {"op", op}, {"cases", cases.dump()}};
  file.metadata["versions"] = answers.empty() ? "{}" : answers.front().second.versions.dump();
  const std::string path = folder + "/" + op + "/answers.safetensors";
  write_safetensors(path, file);
  const std::string sum = sha256_of(read_whole(path)) + "  answers.safetensors\n";
  write_whole(folder + "/" + op + "/answers.sha256", sum);
}

}  // namespace plumb::golden
