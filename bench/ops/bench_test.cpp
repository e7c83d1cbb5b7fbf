#include <gtest/gtest.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <filesystem>

#include "bench/ops/command.h"
#include "bench/ops/op_row.h"
#include "bench/ops/plan.h"
#include "impl/core/error.h"
#include "impl/core/file.h"

namespace plumb::bench {
namespace {

using nlohmann::json;

class Bench : public testing::Test {
 protected:
  Bench()
      : folder_(std::filesystem::temp_directory_path() /
                ("plumb_bench_test_" + std::to_string(getpid()))) {
    std::filesystem::create_directories(folder_);
  }
  ~Bench() override { std::filesystem::remove_all(folder_); }
  std::string path(const std::string& name) const { return (folder_ / name).string(); }

  /// `plumbline bench <words>`; what it printed is kept.
  int run(const std::string& words) {
    CLI::App app;
    int status = -1;  // refused
    err_.clear();
    add_bench_command(app, [&](const auto& chosen) { status = chosen("vgpu:0"); });
    testing::internal::CaptureStdout();
    testing::internal::CaptureStderr();
    try {
      app.parse("bench --quiet " + words);
    } catch (const std::exception& error) {
      err_ = error.what();
    }
    out_ = testing::internal::GetCapturedStdout();
    err_ += testing::internal::GetCapturedStderr();
    return status;
  }

  std::filesystem::path folder_;
  std::string out_, err_;
};

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> out;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) out.push_back(line);
  return out;
}

void expect_spread(const json& spread) {
  EXPECT_GT(spread.at("low"), 0);
  EXPECT_GE(spread.at("median"), spread.at("low"));
  EXPECT_GE(spread.at("high"), spread.at("median"));
}

TEST_F(Bench, WritesEveryFigureOfEveryCall) {
  ASSERT_EQ(run("--op relu --batch 2,1 --rounds 3 --json " + path("j") + " --csv " + path("c")), 0)
      << err_;

  const json file = json::parse(read_whole(path("j")));
  EXPECT_EQ(file.at("schema"), 1);
  for (const char* field : {"machine", "cpu", "cores", "command", "date", "plumbline", "revision",
                            "cuda", "compiler", "load", "device", "libtorch"})
    EXPECT_TRUE(file.at("run").contains(field)) << field;
  EXPECT_EQ(file["run"]["kind"], "virtual GPU");
  for (const char* field : {"fma_gflops_f32", "fma_gflops_f64", "launch_us"})
    EXPECT_GT(file.at("limits").at(field), 0) << field;
  const json& benchmarks = file.at("benchmarks");
  ASSERT_EQ(benchmarks.size(), 4u);
  for (const json& entry : benchmarks) {
    const json& row = entry.at("row");
    EXPECT_EQ(row.at("kind"), "virtual GPU");
    EXPECT_EQ(row.at("verdict"), "PASS");
    EXPECT_EQ(row.at("rounds"), 3);
    for (const char* field : {"time_us", "libtorch_us", "time_ratio_to_libtorch"})
      expect_spread(row.at(field));
    for (const char* field : {"bytes", "flops", "gb_per_s", "gflops", "share_of_copy",
                              "share_of_fma", "share_of_limit"})
      EXPECT_GT(row.at(field), 0) << field;
    EXPECT_EQ(row.at("launches"), 1);
    EXPECT_GE(row.at("threads"), row.at("blocks"));
  }
  const json& first = benchmarks[0]["row"];
  EXPECT_EQ(first["case"], "relu/forward/f32/n1_c1024");
  EXPECT_EQ(first["peak_bytes"], 2 * 1024 * 4) << "x and y";
  EXPECT_EQ(benchmarks[2]["row"]["case"], "relu/backward/f32/n1_c1024");
  EXPECT_EQ(benchmarks[3]["row"]["batch"], 2);

  const auto lines = lines_of(read_whole(path("c")));
  ASSERT_EQ(lines.size(), 5u);
  EXPECT_EQ(lines[0].rfind("case,op,direction,dtype,batch,", 0), 0u);
  EXPECT_NE(lines[0].find(",time_ratio_to_libtorch_median,"), std::string::npos);
  EXPECT_NE(lines[0].find(",run_revision,"), std::string::npos);
  for (std::size_t i = 1; i < lines.size(); ++i)
    EXPECT_NE(lines[i].find(",virtual GPU,"), std::string::npos);
}

TEST_F(Bench, DoesNotTimeAWrongCall) {
  golden::Op mutant = golden::find_op("relu");
  mutant.run = [](const golden::Case&, const golden::Inputs& inputs) {
    return golden::Outputs{{"y", inputs.at("x")}};  // a copy
  };
  golden::replace_op("relu", &mutant);
  const int status = run("--op relu --direction forward --batch 1 --rounds 1 --json " + path("j"));
  golden::replace_op("relu", nullptr);

  EXPECT_EQ(status, 2);
  EXPECT_EQ(err_.rfind("plumbline bench: wrong result: relu/forward/f32/n1_c1024: FAIL: y: ", 0),
            0u)
      << err_;
  EXPECT_EQ(lines_of(err_).size(), 1u);
  EXPECT_EQ(out_, "");
  EXPECT_FALSE(std::filesystem::exists(path("j")));
}

TEST_F(Bench, ListsWithoutTiming) {
  EXPECT_EQ(run("--list --op linear --op sgd --direction forward --direction step --batch 2"), 0);

  const auto lines = lines_of(out_);
  ASSERT_EQ(lines.size(), 4u);
  EXPECT_EQ(lines[1], "linear/forward/f32/n2_in256_out10  12408 bytes  10260 operations");
  EXPECT_EQ(lines[2], "sgd/step/f32/n2048/lr0.1  24576 bytes  4096 operations");
}

