// Anybody's CUDA program, built with -cudart shared: knows nothing of the virtual GPU. Exit 0: the
// sum was right.
#include <cuda_runtime.h>

#include <cstdio>
#include <vector>

__constant__ int offset = 2;

__global__ void sum_kernel(const int* in, int* out, int n) {
  const int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i < n) atomicAdd(out, in[i] + offset);
}

int main() {
  const int n = 1000;
  std::vector<int> host(n, 3);
  int *in = nullptr, *out = nullptr, sum = 0;
  cudaMalloc(&in, n * sizeof(int));
  cudaMalloc(&out, sizeof(int));
  cudaMemcpy(in, host.data(), n * sizeof(int), cudaMemcpyHostToDevice);
  cudaMemset(out, 0, sizeof(int));
  sum_kernel<<<(n + 127) / 128, 128>>>(in, out, n);
  const cudaError_t code = cudaMemcpy(&sum, out, sizeof(int), cudaMemcpyDeviceToHost);
  cudaDeviceProp properties{};
  cudaGetDeviceProperties(&properties, 0);
  cudaIpcMemHandle_t handle{};
  const cudaError_t refused = cudaIpcGetMemHandle(&handle, in);
  std::printf("%s: sum %d (%s), sharing: %s\n", properties.name, sum, cudaGetErrorString(code),
              cudaGetErrorName(refused));
  cudaFree(in);
  cudaFree(out);
  return sum == n * 5 ? 0 : 1;
}
