#include "vgpu/conformance/values.h"

#include <array>
#include <map>

namespace vgpu::conformance {
namespace {

u64 mask_of(int bits) { return bits == 64 ? ~u64{0} : (u64{1} << bits) - 1; }

std::vector<u64> integer_edges(int bits) {
  std::vector<u64> out;
  for (u64 small :
       {0, 1, 2, 3, 5, 7, 8, 10, 15, 16, 17, 24, 31, 32, 33, 63, 64, 65, 127, 128, 255, 256, 1000})
    out.push_back(small);
  for (int at : {7, 8, 15, 16, 23, 24, 31, 32, 52, 53, 62, 63})
    if (at < bits)
      for (u64 near : {u64{0}, u64{1}, ~u64{0}}) out.push_back((u64{1} << at) + near);
  const std::size_t half = out.size();
  for (std::size_t i = 0; i < half; ++i) out.push_back(~out[i] + 1);
  for (u64 pattern : {0x5555555555555555u, 0xaaaaaaaaaaaaaaaau, 0x0123456789abcdefu})
    out.push_back(pattern);
  for (u64& value : out) value &= mask_of(bits);
  return out;
}

/// Zeros, subnormals, the ends of the range, integers and halves around every rounding and
/// conversion boundary, NaN.
std::vector<u64> float_edges(Format f) {
  const u64 sign = u64{1} << (f.bits - 1);
  const u64 infinity = encode(decode(sign - 1, f) == 0 ? Quad{0} : Quad{1} / Quad{0}, f);
  const u64 one = encode(1, f), least_normal = u64{1} << (f.significand - 1);
  std::vector<u64> out = {0,
                          1,
                          2,
                          3,
                          least_normal - 1,
                          least_normal,
                          least_normal + 1,
                          least_normal / 2,
                          infinity - 1,
                          infinity - 2,
                          infinity,
                          infinity + 1,
                          infinity | least_normal / 2,
                          sign - 1,
                          one,
                          one - 1,
                          one + 1,
                          one - 2,
                          one + 2};
  for (double value : {0.5,
                       1.5,
                       2.0,
                       2.5,
                       3.0,
                       3.5,
                       0.1,
                       0.25,
                       0.75,
                       1.0 / 3,
                       3.14159265358979,
                       6.2831853,
                       10.0,
                       100.5,
                       127.0,
                       127.5,
                       128.0,
                       128.5,
                       255.0,
                       255.5,
                       256.0,
                       32767.0,
                       32767.5,
                       32768.0,
                       65504.0,
                       65519.0,
                       65520.0,
                       65535.0,
                       65535.5,
                       65536.0,
                       8388607.5,
                       8388608.5,
                       16777216.0,
                       16777217.0,
                       2147483520.0,
                       2147483647.0,
                       2147483647.5,
                       2147483648.0,
                       2147483649.0,
                       4294967040.0,
                       4294967295.0,
                       4294967295.5,
                       4294967296.0,
                       9007199254740993.0,
                       9223372036854774784.0,
                       9223372036854775808.0,
                       18446744073709549568.0,
                       18446744073709551616.0,
                       5.9604644775390625e-8,
                       2.98023223876953125e-8,
                       6.103515625e-5,
                       1.1754943508222875e-38,
                       1.401298464324817e-45,
                       7.006492321624085e-46,
                       3.4028235e38,
                       3.4028235677973366e38,
                       1e-20,
                       1e20})
    out.push_back(encode(static_cast<Quad>(value), f));
  const std::size_t half = out.size();
  for (std::size_t i = 0; i < half; ++i) out.push_back(out[i] | sign);
  return out;
}

std::vector<u64> packed(const std::vector<u64>& halves, int bits) {
  std::vector<u64> out;
  for (std::size_t i = 0; i < halves.size(); ++i)
    out.push_back(halves[i] | halves[(7 * i + 3) % halves.size()] << bits);
  return out;
}

std::vector<u64> make_edges(ValueType type) {
  switch (type.kind) {
    case Kind::predicate:
      return {0, 1};
    case Kind::integer:
      return integer_edges(type.bits);
    case Kind::f16:
      return float_edges(kF16);
    case Kind::bf16:
      return float_edges(kBf16);
    case Kind::f16x2:
      return packed(float_edges(kF16), 16);
    case Kind::bf16x2:
      return packed(float_edges(kBf16), 16);
    case Kind::f32:
      return float_edges(kF32);
    case Kind::f32x2:
      return packed(float_edges(kF32), 32);
    case Kind::f64:
      return float_edges(kF64);
  }
  return {};
}

/// A float whose exponent lies near zero, so that sums and products stay in range.
u64 moderate(Format f, Random& random) {
  const u64 one = encode(1, f), unit = u64{1} << (f.significand - 1);
  const u64 exponent = random() % 9;
  const u64 fraction = random() % unit;
  return ((one & ~(unit - 1)) + (exponent - 4) * unit + fraction) | (random() & 1) << (f.bits - 1);
}

u64 moderate(ValueType type, Random& random) {
  switch (type.kind) {
    case Kind::f16:
      return moderate(kF16, random);
    case Kind::bf16:
      return moderate(kBf16, random);
    case Kind::f16x2:
      return moderate(kF16, random) | moderate(kF16, random) << 16;
    case Kind::bf16x2:
      return moderate(kBf16, random) | moderate(kBf16, random) << 16;
    case Kind::f32:
      return moderate(kF32, random);
    case Kind::f32x2:
      return moderate(kF32, random) | moderate(kF32, random) << 32;
    case Kind::f64:
      return moderate(kF64, random);
    default:
      return random() % 100;
  }
}

}  // namespace

const std::vector<u64>& edges(ValueType type) {
  static std::map<std::pair<Kind, int>, std::vector<u64>> known;
  auto [found, fresh] = known.try_emplace({type.kind, type.bits});
  if (fresh) found->second = make_edges(type);
  return found->second;
}

u64 any_value(ValueType type, Random& random) {
  switch (random() % 4) {
    case 0:
      return edges(type)[random() % edges(type).size()];
    case 1:
      return moderate(type, random) & mask_of(type.bits);
    default:
      return random() & mask_of(type.bits);
  }
}

std::vector<Tuple> tuples(const std::vector<ValueType>& types, int count, u64 seed) {
  Random random(seed);
  std::vector<Tuple> out(static_cast<std::size_t>(count));
  const std::size_t arity = types.size();
  std::size_t combinations = 1;
  for (ValueType type : types) combinations *= edges(type).size();
  const std::size_t some = out.size() * 5 / 8;
  for (std::size_t t = 0; t < out.size(); ++t) {
    // Every combination of edges where they fit, a sample of them otherwise.
    std::size_t which = combinations <= some ? t : random() % combinations;
    const bool of_edges = combinations <= some ? t < combinations : t < some;
    for (std::size_t k = 0; k < arity; ++k) {
      const auto& list = edges(types[k]);
      out[t].in[k] = of_edges ? list[which % list.size()] : any_value(types[k], random);
      which /= list.size();
    }
    if (of_edges || arity < 2 || random() % 4 != 0) continue;
    const std::size_t from = random() % arity, to = random() % arity;
    if (types[from].kind != types[to].kind || types[from].bits != types[to].bits) continue;
    static constexpr std::array<int, 4> kSteps{0, 0, 1, -1};
    out[t].in[to] =
        (out[t].in[from] + static_cast<u64>(kSteps[random() % 4])) & mask_of(types[to].bits);
    if (random() & 1) out[t].in[to] ^= u64{1} << (types[to].bits - 1);
  }
  return out;
}

}  // namespace vgpu::conformance
