// Addresses that are not the kernel's: out of bounds, misaligned, freed, foreign.
#include <cuda_fp16.h>
#include <mma.h>

#include <cstdlib>

#include "vgpu/observe/corpus/corpus.h"

namespace vgpu::observe::corpus {
namespace {

template <bool kFixed>
__global__ void scale(float* x, int n) {
  const int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (!kFixed || i < n) x[i] = 2.f * static_cast<float>(i);
}

void no_bound_check(bool fixed) {
  const Buffer<float> x(1000);
  PLUMB_TWINS(scale, fixed, 4, 256, 0, x, 1000);
}

template <bool kFixed>
__global__ void differences(const float* x, float* y, int n) {
  const int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i < (kFixed ? n - 1 : n)) y[i] = x[i + 1] - x[i];
}

void one_too_many(bool fixed) {
  const Buffer<float> x(512), y(512);
  PLUMB_TWINS(differences, fixed, 2, 256, 0, x, y, 512);
}

template <bool kFixed>
__global__ void left_neighbour(const float* x, float* y) {
  const int i = threadIdx.x;
  y[i] = kFixed && i == 0 ? 0.f : x[i - 1];
}

void before_the_start(bool fixed) {
  const Buffer<float> x(64), y(64);
  PLUMB_TWINS(left_neighbour, fixed, 1, 64, 0, x, y);
}

template <bool kFixed>
__global__ void copy_by_fours(const float* x, float* y, int n) {
  const int i = threadIdx.x;
  if (4 * i + 3 < n) {
    reinterpret_cast<float4*>(y)[i] = reinterpret_cast<const float4*>(x)[i];
  } else if (4 * i < n) {
    if constexpr (kFixed)
      for (int k = 4 * i; k < n; ++k) y[k] = x[k];
    else
      reinterpret_cast<float4*>(y)[i] = reinterpret_cast<const float4*>(x)[i];
  }
}

void vector_tail(bool fixed) {
  const Buffer<float> x(126), y(126);
  PLUMB_TWINS(copy_by_fours, fixed, 1, 32, 0, x, y, 126);
}

template <bool kFixed>
__global__ void shifted_vectors(const float* x, float4* y) {
  const auto* from = reinterpret_cast<const float4*>(x + (kFixed ? 4 : 1));
  y[threadIdx.x] = from[threadIdx.x];
}

void misaligned_float4(bool fixed) {
  const Buffer<float> x(200);
  const Buffer<float4> y(32);
  PLUMB_TWINS(shifted_vectors, fixed, 1, 32, 0, x, y);
}

template <bool kFixed>
__global__ void packed_header(const unsigned char* bytes, double* out) {
  // A record of one byte and one double, packed: the double lies at byte 1.
  const unsigned char* at = bytes + 16 * threadIdx.x + 1;
  if constexpr (kFixed) {
    unsigned char copy[8];
    for (int i = 0; i < 8; ++i) copy[i] = at[i];
    double value;
    memcpy(&value, copy, sizeof value);
    out[threadIdx.x] = value;
  } else {
    out[threadIdx.x] = *reinterpret_cast<const double*>(at);
  }
}

void misaligned_double(bool fixed) {
  const Buffer<unsigned char> bytes(16 * 32 + 16);
  const Buffer<double> out(32);
  PLUMB_TWINS(packed_header, fixed, 1, 32, 0, bytes, out);
}

template <bool kFixed>
__global__ void halo(const float* x, float* y) {
  __shared__ float tile[kFixed ? 130 : 128];
  __shared__ float weights[4];
  const int t = threadIdx.x;
  if (t < 4) weights[t] = 0.25f * static_cast<float>(t + 1);
  tile[t] = x[t];
  if (t < 2) tile[t + 128] = 0.f;
  __syncthreads();
  y[t] = weights[0] * tile[t] + weights[1] * tile[t + 1] + weights[2] * tile[t + 2] + weights[3];
}

void shared_into_the_next_array(bool fixed) {
  const Buffer<float> x(128), y(128);
  PLUMB_TWINS(halo, fixed, 1, 128, 0, x, y);
}

template <bool kFixed>
__global__ void reverse_block(float* x, int n) {
  extern __shared__ float tile[];
  tile[threadIdx.x] = x[threadIdx.x];
  __syncthreads();
  x[threadIdx.x] = tile[n - 1 - static_cast<int>(threadIdx.x)];
}

void dynamic_shared_too_small(bool fixed) {
  const Buffer<float> x(128);
  PLUMB_TWINS(reverse_block, fixed, 1, 128, (fixed ? 128 : 120) * sizeof(float), x, 128);
}

template <bool kFixed>
__global__ void top_of(const int* x, int* y, int n) {
  int best[8];
  for (int i = 0; i < 8; ++i) best[i] = 0;
  for (int i = 0; i < n; ++i) best[kFixed ? (x[i] + i) % 8 : (x[i] + i) % 9] = x[i] + 1;
  int sum = 0;
  for (int i = 0; i < 8; ++i) sum += best[i];
  y[threadIdx.x] = sum;
}

void local_array(bool fixed) {
  const Buffer<int> x(16), y(32);
  PLUMB_TWINS(top_of, fixed, 1, 32, 0, x, y, 16);
}

template <bool kFixed>
__global__ void histogram(const int* x, int* bins, int count) {
  const int bin = x[threadIdx.x] + static_cast<int>(threadIdx.x);
  if (!kFixed || bin < count) atomicAdd(&bins[bin], 1);
}

void atomic_out_of_bounds(bool fixed) {
  const Buffer<int> x(64), bins(60);
  PLUMB_TWINS(histogram, fixed, 1, 64, 0, x, bins, 60);
}

void count_for_bytes(bool fixed) {
  float* x = nullptr;
  cudaMalloc(&x, fixed ? 256 * sizeof(float) : 256);
  PLUMB_TWINS(scale, fixed, 1, 256, 0, x, 256);
  cudaFree(x);
}

template <bool kFixed>
__global__ void write_rows(char* memory, std::size_t pitch, int width, int height) {
  const int column = threadIdx.x, row = threadIdx.y;
  if (column >= width || row >= height) return;
  if constexpr (kFixed)
    reinterpret_cast<float*>(memory + row * pitch)[column] = 1.f;
  else
    reinterpret_cast<float*>(memory)[row * pitch + column] = 1.f;
}

void pitch_in_elements(bool fixed) {
  void* memory = nullptr;
  std::size_t pitch = 0;
  cudaMallocPitch(&memory, &pitch, 30 * sizeof(float), 8);
  PLUMB_TWINS(write_rows, fixed, 1, dim3(32, 8), 0, static_cast<char*>(memory), pitch, 30, 8);
  cudaFree(memory);
}

__constant__ float table[16];

template <bool kFixed>
__global__ void look_up(float* y) {
  const int i = threadIdx.x;
  y[i] = table[kFixed ? i % 16 : i % 17];
}

void constant_table(bool fixed) {
  const Buffer<float> y(32);
  PLUMB_TWINS(look_up, fixed, 1, 32, 0, y);
}

template <bool kFixed>
__global__ void pass_local_pointer(int* y) {
  __shared__ int* passed;
  __shared__ int shared_value;
  int value = static_cast<int>(threadIdx.x) + y[0];
  if (threadIdx.x == 0) {
    shared_value = value;
    passed = kFixed ? &shared_value : &value;
  }
  __syncthreads();
  y[threadIdx.x + 1] = *passed;
}

void local_memory_of_another_thread(bool fixed) {
  const Buffer<int> y(33);
  PLUMB_TWINS(pass_local_pointer, fixed, 1, 32, 0, y);
}

template <bool kFixed>
__global__ void heap_list(int* y) {
  auto* values = static_cast<int*>(malloc(4 * sizeof(int)));
  for (int i = 0; i < (kFixed ? 4 : 5); ++i) values[i] = static_cast<int>(threadIdx.x) + i;
  y[threadIdx.x] = values[3];
  free(values);
}

void device_heap(bool fixed) {
  const Buffer<int> y(32);
  PLUMB_TWINS(heap_list, fixed, 1, 32, 0, y);
}

__global__ void store_product(float* y) {
  using namespace nvcuda::wmma;
  fragment<accumulator, 16, 16, 16, float> sums;
  fill_fragment(sums, 1.f);
  store_matrix_sync(y, sums, 16, mem_row_major);
}

void product_beyond_the_end(bool fixed) {
  const Buffer<float> y(fixed ? 256 : 250);
  store_product<<<1, 32>>>(y);
}

void freed_too_early(bool fixed) {
  float* x = nullptr;
  cudaMalloc(&x, 256 * sizeof(float));
  if (!fixed) cudaFree(x);
  PLUMB_TWINS(scale, true, 1, 256, 0, x, 256);
  if (fixed) cudaFree(x);
}

void pointer_of_the_host(bool fixed) {
  auto* host = static_cast<float*>(std::calloc(256, sizeof(float)));
  const Buffer<float> device(256);
  float* const given = fixed ? static_cast<float*>(device) : host;
  PLUMB_TWINS(scale, true, 1, 256, 0, given, 256);
  std::free(host);
}

void null_pointer(bool fixed) {
  const Buffer<float> device(256);
  float* const given = fixed ? static_cast<float*>(device) : nullptr;
  PLUMB_TWINS(scale, true, 1, 256, 0, given, 256);
}

}  // namespace

