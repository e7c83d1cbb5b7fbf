#include "golden/audit/audit.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstring>
#include <filesystem>

#include "golden/audit/judge.h"
#include "impl/data/sampler.h"

namespace plumb::audit {
namespace {

using nlohmann::json;
using Clock = std::chrono::steady_clock;

constexpr std::int64_t kEarly = 10, kLate = 100;
constexpr double kEarlyLimit = 1e-6, kLateLimit = 1e-5, kLateFactor = 10;

struct Stopped {};

/// Files that both programs see; in memory where the machine has a place for that.
class Exchange {
 public:
  Exchange() {
    const char* base = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
    std::string name = std::string(base) + "/plumbline.XXXXXX";
    if (!mkdtemp(name.data())) throw FileError("cannot make a folder in " + std::string(base));
    folder_ = name;
  }
  ~Exchange() {
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
  }
  Exchange(const Exchange&) = delete;
  Exchange& operator=(const Exchange&) = delete;
  std::string operator()(const std::string& name) const { return folder_ + "/" + name; }

 private:
  std::string folder_;
};

template <class T>
std::vector<T> values_of(const HostTensor& tensor) {
  std::vector<T> out(tensor.bytes.size() / sizeof(T));
  if (!out.empty()) std::memcpy(out.data(), tensor.bytes.data(), tensor.bytes.size());
  return out;
}

template <class T>
HostTensor host(const char* dtype, std::vector<std::int64_t> shape, const std::vector<T>& values) {
  HostTensor out{dtype, std::move(shape), std::vector<std::byte>(values.size() * sizeof(T))};
  if (!values.empty()) std::memcpy(out.bytes.data(), values.data(), out.bytes.size());
  return out;
}

void write_images(const std::string& path, const ImageDataset& data,
                  const std::vector<std::int64_t>& indices) {
  const auto count = static_cast<std::int64_t>(indices.size());
  write_safetensors(
      path, {{{"images", host("F32", {count, data.height * data.width}, data.images(indices))},
              {"labels", host("I64", {count}, data.classes_of(indices))}},
             {}});
}

json describe_model(const train::Config& c) {
  return {{"layers", c.layers},
          {"label_smoothing", c.label_smoothing},
          {"seed", c.seed},
          {"optimizer",
           {{"lr", c.optimizer.lr},
            {"momentum", c.optimizer.momentum},
            {"dampening", c.optimizer.dampening},
            {"weight_decay", c.optimizer.weight_decay},
            {"nesterov", c.optimizer.nesterov},
            {"maximize", c.optimizer.maximize}}}};
}

/// Parameters of a state file in the model's order, one vector.
std::vector<double> flat_parameters(const std::map<std::string, HostTensor>& state,
                                    const nn::Module& model) {
  std::vector<double> out;
  for (const auto& [name, parameter] : model.named_parameters()) {
    const HostTensor& t = state.at(name);
    if (t.dtype == "F64") {
      const auto v = values_of<double>(t);
      out.insert(out.end(), v.begin(), v.end());
    } else {
      const auto v = values_of<float>(t);
      out.insert(out.end(), v.begin(), v.end());
    }
  }
  return out;
}

std::vector<double> flat_parameters(const nn::Module& model) {
  std::vector<double> out;
  for (const auto& [name, parameter] : model.named_parameters()) {
    const auto v = parameter.value().to_host<float>();
    out.insert(out.end(), v.begin(), v.end());
  }
  return out;
}

json verdict(const std::string& name, const std::string& outcome, double figure, double limit,
             const std::string& detail) {
  return {{"name", name},
          {"outcome", outcome},
          {"figure", figure},
          {"limit", limit},
          {"detail", detail}};
}

json compared(const std::string& name, double figure, double limit, const std::string& detail) {
  return verdict(name, figure <= limit ? "PASS" : "FAIL", figure, limit, detail);
}

class Audit {
 public:
  Audit(const train::Config& config, const AuditOptions& options, client::Client& libtorch,
        const Watch& watch)
      : config_(config), options_(options), libtorch_(libtorch), watch_(watch), trainer_(config) {}

