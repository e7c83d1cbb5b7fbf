// worker.cpp - plumbline-reference: answers one JSON object a line on stdin with one on stdout,
// until stdin ends.
//
//   mlp.init      {layers, optimizer, label_smoothing, seed, state}
//                 writes the initial state
//   mlp.step      {batch, judge?, state}
//                 one f32 step; `judge`: the step in f64 with bounds; `state`: after it
//   mlp.train     {layers, optimizer, label_smoothing, seed, dtype, data, order, batch_size,
//                 snapshots, prefix}
//                 a whole run from a seed; the state after each step named in `snapshots` goes to
//                 <prefix><step>
//   mlp.evaluate  {data}
//                 mean loss and right answers of the current model
//   time.step     {batch, repeats, threads?}
//                 seconds of each of `repeats` training steps
//   time.adam     {count, repeats, threads?}
//                 the same of fused Adam steps over `count` elements, f32
//   time.mm       {m, n, k, repeats, threads?}
//                 the same of products [m, k] [k, n], f32
//   op.answer     {op, direction, dtype, attributes, inputs, path}
//                 what the op returns in f64, and how far LibTorch's own run is from that
//   op.time       {op, direction, dtype, attributes, inputs, repeats, threads?}
//                 seconds of each of `repeats` calls of the op
//   random.draw   {distribution, dtype, arguments, seed, count, path}
//                 what the distribution draws from the seed, in f64 or i64
//   versions      nothing but the versions that every answer ends with
//   stop          ends
// Tensors travel as safetensors files by path: images f32 [n, pixels], labels i64 [n]; order i64.
#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <torch/version.h>

#include <chrono>
#include <cstdlib>
#include <iostream>
#include <optional>
#include <set>

#include "reference/mlp.h"
#include "reference/ops/op.h"
#include "reference/random.h"
#include "reference/timing.h"

namespace plumb::reference {
namespace {

using nlohmann::json;

std::string one_line(std::string text) {
  if (const auto end = text.find('\n'); end != std::string::npos) text.resize(end);
  return text;
}

class Worker {
 public:
  explicit Worker(std::string setup) : setup_(std::move(setup)) {}

  json answer(const std::string& line) {
    json out;
    try {
      out = dispatch(json::parse(line));
      out["ok"] = true;
    } catch (const std::exception& error) {
      out = {{"ok", false}, {"error", one_line(error.what())}};
    }
    out["versions"] = {{"torch", TORCH_VERSION},
                       {"capability", at::get_cpu_capability()},
                       {"threads", at::get_num_threads()},
                       {"setup", setup_}};
    return out;
  }
  bool stopped() const { return stopped_; }

 private:
  json dispatch(const json& request) {
    const std::string verb = request.at("verb");
    if (verb == "mlp.init") return init(request);
    if (verb == "mlp.step") return step(request);
    if (verb == "mlp.train") return train(request);
    if (verb == "mlp.evaluate") return evaluate(request);
    if (verb == "time.step") return time_step(request);
    if (verb == "time.adam") return timing_.adam(request);
    if (verb == "time.mm") return timing_.mm(request);
    if (verb == "op.answer") return answer_case(request);
    if (verb == "op.time") return timing_.op(request);
    if (verb == "random.draw") return draw_random(request);
    if (verb == "versions") return json::object();  // every answer has them
    if (verb == "stop") return stopped_ = true, json::object();
    throw std::invalid_argument(
        "verb '" + verb + "' is unknown; allowed: mlp.init, mlp.step, mlp.train, mlp.evaluate, " +
        "time.step, time.adam, time.mm, op.answer, op.time, random.draw, versions, stop");
  }

  Mlp& model() {
    if (!model_) throw std::invalid_argument("no model: send mlp.init first");
    return *model_;
  }

  static at::Tensor need(const TensorMap& tensors, const std::string& name,
                         const std::string& path) {
    const auto found = tensors.find(name);
    if (found == tensors.end()) throw std::invalid_argument(path + ": no tensor '" + name + "'");
    return found->second;
  }

  json init(const json& request) {
    model_.emplace(options_from(request), request.value("seed", std::uint64_t{0}), at::kFloat);
    write_tensors(request.at("state"), model_->state());
    return json::object();
  }

