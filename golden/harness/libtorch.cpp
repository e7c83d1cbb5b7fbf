#include "golden/harness/libtorch.h"

#include <unistd.h>

#include <filesystem>
#include <map>

#include "impl/core/error.h"
#include "impl/core/safetensors.h"

namespace plumb::golden {
namespace {

using nlohmann::json;

double or_unknown(const json& value) {
  return value.is_number() ? value.get<double>() : Expected::kUnknown;
}

/// The outputs of a reply; their elements lie in the file.
std::map<std::string, Expected> outputs_of(const json& reply, const std::string& path,
                                           bool recording) {
  const auto tensors = read_safetensors(path).tensors;
  std::map<std::string, Expected> out;
  for (const auto& [name, o] : reply.at("outputs").items()) {
    Expected e;
    const HostArray want = from_host_tensor(tensors.at(name));
    e.shape = want.shape;
    e.want = want.values;
    e.dtype = dtype_from_name(o.at("dtype"));
    if (const auto m = tensors.find(name + ".magnitude"); m != tensors.end())
      e.magnitude = from_host_tensor(m->second).values;
    if (!e.magnitude.empty() && e.magnitude.size() != e.want.size())
      throw FileError(name + " has magnitudes of another shape");
    e.floor = o.value("floor", 0.0);
    e.own = or_unknown(o.at("own"));
    (recording ? e.f32_recording : e.f32_stock) = or_unknown(o.value("f32", json()));
    out[name] = std::move(e);
  }
  return out;
}

}  // namespace

LibTorch::LibTorch(const std::string& setup, double timeout_seconds)
    : recording_(setup == "recording"), timeout_seconds_(timeout_seconds) {
  client_ = std::make_unique<client::Client>(client::find_program(),
                                             std::vector<std::string>{"--setup", setup});
  require_version();
  const char* base = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
  folder_ = std::string(base) + "/plumbline.XXXXXX";
  if (!mkdtemp(folder_.data())) throw FileError("cannot make a folder in " + std::string(base));
}

LibTorch::~LibTorch() {
  std::error_code ignored;
  std::filesystem::remove_all(folder_, ignored);
}

/// Its bounds and its own errors were measured with one version.
void LibTorch::require_version() const {
  const json reply = client_->request("versions", json::object(), timeout_seconds_);
  std::string version = reply.value("/versions/torch"_json_pointer, std::string("unknown"));
  version = version.substr(0, version.find('+'));  // "2.15.0+cpu"
  if (version != PLUMB_TORCH)
    throw client::Error("plumbline-reference: LibTorch " + version +
                        ", need " PLUMB_TORCH ": run ci/setup, then ci/build");
}

LibTorch::Reply LibTorch::ask(const std::string& verb, json fields) {
  const std::string path = folder_ + "/answer";
  std::error_code ignored;
  std::filesystem::remove(path, ignored);  // what is read next is this answer's
  fields["path"] = path;
  return {client_->request(verb, std::move(fields), timeout_seconds_), path};
}

SafetensorsFile LibTorch::tensors(const std::string& verb, json fields) {
  return read_safetensors(ask(verb, std::move(fields)).path);
}

std::string LibTorch::capability() {
  return client_->request("versions", json::object(), timeout_seconds_)
      .at("versions")
      .at("capability");
}

Answer LibTorch::answer(const Case& c) {
  json recipes = json::array();
  for (const Recipe& r : c.inputs) recipes.push_back(to_json(r));
  const Reply reply = ask("op.answer", {{"op", c.id.op},
                                        {"direction", c.id.direction},
                                        {"dtype", c.id.dtype},
                                        {"attributes", c.attributes},
                                        {"inputs", recipes}});
  try {
    return {outputs_of(reply.json, reply.path, recording_), reply.json.at("versions")};
  } catch (const std::exception& error) {
    throw client::Error(std::string("plumbline-reference: it gave no answer: ") + error.what());
  }
}

}  // namespace plumb::golden
