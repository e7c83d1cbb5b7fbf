#include "vgpu/conformance/runner.h"

#include <cstdio>

#include "vgpu/conformance/kernel_text.h"
#include "vgpu/machine/machine.h"

namespace vgpu::conformance {
namespace {

constexpr int kWarp = 32;
constexpr int kTuples = 128 * kWarp;
constexpr int kParameterCases = 24;
constexpr int kShownCases = 3;

Format format_of(Kind kind) {
  switch (kind) {
    case Kind::f16:
    case Kind::f16x2:
      return kF16;
    case Kind::bf16:
    case Kind::bf16x2:
      return kBf16;
    case Kind::f64:
      return kF64;
    default:
      return kF32;
  }
}

/// Floats in the order of their values, as integers.
s64 ordinal(u64 bits, Format f) {
  const u64 sign = u64{1} << (f.bits - 1);
  const s64 magnitude = static_cast<s64>(bits & (sign - 1));
  return bits & sign ? -magnitude : magnitude;
}

bool float_agrees(u64 got, u64 want, Format f, int ulps) {
  if (got == want) return true;
  const bool nan_got = is_nan(decode(got, f)), nan_want = is_nan(decode(want, f));
  if (nan_got || nan_want) return nan_got && nan_want;
  if (ulps == 0) return false;
  const s64 distance = ordinal(got, f) - ordinal(want, f);
  return distance <= ulps && -distance <= ulps;
}

std::string hex(u64 value) {
  char text[24];
  std::snprintf(text, sizeof text, "%llx", static_cast<unsigned long long>(value));
  return text;
}

/// Collects what differs.
class Verdict {
 public:
  explicit Verdict(const Line& line) : line_(line) {}

  void compare(const std::string& where, const Tuple& tuple, const u64* got, const u64* want) {
    for (std::size_t k = 0; k < line_.results.size(); ++k) {
      const u64 mask =
          line_.results[k].kind == Kind::predicate ? ~u32{0} : mask_of(line_.results[k].bits);
      if (agrees(line_.results[k], got[k] & mask, want[k] & mask, line_.ulps)) continue;
      if (++count_ > kShownCases) continue;
      text_ += "  " + where + ": inputs";
      for (std::size_t i = 0; i < line_.sources.size(); ++i) text_ += " " + hex(tuple.in[i]);
      text_ += ", result " + std::to_string(k) + " is " + hex(got[k] & mask) + ", want " +
               hex(want[k] & mask) + "\n";
    }
  }
  void untouched(const std::string& where, const u64* got) {
    if (got[0] == kUntouched && got[1] == kUntouched) return;
    if (++count_ <= kShownCases)
      text_ += "  " + where + ": an inactive lane wrote " + hex(got[0]) + "\n";
  }
  std::string text() const {
    if (count_ == 0) return {};
    return "'" + line_.text + "': " + std::to_string(count_) + " results differ\n" + text_;
  }

 private:
  static u64 mask_of(int bits) { return bits == 64 ? ~u64{0} : (u64{1} << bits) - 1; }

  const Line& line_;
  long count_ = 0;
  std::string text_;
};

const char* name_of(Section::Form form) {
  switch (form) {
    case Section::Form::plain:
      return "registers";
    case Section::Form::guarded:
      return "guarded";
    case Section::Form::in_place:
      return "in place";
    case Section::Form::literal:
      return "literal";
  }
  return "";
}

u64 initial_of(ValueType type) { return type.kind == Kind::predicate ? 0 : kUntouched; }

class LaneRun {
 public:
  LaneRun(const Line& line, LoadedModule& module, Verdict& verdict)
      : line_(line),
        sections_(sections_of(line)),
        kernel_(module.kernel("lanes")),
        verdict_(verdict),
        tuples_(tuples(line.sources, kTuples, std::hash<std::string>()(line.text))) {}