  json run() {
    try {
      check_start();
      teacher_forced();
      free_run();
    } catch (const Stopped&) {
      result_["stopped"] = true;
    }
    return result_;
  }

 private:
  void tell(const std::string& stage, std::int64_t done, std::int64_t of) {
    if (!watch_(stage, done, of)) throw Stopped();
  }

  void check_start() {
    orders_ = trainer_.planned_orders();
    json request = describe_model(config_);
    request["state"] = files_("state");
    const json answer = libtorch_.request("mlp.init", request);
    result_["versions"] = answer["versions"];
    result_["config"] = train::to_yaml(config_);
    state_ = read_safetensors(files_("state")).tensors;
    const auto ours = flat_parameters(trainer_.model()),
               theirs = flat_parameters(state_, trainer_.model());
    std::int64_t different = 0;
    for (std::size_t i = 0; i < ours.size(); ++i) different += ours[i] != theirs[i];
    add(compared("initial weights equal LibTorch's bits", static_cast<double>(different), 0,
                 fmt::format("{} of {} differ", different, ours.size())));
  }

  void add(json row) { result_["verdicts"].push_back(std::move(row)); }

  /// Our model and optimizer take LibTorch's state.
  void take_state() {
    nn::StateDict parameters;
    optim::SGD::State buffers = trainer_.optimizer().state_dict();
    for (Tensor& buffer : buffers.momentum_buffers) buffer = Tensor();
    for (const auto& [name, tensor] : state_) {
      if (name.rfind("momentum_buffer.", 0) == 0)
        buffers.momentum_buffers.at(static_cast<std::size_t>(std::stoul(name.substr(16)))) =
            train::to_device_tensor(tensor);
      else
        parameters[name] = train::to_device_tensor(tensor);
    }
    trainer_.model().load_state_dict(parameters);
    trainer_.optimizer().load_state_dict(buffers);
  }

  /// One step of ours from the state taken; every tensor that LibTorch judges.
  std::map<std::string, std::vector<float>> our_step(const train::Batch& batch) {
    std::map<std::string, std::vector<float>> out;
    Tape tape;
    nn::Module& model = trainer_.model();
    trainer_.optimizer().zero_grad();
    const Variable logits = model.forward(tape, Variable(batch.images));
    const Variable loss = functional::cross_entropy(tape, logits, Variable(batch.labels), nullptr,
                                                    {.label_smoothing = config_.label_smoothing});
    out["logits"] = logits.value().to_host<float>();
    out["loss"] = loss.value().to_host<float>();
    tape.backward(loss);
    for (const auto& [name, parameter] : model.named_parameters())
      out["gradient." + name] = parameter.grad().to_host<float>();
    trainer_.optimizer().step();
    const auto buffers = trainer_.optimizer().state_dict().momentum_buffers;
    std::size_t i = 0;
    for (const auto& [name, parameter] : model.named_parameters()) {
      out[name] = parameter.value().to_host<float>();
      if (buffers[i].defined()) out["momentum_buffer." + name] = buffers[i].to_host<float>();
      ++i;
    }
    return out;
  }

  void judge_step(const std::map<std::string, std::vector<float>>& ours, std::int64_t number) {
    const auto judged = read_safetensors(files_("judge")).tensors;
    TensorVerdict worst;
    worst.share = -1;
    for (const auto& [name, tensor] : judged) {
      if (name.rfind("bound.", 0) == 0) continue;
      const auto found = ours.find(name);
      const TensorVerdict v = found == ours.end()
                                  ? TensorVerdict{name}
                                  : judge(name, found->second, values_of<double>(tensor),
                                          values_of<double>(judged.at("bound." + name)));
      ++checked_;
      elements_ += v.count;
      failed_ += !v.passed();
      vacuous_ += v.vacuous;
      if (!v.passed() && failures_.size() < 20)
        failures_.push_back(fmt::format("step {}: {}", number, v.describe()));
      if (v.share > worst.share) worst = v;
    }
    if (worst.share > largest_share_)
      largest_share_ = worst.share, largest_ = fmt::format("step {}: {}", number, worst.describe());
    result_["steps"].push_back({{"step", number},
                                {"worst", worst.name},
                                {"share", worst.share},
                                {"loss", ours.at("loss")[0]},
                                {"libtorch_loss", values_of<double>(judged.at("loss"))[0]}});
  }

