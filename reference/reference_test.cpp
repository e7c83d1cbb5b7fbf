#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <cmath>
#include <cstring>
#include <filesystem>

#include "golden/client/client.h"
#include "impl/core/file.h"
#include "impl/core/safetensors.h"

namespace plumb::reference {
namespace {

using nlohmann::json;

template <class T>
HostTensor host(const std::string& dtype, std::vector<std::int64_t> shape,
                const std::vector<T>& values) {
  HostTensor out{dtype, std::move(shape), std::vector<std::byte>(values.size() * sizeof(T))};
  std::memcpy(out.bytes.data(), values.data(), out.bytes.size());
  return out;
}

template <class T>
std::vector<T> values_of(const HostTensor& tensor) {
  std::vector<T> out(tensor.bytes.size() / sizeof(T));
  std::memcpy(out.data(), tensor.bytes.data(), tensor.bytes.size());
  return out;
}

class Reference : public testing::Test {
 protected:
  Reference()
      : folder_(std::filesystem::temp_directory_path() /
                ("plumb_reference_" + std::to_string(getpid()))),
        client_(PLUMB_REFERENCE) {
    std::filesystem::create_directories(folder_);
  }
  ~Reference() override { std::filesystem::remove_all(folder_); }
  std::string path(const std::string& name) const { return (folder_ / name).string(); }

  json model() const {
    return {
        {"layers", {12, 9, 4}},
        {"optimizer", {{"lr", 0.1}, {"momentum", 0.9}, {"weight_decay", 0.01}, {"nesterov", true}}},
        {"label_smoothing", 0.1},
        {"seed", 3},
        {"state", path("state")}};
  }
  void write_batch(int seed) const {
    std::vector<float> images(20 * 12);
    std::vector<std::int64_t> labels(20);
    unsigned word = static_cast<unsigned>(seed) * 2654435761u + 1;
    const auto next = [&] { return (word = word * 1664525u + 1013904223u) >> 8; };
    for (float& x : images) x = static_cast<float>(next()) * 0x1p-23f - 1;
    for (std::int64_t& y : labels) y = next() % 4;
    write_safetensors(
        path("batch"),
        {{{"images", host("F32", {20, 12}, images)}, {"labels", host("I64", {20}, labels)}}, {}});
  }
  std::string refusal(const std::string& verb, const json& fields) {
    try {
      client_.request(verb, fields);
    } catch (const client::Error& error) {
      EXPECT_EQ(std::string(error.what()).find('\n'), std::string::npos);
      return error.what();
    }
    return "accepted";
  }