  void run(u32 mask, u32 guard, int count) {
    struct {
      const void* in;
      void* out;
      u32 mask, guard, count;
    } parameters{};
    std::vector<u64> out(sections_.size() * static_cast<std::size_t>(count) * 2, kUntouched);
    parameters = {tuples_.data(), out.data(), mask, guard, static_cast<u32>(count)};
    launch({kernel_, {static_cast<u32>(count / kWarp)}, {kWarp}, 0, &parameters, false},
           profile("b200"));
    for (std::size_t s = 0; s < sections_.size(); ++s)
      for (int t = 0; t < count; ++t)
        judge(sections_[s], mask, guard, t,
              &out[(s * static_cast<std::size_t>(count) + static_cast<std::size_t>(t)) * 2]);
  }

 private:
  void judge(const Section& section, u32 mask, u32 guard, int t, const u64* got) {
    const u32 lane = static_cast<u32>(t % kWarp);
    const std::string where = std::string(name_of(section.form)) + ", mask " + hex(mask) +
                              ", lane " + std::to_string(lane);
    if ((mask >> lane & 1) == 0) return verdict_.untouched(where, got);
    Tuple tuple = tuples_[static_cast<std::size_t>(t)];
    if (section.form == Section::Form::literal) tuple.in[section.literal_operand] = section.literal;
    u64 want[2] = {};
    if (section.form == Section::Form::guarded && (guard >> lane & 1) == 0) {
      for (std::size_t k = 0; k < line_.results.size(); ++k) want[k] = initial_of(line_.results[k]);
    } else {
      line_.reference(tuple.in, want);
    }
    verdict_.compare(where, tuple, got, want);
  }

  const Line& line_;
  std::vector<Section> sections_;
  Kernel* kernel_;
  Verdict& verdict_;
  std::vector<Tuple> tuples_;
};

void run_parameters(const Line& line, LoadedModule& module, Verdict& verdict) {
  const std::vector<int> affine = affine_operands(line);
  for (const Tuple& given :
       tuples(line.sources, kParameterCases, std::hash<std::string>()(line.opcode) + 1)) {
    std::vector<u64> out((affine.size() + 1) * kWarp * 2, kUntouched);
    struct {
      void* out;
      Tuple in;
    } parameters{out.data(), given};
    launch({module.kernel("same"), {1}, {kWarp}, 0, &parameters, false}, profile("b200"));
    for (std::size_t s = 0; s <= affine.size(); ++s) {
      for (u64 lane = 0; lane < kWarp; ++lane) {
        Tuple tuple = given;
        if (s > 0) tuple.in[affine[s - 1]] += kStride * lane;
        u64 want[2] = {};
        line.reference(tuple.in, want);
        verdict.compare(s == 0 ? "parameters" : "affine, lane " + std::to_string(lane), tuple,
                        &out[(s * kWarp + lane) * 2], want);
      }
    }
  }
}

}  // namespace

bool agrees(ValueType type, u64 got, u64 want, int ulps) {
  switch (type.kind) {
    case Kind::predicate:
    case Kind::integer:
      return got == want;
    case Kind::f16x2:
    case Kind::bf16x2:
      return float_agrees(got & 0xffff, want & 0xffff, format_of(type.kind), ulps) &&
             float_agrees(got >> 16, want >> 16, format_of(type.kind), ulps);
    case Kind::f32x2:
      return float_agrees(got & 0xffffffff, want & 0xffffffff, kF32, ulps) &&
             float_agrees(got >> 32, want >> 32, kF32, ulps);
    default:
      return float_agrees(got, want, format_of(type.kind), ulps);
  }
}

std::string mismatches(const Line& line) {
  Verdict verdict(line);
  try {
    const auto load = [](const std::string& text) {
      return LoadedModule::load(ptx::parse(text, "conformance"));
    };
    const auto lanes = load(lane_kernel(line, sections_of(line)));
    LaneRun run(line, *lanes, verdict);
    run.run(~0u, 0x5a5a1234u, kTuples);
    run.run(~0u, ~0u, kWarp);
    run.run(0x0ff0a5c3u, 0xa5a5f00fu, kTuples / 4);
    run.run(1u << 13, ~0u, kTuples / 16);
    if (!line.sources.empty()) run_parameters(line, *load(parameter_kernel(line)), verdict);
  } catch (const std::exception& refusal) {
    return "'" + line.text + "': " + refusal.what() + "\n";
  }
  return verdict.text();
}

}  // namespace vgpu::conformance
