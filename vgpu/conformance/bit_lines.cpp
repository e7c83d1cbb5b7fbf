// bit_lines.cpp - what the bit instructions compute, one bit at a time where that is plainest.
#include "vgpu/conformance/line.h"

namespace vgpu::conformance {
namespace {

template <class T>
constexpr int kBits = 8 * sizeof(T);

template <class T>
bool bit(T value, int at) {
  return (value >> at & 1) != 0;
}

template <class T>
void logic(Lines& out, const std::string& t) {
  out.add("and." + t, [](T a, T b) { return static_cast<T>(a & b); });
  out.add("or." + t, [](T a, T b) { return static_cast<T>(a | b); });
  out.add("xor." + t, [](T a, T b) { return static_cast<T>(a ^ b); });
  out.add("not." + t, [](T a) { return static_cast<T>(~a); });
  out.add("cnot." + t, [](T a) { return static_cast<T>(a == 0); });
}

template <class T>
void left_shift(Lines& out, const std::string& t) {
  out.add("shl." + t,
          [](T a, u32 n) { return n >= kBits<T> ? T{0} : static_cast<T>(u64{a} << n); });
}

template <class T>
void right_shift(Lines& out, const std::string& t) {
  out.add("shr." + t, [](T a, u32 n) { return wrap<T>(I{a} >> (n > 64 ? 64 : n)); });
}

template <class T>
void counts(Lines& out, const std::string& t) {
  out.add("popc." + t, [](T a) {
    u32 n = 0;
    for (int i = 0; i < kBits<T>; ++i) n += bit(a, i);
    return n;
  });
  out.add("clz." + t, [](T a) {
    u32 n = 0;
    for (int i = kBits<T> - 1; i >= 0 && !bit(a, i); --i) ++n;
    return n;
  });
  out.add("brev." + t, [](T a) {
    T r = 0;
    for (int i = 0; i < kBits<T>; ++i)
      r = static_cast<T>(r | static_cast<T>(bit(a, i)) << (kBits<T> - 1 - i));
    return r;
  });
  out.add("bfi." + t, [](T field, T into, u32 pos, u32 len) {
    for (u32 i = 0; i < (len & 255) && (pos & 255) + i < kBits<T>; ++i) {
      const T here = T{1} << ((pos & 255) + i);
      into = (into & ~here) | (bit(field, static_cast<int>(i)) ? here : 0);
    }
    return into;
  });
}

template <class T>
u32 highest_unlike_sign(T a) {
  const bool sign = std::is_signed_v<T> && a < 0;
  for (int i = kBits<T> - 1; i >= 0; --i)
    if (bit(a, i) != sign) return static_cast<u32>(i);
  return ~0u;
}

template <class T>
void fields(Lines& out, const std::string& t) {
  out.add("bfind." + t, [](T a) { return highest_unlike_sign(a); });
  out.add("bfind.shiftamt." + t, [](T a) {
    const u32 at = highest_unlike_sign(a);
    return at == ~0u ? at : kBits<T> - 1 - at;
  });
  // The rule of the instruction's definition, a bit at a time.
  out.add("bfe." + t, [](T a, u32 b, u32 c) {
    const int pos = b & 255, len = c & 255, top = kBits<T> - 1;
    const bool sign =
        std::is_signed_v<T> && len != 0 && bit(a, pos + len - 1 < top ? pos + len - 1 : top);
    u64 r = 0;
    for (int i = 0; i <= top; ++i) {
      const bool here = i < len && pos + i <= top ? bit(a, pos + i) : sign;
      r |= u64{here} << i;
    }
    return static_cast<T>(r);
  });
}

void funnels(Lines& out) {
  const auto pair = [](u32 low, u32 high) { return u64{high} << 32 | low; };
  out.add("shf.l.wrap.b32",
          [=](u32 a, u32 b, u32 c) { return static_cast<u32>(pair(a, b) << (c & 31) >> 32); });
  out.add("shf.r.wrap.b32",
          [=](u32 a, u32 b, u32 c) { return static_cast<u32>(pair(a, b) >> (c & 31)); });
  out.add("shf.l.clamp.b32", [=](u32 a, u32 b, u32 c) {
    return c >= 32 ? a : static_cast<u32>(pair(a, b) << c >> 32);
  });
  out.add("shf.r.clamp.b32",
          [=](u32 a, u32 b, u32 c) { return c >= 32 ? b : static_cast<u32>(pair(a, b) >> c); });
}

u32 selected_byte(u32 a, u32 b, u32 selector) {
  const u32 byte = (selector & 4 ? b : a) >> 8 * (selector & 3) & 255;
  return selector & 8 ? (byte & 128 ? 255 : 0) : byte;
}

void permutes(Lines& out) {
  out.add("prmt.b32", [](u32 a, u32 b, u32 c) {
    u32 r = 0;
    for (u32 i = 0; i < 4; ++i) r |= selected_byte(a, b, c >> 4 * i & 15) << 8 * i;
    return r;
  });
  struct Mode {
    const char* name;
    u32 (*source)(u32 i, u32 c);
  };  // of result byte i among the eight of b:a
  static constexpr Mode kModes[] = {{"f4e", [](u32 i, u32 c) { return c + i; }},
                                    {"b4e", [](u32 i, u32 c) { return (c - i) & 7; }},
                                    {"rc8", [](u32, u32 c) { return c; }},
                                    {"ecl", [](u32 i, u32 c) { return i < c ? c : i; }},
                                    {"ecr", [](u32 i, u32 c) { return i < c ? i : c; }},
                                    {"rc16", [](u32 i, u32 c) { return (c & 1) * 2 + (i & 1); }}};
  for (const Mode& mode : kModes)
    out.add(std::string("prmt.b32.") + mode.name, [mode](u32 a, u32 b, u32 c) {
      u32 r = 0;
      for (u32 i = 0; i < 4; ++i) r |= selected_byte(a, b, mode.source(i, c & 3)) << 8 * i;
      return r;
    });
}

void tables(Lines& out) {
  for (const u32 table :
       {0x00u, 0x01u, 0x80u, 0x96u, 0xe8u, 0xcau, 0x1eu, 0xf8u, 0xffu, 0x3cu, 0x40u})
    out.add("lop3.b32",
            [table](u32 a, u32 b, u32 c) {
              u32 r = 0;
              for (int i = 0; i < 32; ++i) {
                const u32 row = u32{bit(a, i)} << 2 | u32{bit(b, i)} << 1 | u32{bit(c, i)};
                r |= (table >> row & 1) << i;
              }
              return r;
            })
        .as("%d, %a, %b, %c, " + std::to_string(table));
  const auto masked = [](u32 pos, u32 len) {
    u32 r = 0;
    for (u64 i = pos; i < u64{pos} + len && i < 32; ++i) r |= 1u << i;
    return r;
  };
  out.add("bmsk.clamp.b32", masked);
  out.add("bmsk.wrap.b32", [=](u32 pos, u32 len) { return masked(pos & 31, len & 31); });
  out.add("szext.clamp.u32",
          [](u32 a, u32 n) { return n >= 32 ? a : static_cast<u32>(a & ((u64{1} << n) - 1)); });
  out.add("szext.wrap.u32",
          [](u32 a, u32 n) { return static_cast<u32>(a & ((u64{1} << (n & 31)) - 1)); });
  const auto extended = [](s32 a, u32 n) {
    if (n == 0) return 0;
    return n >= 32 ? a : static_cast<s32>(static_cast<u32>(a) << (32 - n)) >> (32 - n);
  };
  out.add("szext.clamp.s32", extended);
  out.add("szext.wrap.s32", [=](s32 a, u32 n) { return extended(a, n & 31); });
  // fns: the n-th set bit from a base upwards, downwards for negative n, the base's own bit for 0.
  out.add("fns.b32", [](u32 mask, u32 base, s32 n) {
    if (base > 31) return ~0u;
    if (n == 0) return bit(mask, static_cast<int>(base)) ? base : ~0u;
    int left = n > 0 ? n - 1 : -n - 1;
    for (int at = static_cast<int>(base); at >= 0 && at<32; at += n> 0 ? 1 : -1)
      if (bit(mask, at) && left-- == 0) return static_cast<u32>(at);
    return ~0u;
  });
}

}  // namespace

Lines bit_lines() {
  Lines out;
  logic<u16>(out, "b16");
  logic<u32>(out, "b32");
  logic<u64>(out, "b64");
  out.add("and.pred", [](bool a, bool b) { return a && b; });
  out.add("or.pred", [](bool a, bool b) { return a || b; });
  out.add("xor.pred", [](bool a, bool b) { return a != b; });
  out.add("not.pred", [](bool a) { return !a; });
  left_shift<u16>(out, "b16");
  left_shift<u32>(out, "b32");
  left_shift<u64>(out, "b64");
  right_shift<u16>(out, "b16");
  right_shift<u32>(out, "b32");
  right_shift<u64>(out, "b64");
  right_shift<u16>(out, "u16");
  right_shift<u32>(out, "u32");
  right_shift<u64>(out, "u64");
  right_shift<s16>(out, "s16");
  right_shift<s32>(out, "s32");
  right_shift<s64>(out, "s64");
  counts<u32>(out, "b32");
  counts<u64>(out, "b64");
  fields<u32>(out, "u32");
  fields<s32>(out, "s32");
  fields<u64>(out, "u64");
  fields<s64>(out, "s64");
  funnels(out);
  permutes(out);
  tables(out);
  return out;
}

}  // namespace vgpu::conformance
