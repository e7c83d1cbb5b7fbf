// A program of two objects built with -rdc=true: a kernel calls and reads what linked_part.cu
// defines. Exit 0: the numbers were right.
#include <cuda_runtime.h>

#include <cstdio>

extern __device__ int shared_number;
extern __device__ int twice(int x);
int run_part(int* out);

static __device__ int hidden = 1000;

__global__ void whole_kernel(int* out) { *out = twice(*out) + shared_number + hidden; }

int main() {
  int *out = nullptr, nine = 9;
  cudaMallocManaged(&out, sizeof *out);
  *out = 5;
  cudaMemcpyToSymbol(shared_number, &nine, sizeof nine);
  whole_kernel<<<1, 1>>>(out);
  cudaDeviceSynchronize();
  const int whole = *out, part = run_part(out);
  std::printf("linked: %d %d (%s)\n", whole, part, cudaGetErrorName(cudaGetLastError()));
  return whole == 1019 && part == 2047 ? 0 : 1;
}