TEST_F(Bench, RefusesInOneLine) {
  EXPECT_EQ(run("--op relu --direction step"), 4);
  EXPECT_EQ(err_, "plumbline bench: no call of relu has the direction step\n");
  const std::pair<const char*, const char*> refusals[] = {
      {"--op rely", "op 'rely' is unknown; nearest: 'relu'"},
      {"--direction sideways", "direction 'sideways'; allowed: "},
      {"--dtype f33", "f33"},
      {"--dtype i64", "does not take i64"},
      {"--batch 0", "Value 0 not in range"},
      {"--batch 1,many", "many"},
      {"--rounds 0", "Value 0 not in range"},
      {"--peer numpy", "numpy"},
      {"--speed 3", "--speed"}};
  for (const auto& [words, expected] : refusals) {
    EXPECT_EQ(run(words), -1) << words;
    EXPECT_NE(err_.find(expected), std::string::npos) << err_;
    EXPECT_EQ(lines_of(err_).size(), 1u) << err_;
  }
}

TEST(Plan, HasEveryOpWithItsBatchesAscending) {
  const auto planned = plan({{}, {}, {"f32", "f16"}, {4, 1, 4}});

  for (const golden::Op& op : golden::ops())
    for (const std::string& direction : op.directions)
      EXPECT_TRUE(std::any_of(planned.begin(), planned.end(),
                              [&](const Planned& p) {
                                return p.bench.id.rfind(op.name + "/" + direction + "/f16/", 0) ==
                                       0;
                              }))
          << op.name << " " << direction;
  for (std::size_t i = 0; i < planned.size(); i += 2) {
    EXPECT_EQ(planned[i].batch, 1);
    EXPECT_EQ(planned[i + 1].batch, 4);
    EXPECT_GT(planned[i + 1].bench.flops, planned[i].bench.flops);
    EXPECT_GT(planned[i + 1].bench.bytes, planned[i].bench.bytes);
  }
}

DeviceLimits limits() { return {MoveTime({{1000, 1e-6}}), 10, 5, 2e-6}; }  // 1 GB/s

TEST(Floors, NameTheSlowestLimit) {
  EXPECT_STREQ(floors_of(limits(), Dtype::f32, 4000, 10, 1).limit(), "bytes");
  EXPECT_DOUBLE_EQ(floors_of(limits(), Dtype::f32, 4000, 10, 1).seconds(), 4e-6);
  EXPECT_STREQ(floors_of(limits(), Dtype::f16, 10, 30000, 1).limit(), "flops");
  EXPECT_DOUBLE_EQ(floors_of(limits(), Dtype::f16, 10, 30000, 1).seconds(), 3e-6);
  EXPECT_DOUBLE_EQ(floors_of(limits(), Dtype::f64, 10, 30000, 1).seconds(), 6e-6);
  EXPECT_STREQ(floors_of(limits(), Dtype::f32, 10, 10, 3).limit(), "launch");
  EXPECT_DOUBLE_EQ(floors_of(limits(), Dtype::f32, 10, 10, 3).seconds(), 6e-6);
}

// The kernels that measure a GPU, on the virtual one.
TEST(DeviceLimits, AreMeasuredByKernelsToo) {
  const DeviceLimits measured = measure_limits(/*is_virtual=*/false, 1);

  EXPECT_GT(measured.gflops_f32, 0);
  EXPECT_GT(measured.gflops_f64, 0);
  EXPECT_GT(measured.launch_seconds, 0);
  ASSERT_EQ(measured.move.points().size(), 8u);
  for (const auto& [bytes, seconds] : measured.move.points()) EXPECT_GT(seconds, 0) << bytes;
}

OpRow row() {
  OpRow out;
  out.id = golden::parse_case_id("linear/forward/f32/n2_in3_out4/nobias");
  out.batch = 2;
  out.device = "cuda:0";
  out.bytes = 4000;
  out.flops = 8000;
  out.verdict = "PASS";
  out.seconds = {1e-6, 2e-6, 4e-6};
  out.floors = {1e-6, 1e-7, 1e-8};
  return out;
}

TEST(OpRow, ComputesRatesFromTheMedian) {
  const nlohmann::ordered_json fields = to_json(row());

  EXPECT_DOUBLE_EQ(fields.at("gb_per_s"), 2);
  EXPECT_DOUBLE_EQ(fields.at("gflops"), 4);
  EXPECT_DOUBLE_EQ(fields.at("share_of_limit"), 0.5);
  EXPECT_EQ(fields.at("limited_by"), "bytes");
  EXPECT_EQ(fields.at("shape"), "n2_in3_out4/nobias");
  EXPECT_EQ(fields.at("kind"), "GPU");
  EXPECT_TRUE(fields.at("launches").is_null()) << "a GPU counts none";
  EXPECT_TRUE(fields.at("time_ratio_to_libtorch").at("median").is_null());
}

TEST(OpRow, QuotesWhatACsvFieldCannotHold) {
  const std::string text = csv_of({row(), row()}, {{"machine", "a \"b\", c"}, {"cores", 2}});

  const auto lines = lines_of(text);
  ASSERT_EQ(lines.size(), 3u);
  EXPECT_TRUE(lines[0].ends_with(",run_machine,run_cores\r")) << lines[0];
  EXPECT_TRUE(lines[1].ends_with(",\"a \"\"b\"\", c\",2\r")) << lines[1];
  EXPECT_EQ(lines[1], lines[2]);
}

}  // namespace
}  // namespace plumb::bench