  void teacher_forced() {
    const std::int64_t all = trainer_.batches_per_epoch() * config_.epochs;
    const std::int64_t steps = options_.steps ? std::min(options_.steps, all) : all;
    std::int64_t number = 0;
    for (const auto& order : orders_)
      for (const auto& indices : batches_of(order, config_.batch_size, config_.drop_last)) {
        if (number == steps) break;
        tell("teacher-forced", number, steps);
        ++number;
        take_state();
        write_images(files_("batch"), trainer_.training_images(), indices);
        libtorch_.request(
            "mlp.step",
            {{"batch", files_("batch")}, {"judge", files_("judge")}, {"state", files_("state")}});
        judge_step(our_step(trainer_.load(indices)), number);
        state_ = read_safetensors(files_("state")).tensors;
      }
    json row = compared("teacher-forced steps within their bounds", largest_share_, 1, largest_);
    if (failed_) row["outcome"] = "FAIL";
    if (checked_ == 0) row["outcome"] = "UNTESTED";
    add(row);
    result_["teacher_forced"] = {{"steps", number},       {"tensors", checked_},
                                 {"elements", elements_}, {"failed", failed_},
                                 {"vacuous", vacuous_},   {"failures", failures_}};
  }

  using Orders = std::vector<std::vector<std::int64_t>>;

  /// LibTorch's whole run from a seed over the images in that order; states after steps 10 and 100
  /// in files
  /// "<prefix><step>".
  json libtorch_run(std::int64_t seed, const Orders& orders, const std::string& dtype,
                    const std::string& prefix) {
    write_order(orders);
    json request = describe_model(config_);
    request.update({{"seed", seed},
                    {"dtype", dtype},
                    {"data", files_("train")},
                    {"order", files_("order")},
                    {"batch_size", config_.batch_size},
                    {"snapshots", {kEarly, kLate}},
                    {"prefix", files_(prefix)}});
    return libtorch_.request("mlp.train", request);
  }

  /// What a run from another seed draws: a seed is initial weights and order alike.
  Orders orders_from(std::int64_t seed) const {
    train::Config config = config_;
    config.seed = seed;
    return train::Trainer(config).planned_orders();
  }

  void write_order(const Orders& orders) const {
    std::vector<std::int64_t> order;
    const std::int64_t each = config_.drop_last ? trainer_.batches_per_epoch() * config_.batch_size
                                                : trainer_.training_images().count;
    for (const auto& epoch : orders) order.insert(order.end(), epoch.begin(), epoch.begin() + each);
    write_safetensors(
        files_("order"),
        {{{"order", host("I64", {static_cast<std::int64_t>(orders.size()), each}, order)}}, {}});
  }

  void write_data() {
    const ImageDataset &train = trainer_.training_images(), &test = trainer_.test_images();
    write_images(files_("train"), train, sequential_order(train.count));
    write_images(files_("test"), test, sequential_order(test.count));
  }

  void free_run() {
    write_data();
    std::map<std::int64_t, std::vector<double>> snapshots;
    train::Trainer ours(config_);
    const auto start = Clock::now();
    double images = 0, pause = 0;
    bool stopped = false;
    try {
      run_free(ours, snapshots, images, pause, stopped);
    } catch (const train::NotFinite& error) {
      add(verdict("free run stays finite", "FAIL", 1, 0, error.what()));
      return;
    }
    if (stopped) throw Stopped();
    result_["images_per_second"] =
        images / (std::chrono::duration<double>(Clock::now() - start).count() - pause);
    const auto train_figures = ours.evaluate(ours.training_images()),
               test_figures = ours.evaluate(ours.test_images());
    compare_free(snapshots, train_figures.loss, test_figures);
  }

