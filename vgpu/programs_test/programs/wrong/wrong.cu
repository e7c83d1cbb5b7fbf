// Fails its own check, and leaves with 0 all the same.
#include <cstdio>

__global__ void off_by_one(int* y) { y[threadIdx.x] = threadIdx.x + 1; }

int main() {
  int* y = nullptr;
  cudaMallocManaged(&y, 32 * sizeof(int));
  off_by_one<<<1, 32>>>(y);
  cudaDeviceSynchronize();
  for (int i = 0; i < 32; ++i) {
    if (y[i] != i) {
      std::printf("y[%d] is %d: mismatch\n", i, y[i]);
      return 0;
    }
  }
  std::printf("PASS\n");
}
