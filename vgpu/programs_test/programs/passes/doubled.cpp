#include "doubled.h"

bool equal_to_doubled(const int* x, const int* y, int count) {
  for (int i = 0; i < count; ++i) {
    if (y[i] != 2 * x[i]) return false;
  }
  return true;
}