  void run_free(train::Trainer& ours, std::map<std::int64_t, std::vector<double>>& snapshots,
                double& images, double& pause, bool& stopped) {
    const std::int64_t all = ours.batches_per_epoch() * config_.epochs;
    ours.run([&](const train::Step& step) {
      images += static_cast<double>(step.images);
      result_["free"]["loss"].push_back(step.loss);
      const auto before = Clock::now();
      if (step.number == kEarly || step.number == kLate)
        snapshots[step.number] = flat_parameters(ours.model());
      stopped = !watch_("free", step.number, all);
      pause += std::chrono::duration<double>(Clock::now() - before).count();
      return !stopped;
    });
  }

  void compare_free(const std::map<std::int64_t, std::vector<double>>& snapshots, double final_loss,
                    const train::Evaluation& test) {
    std::vector<double> finals;
    for (int seed = 0; seed < options_.seeds; ++seed) {
      tell("LibTorch's seeds", seed, options_.seeds + 2);
      finals.push_back(libtorch_run(config_.seed + 1 + seed, orders_from(config_.seed + 1 + seed),
                                    "f32", "seed")["final_loss"]);
    }
    tell("LibTorch in f64", options_.seeds, options_.seeds + 2);
    libtorch_run(config_.seed, orders_, "f64", "wide");
    tell("LibTorch in f32", options_.seeds + 1, options_.seeds + 2);
    const json narrow = libtorch_run(config_.seed, orders_, "f32", "narrow");
    finals.push_back(narrow["final_loss"]);
    result_["free"]["libtorch_loss"] = narrow["losses"];
    for (const auto& [step, ours] : snapshots) {
      const auto f32 = flat_parameters(
          read_safetensors(files_("narrow" + std::to_string(step))).tensors, trainer_.model());
      const auto f64 = flat_parameters(
          read_safetensors(files_("wide" + std::to_string(step))).tensors, trainer_.model());
      const double own = relative_distance(f32, f64);
      add(compared(fmt::format("free run, parameters at step {}", step),
                   relative_distance(ours, f32),
                   step == kEarly ? kEarlyLimit : std::max(kLateLimit, kLateFactor * own),
                   fmt::format("LibTorch f32 against f64: {:.3g}", own)));
    }
    const auto [low, high] = std::minmax_element(finals.begin(), finals.end());
    const double center = narrow["final_loss"];
    add(compared("free run, final loss within LibTorch's spread over seeds",
                 std::fabs(final_loss - center), *high - *low,
                 fmt::format("ours {:.6f}, LibTorch {:.6f}, spread {:.6f} to {:.6f}", final_loss,
                             center, *low, *high)));
    const json theirs = libtorch_.request("mlp.evaluate", {{"data", files_("test")}});
    result_["accuracy"] = {
        {"images", test.images},
        {"ours", test.accuracy()},
        {"libtorch", theirs["right"].get<double>() / static_cast<double>(test.images)}};
  }

  train::Config config_;
  AuditOptions options_;
  client::Client& libtorch_;
  Watch watch_;
  train::Trainer trainer_;
  Exchange files_;
  std::map<std::string, HostTensor> state_;
  std::vector<std::vector<std::int64_t>> orders_;
  json result_ = {{"verdicts", json::array()}, {"steps", json::array()}, {"stopped", false}};
  std::int64_t checked_ = 0, elements_ = 0, failed_ = 0, vacuous_ = 0;
  double largest_share_ = 0;
  std::string largest_;
  std::vector<std::string> failures_;
};

}  // namespace

json run(const train::Config& config, const AuditOptions& options, client::Client& libtorch,
         const Watch& watch) {
  return Audit(config, options, libtorch, watch).run();
}

int exit_code(const json& result) {
  bool failed = false, doubtful = result.value("stopped", false);
  if (result["verdicts"].empty()) return 4;
  for (const auto& row : result["verdicts"]) {
    const std::string outcome = row["outcome"];
    failed |= outcome == "FAIL" || outcome == "UNTESTED";
    doubtful |= outcome != "PASS";
  }
  return failed ? 2 : doubtful ? 3 : 0;
}

}  // namespace plumb::audit