  json step(const json& request) {
    const std::string path = request.at("batch");
    const TensorMap batch = read_tensors(path);
    const at::Tensor images = need(batch, "images", path), labels = need(batch, "labels", path);
    if (request.contains("judge"))
      write_tensors(request.at("judge"), model().judge(images, labels));
    const double loss = model().step(images, labels);
    if (request.contains("state")) write_tensors(request.at("state"), model().state());
    return {{"loss", loss}};
  }

  json train(const json& request) {
    const std::string path = request.at("data"), dtype = request.at("dtype"),
                      order_path = request.at("order");
    if (dtype != "f32" && dtype != "f64")
      throw std::invalid_argument("dtype '" + dtype + "'; allowed: f32, f64");
    const TensorMap data = read_tensors(path);
    const at::Tensor images = need(data, "images", path), labels = need(data, "labels", path),
                     order = need(read_tensors(order_path), "order", order_path);
    const std::int64_t each = request.at("batch_size");
    const auto wanted = request.value("snapshots", std::set<std::int64_t>{});
    model_.emplace(options_from(request), request.value("seed", std::uint64_t{0}),
                   dtype == "f64" ? at::kDouble : at::kFloat);
    json losses = json::array();
    std::int64_t number = 0;
    for (const at::Tensor& epoch : order.unbind(0))
      for (const at::Tensor& indices : epoch.split(each)) {
        losses.push_back(
            model_->step(images.index_select(0, indices), labels.index_select(0, indices)));
        if (wanted.count(++number))
          write_tensors(request.at("prefix").get<std::string>() + std::to_string(number),
                        model_->state());
      }
    const auto [loss, right] = model_->evaluate(images, labels);
    return {{"losses", losses}, {"final_loss", loss}, {"right", right}};
  }

  json evaluate(const json& request) {
    const std::string path = request.at("data");
    const TensorMap data = read_tensors(path);
    const auto [loss, right] =
        model().evaluate(need(data, "images", path), need(data, "labels", path));
    return {{"loss", loss}, {"right", right}};
  }

  json time_step(const json& request) {
    const std::string path = request.at("batch");
    const TensorMap batch = read_tensors(path);
    const at::Tensor images = need(batch, "images", path), labels = need(batch, "labels", path);
    const std::int64_t repeats = repeats_of(request);
    const ThreadScope threads(request);
    json seconds = json::array();
    for (std::int64_t i = 0; i < repeats; ++i) {
      const auto start = std::chrono::steady_clock::now();
      model().step(images, labels);
      seconds.push_back(
          std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
    }
    return {{"seconds", seconds}};
  }

  std::string setup_;
  std::optional<Mlp> model_;
  Timing timing_;
  bool stopped_ = false;
};

}  // namespace
}  // namespace plumb::reference

int main(int argc, char** argv) {
  std::string setup = "stock";
  int threads = 1;
  for (int i = 1; i < argc; ++i) {
    const std::string word = argv[i];
    if (word == "--setup" && i + 1 < argc)
      setup = argv[++i];
    else if (word == "--threads" && i + 1 < argc)
      threads = std::atoi(argv[++i]);
    else if (word == "--help")
      return std::cout << "plumbline-reference [--setup recording|stock] [--threads N]: JSON lines "
                          "on stdin and stdout\n",
             0;
    else
      return std::cerr << "plumbline-reference: '" << word
                       << "' is unknown; allowed: --setup recording|stock, --threads N, --help\n",
             64;
  }
  if ((setup != "recording" && setup != "stock") || threads < 1)
    return std::cerr << "plumbline-reference: --setup " << setup << " --threads " << threads
                     << "; allowed: recording or stock, 1 or more\n",
           64;
  if (setup == "recording") {
    setenv("MKL_CBWR", "COMPATIBLE", 1);
    setenv("ATEN_CPU_CAPABILITY", "default", 1);
  }
  at::set_num_threads(threads);
  at::set_num_interop_threads(1);
  if (setup == "recording") {
    at::globalContext().setUserEnabledMkldnn(false);
    at::globalContext().setUserEnabledNNPACK(false);
  }
  plumb::reference::Worker worker(setup);
  for (std::string line; !worker.stopped() && std::getline(std::cin, line);)
    if (!line.empty()) std::cout << worker.answer(line).dump() << std::endl;
  return 0;
}