  std::filesystem::path folder_;
  client::Client client_;
};

TEST_F(Reference, StaysWithinItsOwnBoundsAndMutantsDoNot) {
  client_.request("mlp.init", model());
  double worst = 0, mutant = 0;
  for (int step = 0; step < 30; ++step) {
    write_batch(step);
    client_.request("mlp.step",
                    {{"batch", path("batch")}, {"judge", path("judge")}, {"state", path("state")}});
    const auto judged = read_safetensors(path("judge")).tensors,
               state = read_safetensors(path("state")).tensors;
    for (const std::string name : {"0.weight", "0.bias", "2.weight", "2.bias"}) {
      const auto got = values_of<float>(state.at(name));
      const auto want = values_of<double>(judged.at(name)),
                 bound = values_of<double>(judged.at("bound." + name));
      const auto grad = values_of<double>(judged.at("gradient." + name));
      for (std::size_t i = 0; i < got.size(); ++i) {
        worst = std::max(worst, std::fabs(static_cast<double>(got[i]) - want[i]) / bound[i]);
        mutant = std::max(mutant, std::fabs(0.1 * 2 * 0.01 * want[i]) /
                                      bound[i]);  // weight decay with the wrong sign
      }
      ASSERT_EQ(grad.size(), got.size());
    }
  }
  EXPECT_LT(worst, 1);
  EXPECT_GT(worst, 0);
  EXPECT_GT(mutant, 10);
}

TEST_F(Reference, RefusesInOneLineAndGoesOn) {
  EXPECT_NE(
      refusal("mlp.dance", json::object()).find("verb 'mlp.dance' is unknown; allowed: mlp.init"),
      std::string::npos);
  EXPECT_NE(refusal("mlp.step", {{"batch", path("none")}}).find("cannot read"), std::string::npos);
  json bad = model();
  bad["optimizer"]["speed"] = 1;
  EXPECT_NE(refusal("mlp.init", bad).find("field 'speed' is unknown"), std::string::npos);
  write_batch(1);
  EXPECT_NE(refusal("mlp.step", {{"batch", path("batch")}}).find("no model"), std::string::npos);
  const std::string bytes = read_whole(path("batch"));
  write_whole(path("cut"), std::span(bytes.data(), bytes.size() / 2));
  client_.request("mlp.init", model());
  EXPECT_NE(refusal("mlp.step", {{"batch", path("cut")}}).find("the file"), std::string::npos);
  const json answer = client_.request("mlp.step", {{"batch", path("batch")}});
  EXPECT_GT(answer["loss"], 0);
  EXPECT_EQ(answer["versions"]["threads"], 1);
}

TEST_F(Reference, TimesWithTheThreadsAskedFor) {
  const json requests[] = {{{"verb", "time.adam"}, {"count", 1000}},
                           {{"verb", "time.mm"}, {"m", 3}, {"n", 5}, {"k", 7}}};
  for (json request : requests)
    for (const int threads : {1, 2}) {
      request["repeats"] = 4;
      request["threads"] = threads;
      const json answer = client_.request(request["verb"], request);
      ASSERT_EQ(answer["seconds"].size(), 4u);
      for (const double seconds : answer["seconds"]) EXPECT_GT(seconds, 0);
      EXPECT_EQ(answer["timed_threads"], threads);
      EXPECT_EQ(answer["versions"]["threads"], 1) << "as before once the answer is there";
    }
  client_.request("mlp.init", model());
  write_batch(1);
  const json step =
      client_.request("time.step", {{"batch", path("batch")}, {"repeats", 3}, {"threads", 2}});
  EXPECT_EQ(step["seconds"].size(), 3u);
  EXPECT_EQ(step["versions"]["threads"], 1);
}

/// A case of an op as op.answer and op.time take it.
json op_case(const std::string& op, const std::string& direction, const json& attributes,
             const std::vector<std::string>& inputs) {
  json recipes = json::array();
  for (const std::string& name : inputs)
    recipes.push_back({{"name", name}, {"shape", {3, 5}}, {"dtype", "f32"}, {"fill", "uniform"}});
  return {{"op", op},
          {"direction", direction},
          {"dtype", "f32"},
          {"attributes", attributes},
          {"inputs", recipes}};
}

TEST_F(Reference, TimesACaseOfAnOp) {
  const json sgd = {{"lr", 0.1},          {"momentum", 0.9},  {"dampening", 0},
                    {"weight_decay", 0},  {"nesterov", true}, {"maximize", false},
                    {"first_step", false}};
  const json cases[] = {op_case("relu", "forward", json::object(), {"x"}),
                        op_case("relu", "backward", json::object(), {"x", "dy"}),
                        op_case("sgd", "step", sgd, {"param0", "grad0", "momentum_buffer0"})};
  for (json request : cases) {
    request["repeats"] = 3;
    const json answer = client_.request("op.time", request);
    ASSERT_EQ(answer["seconds"].size(), 3u);
    for (const double seconds : answer["seconds"]) EXPECT_GT(seconds, 0);
  }
}

TEST_F(Reference, RefusesToTimeAnOpThatItDoesNotHave) {
  json request = op_case("rely", "forward", json::object(), {"x"});
  request["repeats"] = 1;
  EXPECT_NE(refusal("op.time", request).find("op 'rely' is unknown; allowed: linear, relu"),
            std::string::npos);
  request = op_case("relu", "backward", json::object(), {"x"});
  request["repeats"] = 1;
  EXPECT_NE(refusal("op.time", request).find("the case has no input 'dy'"), std::string::npos);
}

TEST_F(Reference, RefusesTimingsOutOfRangeInOneLine) {
  const auto refuses = [&](const std::string& verb, const json& fields, const std::string& text) {
    const std::string got = refusal(verb, fields);
    EXPECT_NE(got.find(verb + ": " + text), std::string::npos) << got;
  };
  refuses("time.adam", {{"repeats", 1}},
          "count is missing; allowed: an integer from 1 to 268435456");
  refuses("time.adam", {{"count", 0}, {"repeats", 1}}, "count is 0; allowed");
  refuses("time.adam", {{"count", "many"}, {"repeats", 1}}, "count is \"many\"; allowed");
  refuses("time.adam", {{"count", 8}, {"repeats", 0}},
          "repeats is 0; allowed: an integer from 1 to 1000000");
  refuses("time.mm", {{"m", 2}, {"n", 2.5}, {"k", 2}, {"repeats", 1}},
          "n is 2.5; allowed: an integer from 1 to 16384");
  refuses("time.mm", {{"m", 2}, {"n", 2}, {"k", 2}, {"repeats", 1}, {"threads", 0}},
          "threads is 0; allowed: an integer from 1 to 1024");
  client_.request("mlp.init", model());
  write_batch(1);
  refuses("time.step", {{"batch", path("batch")}, {"repeats", -1}}, "repeats is -1; allowed");
}

TEST_F(Reference, ItsEndIsAnError) {
  EXPECT_EQ(refusal("stop", json::object()), "accepted");
  EXPECT_NE(refusal("mlp.init", model()).find("it ended"), std::string::npos);
  EXPECT_THROW(client::Client("/nonexistent/program"), client::Error);
}

}  // namespace
}  // namespace plumb::reference
