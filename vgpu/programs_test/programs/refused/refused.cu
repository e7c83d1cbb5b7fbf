// Holds an instruction that no machine has.
#include <cstdio>

__global__ void unknown(unsigned* y) {
  unsigned value = 0;
  asm("frobnicate.u32 %0, 1;" : "=r"(value));
  *y = value;
}

int main() {
  unsigned* y = nullptr;
  cudaMallocManaged(&y, sizeof(unsigned));
  unknown<<<1, 1>>>(y);
  if (cudaDeviceSynchronize() != cudaSuccess || *y != 1) std::printf("FAIL\n");
}
