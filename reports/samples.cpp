#include "reports/samples.h"

namespace plumb::report {
namespace {

using nlohmann::json;

json output(const std::string& name, const json& share, double distance, double limit,
            double libtorch_f32, double libtorch_own) {
  return {{"name", name},
          {"of", 24},
          {"share_of_bound", share},
          {"rel_l2", distance},
          {"rel_l2_allowed", limit},
          {"libtorch_f32", libtorch_f32},
          {"libtorch_own", libtorch_own},
          {"ulp_max", 5e-324}};
}

json line(const std::string& id, const std::string& outcome, const std::string& reason,
          const std::vector<json>& outputs) {
  return {{"id", id},           {"device", "vgpu:0"}, {"engine", "native"}, {"hunts", "a <tail>"},
          {"outcome", outcome}, {"reason", reason},   {"seconds", 0.25},    {"outputs", outputs},
          {"text", ""}};
}

}  // namespace

json training_sample() {
  return {
      {"device", "vgpu:0"},
      {"config", "a: <b>\n"},
      {"images_per_second", 100.0},
      {"verdicts",
       {{{"name", "first <check>"},
         {"outcome", "PASS"},
         {"figure", 0.5},
         {"limit", 1},
         {"detail", "</script><b>"}},
        {{"name", "second"}, {"outcome", "FAIL"}, {"figure", 2}, {"limit", 1}, {"detail", "a|b"}}}},
      {"steps",
       {{{"step", 1},
         {"worst", "0.weight"},
         {"share", 0.5},
         {"loss", 2.3},
         {"libtorch_loss", 2.3}}}},
      {"free", {{"loss", {2.3, 2.2}}, {"libtorch_loss", {2.3, 2.1}}}},
      {"accuracy", {{"ours", 0.9}, {"libtorch", 0.8}, {"images", 10}}}};
}

std::vector<json> verify_sample() {
  std::vector<json> out = {{{"schema", 1},
                            {"device", "vgpu:0"},
                            {"engine", "native"},
                            {"command", "plumbline verify --device vgpu:0"},
                            {"versions", {{"torch", "2.15.0"}, {"threads", 1}}},
                            {"cases", 9},
                            {"selected", 9}}};
  const json exact = output("y", 0, 0, 4e-7, 0, 0), near = output("y", 0.5, 2e-7, 4e-7, 1e-7, 1e-7);
  out.push_back(line("linear/backward/f32/n4_in5_out6/normal", "MISTRUSTED",
                     "a kernel that returns zeros would pass",
                     {near, output("dbias", 0.25, 1e-7, 4e-7, 1e-7, 1e-7)}));
  out.push_back(line("linear/forward/f16/n4_in5_out6/normal", "FAIL", "y: 2 of 24 elements <off>",
                     {output("y", nullptr, 0.9, 0.002, 1e-7, 0.003)}));
  out.back()["text"] = "y differs: 2 of 24\n  first y[0,1]  got 1  want 2\n";
  out.push_back(line("linear/forward/f32/n2_in3_out4/exact", "PASS", "", {exact}));
  out.push_back(line("linear/forward/f32/n4_in5_out6/normal", "PASS", "", {near}));
  out.push_back(line("linear/forward/f32/refusal/features", "PASS", "", {}));
  out.back()["refusal"] = {{"ours", "x has 3 features, need 4"},
                           {"libtorch", "cannot be multiplied"}};
  out.push_back(line("relu/forward/bf16/n9/uniform", "GOLDEN_DEGRADED", "y: LibTorch's is off",
                     {output("y", 0.1, 1e-3, 2e-3, 1e-7, 4e-3)}));
  out.push_back(line("relu/forward/f32/n5/exact", "SKIP", "needs a GPU", {}));
  out.push_back(line("relu/forward/f32/n7", "UNTESTED", "no answer", {}));
  out.push_back(line("relu/forward/f64/n5", "PASS", "", {exact}));
  out.back()["nulls"] = {{"copy", "every x is above 0"}};
  return out;
}

json mutants_sample() {
  const auto mutant = [](const char* name, const char* kind, const json& killed_by) {
    return json{{"name", name},        {"kind", kind},           {"what", "drops the <last>"},
                {"file", "impl/x.cu"}, {"killed_by", killed_by}, {"seconds", 0.1}};
  };
  return {{"device", "vgpu:0"},
          {"ops",
           {{"linear",
             {{"killed", 2},
              {"total", 3},
              {"mutants",
               {mutant("no_bias", "operator", {{"case", "linear/forward/f32/n2_in3_out4/exact"}}),
                mutant("no_barrier", "barrier", {{"crash", "signal 11"}}),
                mutant("tf32", "accumulator", nullptr)}}}},
            {"relu",
             {{"killed", 1},
              {"total", 1},
              {"mutants",
               {mutant("above", "operator",
                       {{"property", "relu keeps what is above 0"},
                        {"counterexample", "relu/forward/f32/n1/seed3"}})}}}}}}};
}

std::string lines_of(const std::vector<json>& lines) {
  std::string out;
  for (const json& line : lines) out += line.dump() + "\n";
  return out;
}

Inputs all_samples() {
  Inputs inputs;
  add_input(inputs, lines_of(verify_sample()), "verify.jsonl");
  add_input(inputs, training_sample().dump(), "result.json");
  add_input(inputs, mutants_sample().dump(), "mutants.json");
  return inputs;
}

}  // namespace plumb::report