std::vector<Seeded> memory_bugs() {
  return {
      {"no_bound_check", Kind::out_of_bounds, "the last block is not full", no_bound_check},
      {"one_too_many", Kind::out_of_bounds, "x[i + 1] at the last i", one_too_many},
      {"before_the_start", Kind::out_of_bounds, "x[i - 1] at the first i", before_the_start},
      {"vector_tail", Kind::out_of_bounds, "float4 beyond a length that is no multiple of 4",
       vector_tail},
      {"misaligned_float4", Kind::misaligned, "float4 of a pointer moved by one float",
       misaligned_float4},
      {"misaligned_double", Kind::misaligned, "a packed record read as if it were not",
       misaligned_double},
      {"shared_into_the_next_array", Kind::out_of_bounds,
       "a tile without its halo: what follows in shared memory is another array",
       shared_into_the_next_array},
      {"dynamic_shared_too_small", Kind::out_of_bounds, "fewer bytes launched than used",
       dynamic_shared_too_small},
      {"local_array", Kind::out_of_bounds, "an index into a thread's own array", local_array},
      {"atomic_out_of_bounds", Kind::out_of_bounds, "a bin beyond the last", atomic_out_of_bounds},
      {"count_for_bytes", Kind::out_of_bounds, "cudaMalloc of a count, not of bytes",
       count_for_bytes},
      {"pitch_in_elements", Kind::out_of_bounds, "a pitch is bytes", pitch_in_elements},
      {"constant_table", Kind::out_of_bounds, "beyond a __constant__ table", constant_table},
      {"local_memory_of_another_thread", Kind::foreign_memory,
       "the address of a local variable given to others", local_memory_of_another_thread},
      {"device_heap", Kind::out_of_bounds, "beyond malloc() in a kernel", device_heap},
      {"product_beyond_the_end", Kind::out_of_bounds, "wmma's store of a tile that does not fit",
       product_beyond_the_end},
      {"freed_too_early", Kind::use_after_free, "a kernel after cudaFree", freed_too_early},
      {"pointer_of_the_host", Kind::foreign_memory, "malloc() of the host given to a kernel",
       pointer_of_the_host},
      {"null_pointer", Kind::foreign_memory, "an allocation that was not made", null_pointer},
  };
}

}  // namespace vgpu::observe::corpus
