// Checks itself, takes its size from the Makefile, and is built of two files.
#include <cstdio>
#include <cstdlib>

#include "doubled.h"

__global__ void twice(const int* x, int* y, int count) {
  const int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i < count) y[i] = kFactor * x[i];
}

int main(int argc, char** argv) {
  const int count = argc > 1 ? std::atoi(argv[1]) : 0;
  int *x = nullptr, *y = nullptr;  // [count]
  cudaMallocManaged(&x, count * sizeof(int));
  cudaMallocManaged(&y, count * sizeof(int));
  for (int i = 0; i < count; ++i) x[i] = i;
  twice<<<count / 256 + 1, 256>>>(x, y, count);
  cudaDeviceSynchronize();
  const bool good = count > 0 && equal_to_doubled(x, y, count);
  std::printf("%d elements: 0 errors, %s\n", count, good ? "PASS" : "FAIL");
  return good ? 0 : 1;
}
