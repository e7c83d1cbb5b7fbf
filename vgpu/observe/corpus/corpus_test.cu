// Every seeded bug is found, under its name; no repaired twin is reported.
#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>
#include <map>
#include <string>
#include <utility>

#include "vgpu/machine/machine.h"
#include "vgpu/observe/allowances.h"
#include "vgpu/observe/corpus/corpus.h"
#include "vgpu/observe/stream_order.h"

namespace vgpu::observe::corpus {
namespace {

std::vector<Seeded> all() {
  std::vector<Seeded> out;
  for (const auto& some : {memory_bugs(), host_bugs(), init_bugs(), shared_races(), global_races(),
                           barrier_bugs(), stream_bugs()})
    out.insert(out.end(), some.begin(), some.end());
  return out;
}

std::vector<Report> reports_of(const Seeded& seeded, bool fixed) {
  Checks& checks = settings().checks;
  const Checks before = std::exchange(checks, {});
  set_checks(checks, "the case", seeded.checks);
  Log::get().clear();
  seeded.run(fixed);
  cudaDeviceSynchronize();
  const std::vector<Report> out = Log::get().reports();
  cudaDeviceReset();  // what a deadlock or a wild access leaves behind
  checks = before;
  return out;
}

std::string text_of_all(const std::vector<Report>& reports) {
  std::string out;
  for (const Report& r : reports) out += text_of(r) + "\n";
  return out;
}

bool holds(const std::vector<Report>& reports, Kind kind) {
  for (const Report& r : reports)
    if (r.kind == kind && r.severity != Severity::info) return true;
  return false;
}

struct Tally {
  int seeded = 0, detected = 0, false_alarms = 0;
};
std::map<std::string, Tally>& tallies() {
  static std::map<std::string, Tally> all_of_them;
  return all_of_them;
}

class Corpus : public testing::TestWithParam<Seeded> {};

TEST_P(Corpus, BugIsFoundAndRepairIsNot) {
  const Seeded& seeded = GetParam();
  Tally& tally = tallies()[name_of(seeded.kind)];

  const std::vector<Report> bug = reports_of(seeded, false);
  const std::vector<Report> repair = reports_of(seeded, true);

  const bool found = holds(bug, seeded.kind);
  ++tally.seeded;
  tally.detected += found;
  tally.false_alarms += !repair.empty();
  EXPECT_TRUE(found) << seeded.hunts << ": want " << name_of(seeded.kind) << ", reported:\n"
                     << text_of_all(bug);
  EXPECT_TRUE(repair.empty()) << "the repaired twin:\n" << text_of_all(repair);
}

__global__ void churn(int* y) {
  for (int i = 0; i < 64; ++i) {
    auto* piece = static_cast<char*>(malloc(1 << 16));
    piece[threadIdx.x] = static_cast<char>(i);
    y[blockIdx.x * blockDim.x + threadIdx.x] = piece[threadIdx.x];
    free(piece);
  }
}

TEST(DeviceHeap, PiecesMayGoWhileTheLaunchRuns) {
  Log::get().clear();
  const Buffer<int> y(128);
  churn<<<2, 64>>>(y);  // 512 MiB in all, of which 64 MiB of freed pieces are kept

  EXPECT_EQ(cudaDeviceSynchronize(), cudaSuccess);
  EXPECT_TRUE(Log::get().reports().empty()) << text_of_all(Log::get().reports());
}

__global__ void put(int* at, int value) { *at = value; }

TEST(Streams, AreForgottenOnceTheHostWaitedForThem) {
  Log::get().clear();
  const Buffer<int> y(128);
  for (int i = 0; i < 1000; ++i) {
    cudaStream_t stream = nullptr;
    cudaStreamCreate(&stream);
    put<<<1, 1, 0, stream>>>(y, i);
    cudaStreamSynchronize(stream);
    cudaStreamDestroy(stream);
  }
  EXPECT_LE(StreamOrder::get().open_lines(), 2u);
  EXPECT_TRUE(Log::get().reports().empty()) << text_of_all(Log::get().reports());
}

TEST(OtherChecks, LeaveAccessesThatTheyDoNotLookFor) {
  Log::get().clear();
  Checks& checks = settings().checks;
  const Checks before = checks;
  checks = {};
  checks.race = checks.init = true;
  auto* const host = static_cast<int*>(std::calloc(1, sizeof(int)));
  put<<<1, 1>>>(host, 7);  // no memory of the device, and the check for that is off
  cudaDeviceSynchronize();
  checks = before;

  EXPECT_EQ(*host, 7);
  EXPECT_TRUE(Log::get().reports().empty()) << text_of_all(Log::get().reports());
  std::free(host);
}

__global__ void lanes_write_one_value(int* y) {
  __shared__ int sum;
  const int value = __reduce_add_sync(0xffffffffu, static_cast<int>(threadIdx.x));
  sum = value;
  __syncthreads();
  y[threadIdx.x] = sum;
}

TEST(SameValue, WrittenByAllLanesIsToldAsInformation) {
  Log::get().clear();
  const Buffer<int> y(32);
  lanes_write_one_value<<<1, 32>>>(y);
  cudaDeviceSynchronize();

  const std::vector<Report> reports = Log::get().reports();
  ASSERT_EQ(reports.size(), 1u) << text_of_all(reports);
  EXPECT_EQ(reports[0].kind, Kind::race_shared);
  EXPECT_EQ(reports[0].severity, Severity::info);
  EXPECT_EQ(Log::get().found(), 0u);
}

/// Lanes 0 to 2 write one value, lane 3 another.
__global__ void last_lane_differs(int* y) {
  __shared__ int sum;
  if (threadIdx.x < 4) sum = threadIdx.x == 3 ? y[0] + 1 : y[0];
  __syncthreads();
  y[threadIdx.x] = sum;
}

TEST(SameValue, HidesNoOtherValueOfTheSameLine) {
  Log::get().clear();
  const Buffer<int> y(32);
  last_lane_differs<<<1, 32>>>(y);
  cudaDeviceSynchronize();

  EXPECT_EQ(Log::get().found(), 1u) << text_of_all(Log::get().reports());
  EXPECT_EQ(Log::get().reports().size(), 2u);
}

/// One flag for all blocks; whoever writes last, it is the same.
__global__ void raise_flag(int* flag, int value) {
  // plumbline-allow: race-global: every block raises the same flag, none of them reads it
  *flag = value + static_cast<int>(blockIdx.x);
  // plumbline-allow: race-shared: nothing here is shared
  flag[1 + threadIdx.x + blockIdx.x] = value;
}

TEST(Allowed, FindingsAreToldWithTheirReasonAndDoNotCount) {
  Log::get().clear();
  Allowances::get().clear();
  const Buffer<int> flag(3);
  raise_flag<<<2, 1>>>(flag, 1);
  cudaDeviceSynchronize();

  int allowed = 0;
  for (const Report& r : Log::get().reports())
    allowed += r.allowed == "every block raises the same flag, none of them reads it";
  EXPECT_GE(allowed, 1) << text_of_all(Log::get().reports());
  EXPECT_EQ(Log::get().found(), 0u) << text_of_all(Log::get().reports());
  ASSERT_EQ(Allowances::get().unused().size(), 1u);
  EXPECT_NE(Allowances::get().unused()[0].find("plumbline-allow: race-shared: nothing was found"),
            std::string::npos);
}

INSTANTIATE_TEST_SUITE_P(Every, Corpus, testing::ValuesIn(all()),
                         [](const auto& info) { return std::string(info.param.name); });

class Checked : public testing::Environment {
 public:
  void SetUp() override { set_checks(settings().checks, "the test", "all"); }
  void TearDown() override {
    Tally sum;
    std::printf("%-20s %9s %9s\n", "kind", "detected", "alarms");
    const auto row = [](const std::string& name, const Tally& t) {
      std::printf("%-20s %4d/%-4d %4d/%-4d\n", name.c_str(), t.detected, t.seeded, t.false_alarms,
                  t.seeded);
    };
    for (const auto& [kind, tally] : tallies()) {
      row(kind, tally);
      sum.seeded += tally.seeded;
      sum.detected += tally.detected;
      sum.false_alarms += tally.false_alarms;
    }
    row("all", sum);
  }
};
const auto* const environment = testing::AddGlobalTestEnvironment(new Checked);

}  // namespace
}  // namespace vgpu::observe::corpus
