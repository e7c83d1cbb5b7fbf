#include "golden/harness/libtorch.h"

#include <unistd.h>

#include <filesystem>

#include "impl/core/error.h"
#include "impl/core/safetensors.h"

namespace plumb::golden {
namespace {

using nlohmann::json;

double or_unknown(const json& value) {
  return value.is_number() ? value.get<double>() : Expected::kUnknown;
}

}  // namespace

LibTorch::LibTorch(const std::string& setup) : recording_(setup == "recording") {
  client_ = std::make_unique<reference::Client>(reference::find_program(),
                                                std::vector<std::string>{"--setup", setup});
  const char* base = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
  folder_ = std::string(base) + "/plumbline.XXXXXX";
  if (!mkdtemp(folder_.data())) throw FileError("cannot make a folder in " + std::string(base));
}

LibTorch::~LibTorch() {
  std::error_code ignored;
  std::filesystem::remove_all(folder_, ignored);
}

Answer LibTorch::answer(const Case& c) {
  json recipes = json::array();
  for (const Recipe& r : c.inputs) recipes.push_back(to_json(r));
  const std::string path = folder_ + "/answer";
  const json reply = client_->request("op.answer", {{"op", c.id.op},
                                                    {"direction", c.id.direction},
                                                    {"dtype", c.id.dtype},
                                                    {"attributes", c.attributes},
                                                    {"inputs", recipes},
                                                    {"path", path}});
  const auto tensors = read_safetensors(path).tensors;
  Answer answer;
  answer.versions = reply.at("versions");
  for (const auto& [name, o] : reply.at("outputs").items()) {
    Expected e;
    const HostArray want = from_host_tensor(tensors.at(name));
    e.shape = want.shape;
    e.want = want.values;
    e.dtype = dtype_from_name(o.at("dtype"));
    if (const auto m = tensors.find(name + ".magnitude"); m != tensors.end())
      e.magnitude = from_host_tensor(m->second).values;
    e.floor = o.value("floor", 0.0);
    e.own = or_unknown(o.at("own"));
    (recording_ ? e.f32_recording : e.f32_stock) = or_unknown(o.value("f32", json()));
    answer.outputs[name] = std::move(e);
  }
  return answer;
}

}  // namespace plumb::golden
