// The other object of linked_sample.cu.
#include <cuda_runtime.h>

__device__ int shared_number = 7;
__device__ int twice(int x) { return 2 * x; }

static __device__ int hidden = 2000;

__global__ void part_kernel(int* out) { *out = twice(19) + shared_number + hidden; }

int run_part(int* out) {
  part_kernel<<<1, 1>>>(out);
  cudaDeviceSynchronize();
  return *out;
}
