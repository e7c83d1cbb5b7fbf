// A program of somebody else's, for plumbline exec.   exec_sample [sum | beyond | spin | wait |
// unasked | exit N]
#include <cuda_runtime.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>

__global__ void add(const float* x, float* total, int count) {
  const int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i < count) atomicAdd(total, x[i]);
}

__global__ void spin(volatile int* flag) {
  while (*flag == 0) {
  }
}

__global__ void fill(float* x) { x[blockIdx.x * blockDim.x + threadIdx.x] = 1; }

namespace {

int sum() {
  constexpr int kCount = 5000;
  float host[kCount], total = 0, *x = nullptr, *device_total = nullptr;
  for (float& value : host) value = 1;
  cudaMalloc(&x, sizeof host);
  cudaMalloc(&device_total, sizeof total);
  cudaMemcpy(x, host, sizeof host, cudaMemcpyHostToDevice);
  cudaMemset(device_total, 0, sizeof total);
  add<<<(kCount + 255) / 256, 256>>>(x, device_total, kCount);
  cudaMemcpy(&total, device_total, sizeof total, cudaMemcpyDeviceToHost);
  cudaDeviceProp properties;
  int devices = 0;
  cudaGetDeviceProperties(&properties, 0);
  cudaGetDeviceCount(&devices);
  std::printf("%s, %d devices: sum %g, %s\n", properties.name, devices, static_cast<double>(total),
              cudaGetErrorString(cudaGetLastError()));
  return 0;
}

int spin_forever() {
  int* flag = nullptr;
  cudaMalloc(&flag, sizeof *flag);
  cudaMemset(flag, 0, sizeof *flag);
  spin<<<1, 32>>>(flag);
  std::printf("%s\n", cudaGetErrorName(cudaDeviceSynchronize()));
  return 0;
}

/// Writes four elements beyond the last.
int write_beyond() {
  float* x = nullptr;
  cudaMalloc(&x, 60 * sizeof *x);
  fill<<<1, 64>>>(x);
  std::printf("%s\n", cudaGetErrorName(cudaDeviceSynchronize()));
  cudaFree(x);
  return 0;
}

int fail_unasked() {
  fill<<<1, 2048>>>(nullptr);
  std::printf("done\n");
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  const char* what = argc > 1 ? argv[1] : "sum";
  if (std::strcmp(what, "sum") == 0) return sum();
  if (std::strcmp(what, "beyond") == 0) return write_beyond();
  if (std::strcmp(what, "spin") == 0) return spin_forever();
  if (std::strcmp(what, "unasked") == 0) return fail_unasked();
  if (std::strcmp(what, "exit") == 0) return argc > 2 ? std::atoi(argv[2]) : 0;
  std::printf("ready\n");
  std::fflush(stdout);
  sleep(60);
  return 0;
}
