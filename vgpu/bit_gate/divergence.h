// divergence.h - what one thread computes where lanes go ways of their own: one source for the
// kernels and for the host.
#pragma once

#ifdef __CUDACC__
#define GATE_BOTH __host__ __device__
#else
#define GATE_BOTH
#endif

namespace vgpu::gate {

using Word = unsigned;

GATE_BOTH inline Word mixed(Word x) {
  x ^= x >> 15;
  x *= 0x2c1b3c6du;
  x ^= x >> 12;
  return x * 0x297a2d39u;
}

GATE_BOTH inline Word nested_branches(Word x) {
  Word out = x;
  if (x & 1) {
    if (x & 2) {
      out = x & 4 ? out * 3 + 1 : out ^ 0x55u;
      if (out % 5 == 0) out += 7;
    } else {
      out = x & 8 ? out - 11 : out + (out >> 3);
    }
    out = mixed(out);
  } else if (x % 3 == 0 || (x % 7 == 2 && x & 16)) {
    out = out / (x % 9 + 1);
  }
  return out ^ (out << 1);
}

/// A trip count for each lane, with continue and break.
GATE_BOTH inline Word loop_with_exits(Word x) {
  Word sum = 0;
  for (Word i = 0; i < x % 37; ++i) {
    const Word step = mixed(x + i);
    if (step % 5 == 0) continue;
    if (step % 29 == 3) break;
    for (Word k = step % 4; k > 0; --k) sum = sum * 31 + k;
    sum += step;
  }
  return sum;
}

GATE_BOTH inline Word early_return(Word x) {
  for (Word i = 1; i < 50; ++i) {
    x = mixed(x + i);
    if (x % 17 == 0) return x + i;
    if (i > 20 && x % 3 == 0) return i;
  }
  return x;
}

GATE_BOTH inline Word many_cases(Word x) {
  Word out = 0;
  for (int round = 0; round < 3; ++round) {
    switch ((x >> (4 * round)) % 12) {
      case 0:
        out += 5;
        break;
      case 1:
        out = mixed(out + x);
        break;
      case 2:
        out ^= x;
        [[fallthrough]];
      case 3:
        out *= 3;
        break;
      case 4:
        out -= round;
        break;
      case 5:
        out = out << 3 | out >> 29;
        break;
      case 6:
        out = x / (out % 13 + 1);
        break;
      case 7:
        out += loop_with_exits(x + round);
        break;
      case 8:
        return out + 1000;
      case 9:
        out = ~out;
        break;
      case 10:
        out |= 0x100u;
        break;
      default:
        out += x;
        break;
    }
  }
  return out;
}

/// Jumps into and out of what is no loop of the language.
GATE_BOTH inline Word state_machine(Word x) {
  Word steps = 0;
start:
  if (++steps > 40) return x;
  x = mixed(x);
  if (x % 4 == 0) goto start;
  if (x % 4 == 1) {
    x += steps;
    goto middle;
  }
  do {
    x = x / 3 + 1;
  middle:
    if (x % 11 == 0) goto start;
  } while (x > 1000 + steps * 100000);
  return x ^ steps;
}

GATE_BOTH inline Word ackermann(Word m, Word n) {
  if (m == 0) return n + 1;
  if (n == 0) return ackermann(m - 1, 1);
  return ackermann(m - 1, ackermann(m, n - 1));
}

}  // namespace vgpu::gate
