// What the host gives to streams without saying what comes first.
#include "vgpu/observe/corpus/corpus.h"

namespace vgpu::observe::corpus {
namespace {

constexpr int kCount = 256;

__global__ void make(float* x, int from, int count) {
  const int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i < count) x[from + i] = static_cast<float>(i);
}

__global__ void use(const float* x, float* y) {
  const int i = blockIdx.x * blockDim.x + threadIdx.x;
  y[i] = 2 * x[i];
}

void run_make(float* x, cudaStream_t stream) { make<<<2, kCount / 2, 0, stream>>>(x, 0, kCount); }
void run_use(const float* x, float* y, cudaStream_t stream) {
  use<<<2, kCount / 2, 0, stream>>>(x, y);
}

class Stream {
 public:
  explicit Stream(unsigned flags = cudaStreamDefault) {
    cudaStreamCreateWithFlags(&stream_, flags);
  }
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;
  ~Stream() { cudaStreamDestroy(stream_); }
  operator cudaStream_t() const { return stream_; }

 private:
  cudaStream_t stream_ = nullptr;
};

class Event {
 public:
  Event() { cudaEventCreateWithFlags(&event_, cudaEventDisableTiming); }
  Event(const Event&) = delete;
  Event& operator=(const Event&) = delete;
  ~Event() { cudaEventDestroy(event_); }
  operator cudaEvent_t() const { return event_; }

 private:
  cudaEvent_t event_ = nullptr;
};

/// `second` goes on after all that `first` was given.
void join(cudaStream_t first, cudaStream_t second) {
  const Event event;
  cudaEventRecord(event, first);
  cudaStreamWaitEvent(second, event, 0);
}

void used_in_another_stream(bool fixed) {
  const Buffer<float> x(kCount), y(kCount);
  const Stream a, b;
  run_make(x, a);
  if (fixed) join(a, b);
  run_use(x, y, b);
}

void event_recorded_too_early(bool fixed) {
  const Buffer<float> x(kCount), y(kCount);
  const Stream a, b;
  const Event event;
  if (!fixed) cudaEventRecord(event, a);
  run_make(x, a);
  if (fixed) cudaEventRecord(event, a);
  cudaStreamWaitEvent(b, event, 0);
  run_use(x, y, b);
}

void filled_beside_a_stream(bool fixed) {
  const Buffer<float> x(kCount, false), y(kCount);
  const Stream stream(cudaStreamNonBlocking);
  cudaMemset(x, 0, kCount * sizeof(float));
  if (fixed) cudaDeviceSynchronize();
  run_use(x, y, stream);
}

void legacy_stream_and_another(bool fixed) {
  const Buffer<float> x(kCount), y(kCount);
  const Stream stream(fixed ? cudaStreamDefault : cudaStreamNonBlocking);
  run_make(x, stream);
  run_use(x, y, nullptr);
  run_make(x, stream);
}

void copied_back_too_early(bool fixed) {
  static float host[kCount];
  const Buffer<float> x(kCount);
  const Stream stream(cudaStreamNonBlocking);
  run_make(x, stream);
  if (fixed) cudaStreamSynchronize(stream);
  cudaMemcpy(host, x, sizeof host, cudaMemcpyDeviceToHost);
}

void input_replaced_while_read(bool fixed) {
  static const float host[kCount] = {};
  const Buffer<float> x(kCount), y(kCount);
  const Stream compute, copies;
  run_use(x, y, compute);
  if (fixed) join(compute, copies);
  cudaMemcpyAsync(x, host, sizeof host, cudaMemcpyHostToDevice, copies);
}

void staging_buffer_reused(bool fixed) {
  float* staging = nullptr;
  cudaMallocHost(&staging, kCount * sizeof(float));
  {
    const Buffer<float> x(kCount), y(kCount);
    const Stream in, out;
    cudaMemcpyAsync(staging, x, kCount * sizeof(float), cudaMemcpyDeviceToHost, out);
    if (fixed) cudaStreamSynchronize(out);
    cudaMemcpyAsync(y, staging, kCount * sizeof(float), cudaMemcpyHostToDevice, in);
  }
  cudaFreeHost(staging);
}

void halves_that_overlap(bool fixed) {
  const Buffer<float> x(kCount);
  const Stream a, b;
  make<<<1, kCount / 2, 0, a>>>(x, 0, kCount / 2);
  make<<<1, kCount / 2, 0, b>>>(x, fixed ? kCount / 2 : kCount / 2 - 1, kCount / 2);
}

void freed_in_another_stream(bool fixed) {
  const Buffer<float> y(kCount);
  const Stream a, b;
  float* x = nullptr;
  cudaMallocAsync(&x, kCount * sizeof(float), a);
  run_make(x, a);
  run_use(x, y, a);
  if (fixed) join(a, b);
  cudaFreeAsync(x, b);
}

void allocated_in_another_stream(bool fixed) {
  const Stream a, b;
  float* x = nullptr;
  cudaMallocAsync(&x, kCount * sizeof(float), a);
  if (fixed) join(a, b);
  run_make(x, b);
  cudaFreeAsync(x, b);
}

/// Two buffers by turns: each copy must wait for the kernel that read its buffer before.
void double_buffers(bool fixed) {
  static const float host[kCount] = {};
  const Buffer<float> x(2 * kCount), y(kCount);
  const Stream copies, compute;
  const Event copied[2], used[2];
  for (int step = 0; step < 4; ++step) {
    float* const half = x + step % 2 * kCount;
    if (fixed && step >= 2) cudaStreamWaitEvent(copies, used[step % 2], 0);
    cudaMemcpyAsync(half, host, sizeof host, cudaMemcpyHostToDevice, copies);
    cudaEventRecord(copied[step % 2], copies);
    cudaStreamWaitEvent(compute, copied[step % 2], 0);
    run_use(half, y, compute);
    cudaEventRecord(used[step % 2], compute);
  }
}

void launch(cudaGraph_t graph) {
  cudaGraphExec_t exec = nullptr;
  cudaGraphInstantiate(&exec, graph, 0);
  const Stream stream;
  cudaGraphLaunch(exec, stream);
  cudaGraphLaunch(exec, stream);
  cudaStreamSynchronize(stream);
  cudaGraphExecDestroy(exec);
  cudaGraphDestroy(graph);
}

void graph_without_an_edge(bool fixed) {
  const Buffer<float> x(kCount), y(kCount);
  float *px = x, *py = y;
  int from = 0, count = kCount;
  void *of_make[] = {&px, &from, &count}, *of_use[] = {&px, &py};
  cudaKernelNodeParams params{};
  params.gridDim = dim3(2);
  params.blockDim = dim3(kCount / 2);
  cudaGraph_t graph = nullptr;
  cudaGraphCreate(&graph, 0);
  cudaGraphNode_t first = nullptr, second = nullptr;
  params.func = reinterpret_cast<void*>(make);
  params.kernelParams = of_make;
  cudaGraphAddKernelNode(&first, graph, nullptr, 0, &params);
  params.func = reinterpret_cast<void*>(use);
  params.kernelParams = of_use;
  cudaGraphAddKernelNode(&second, graph, &first, fixed ? 1 : 0, &params);
  launch(graph);
}

/// Launches of one executable graph follow each other; those of two made of one graph need not.
void one_graph_in_two_streams(bool fixed) {
  const Buffer<float> x(kCount), y(kCount);
  const Stream a(cudaStreamNonBlocking), b(cudaStreamNonBlocking);
  cudaGraph_t graph = nullptr;
  cudaStreamBeginCapture(a, cudaStreamCaptureModeGlobal);
  run_make(x, a);
  run_use(x, y, a);
  cudaStreamEndCapture(a, &graph);
  cudaGraphExec_t first = nullptr, second = nullptr;
  cudaGraphInstantiate(&first, graph, 0);
  cudaGraphInstantiate(&second, graph, 0);
  cudaGraphLaunch(first, a);
  cudaGraphLaunch(fixed ? first : second, b);
  cudaDeviceSynchronize();
  cudaGraphExecDestroy(first);
  cudaGraphExecDestroy(second);
  cudaGraphDestroy(graph);
}

void capture_that_forks_too_early(bool fixed) {
  const Buffer<float> x(kCount), y(kCount);
  const Stream a, b;
  cudaStreamBeginCapture(a, cudaStreamCaptureModeGlobal);
  if (!fixed) join(a, b);
  run_make(x, a);
  if (fixed) join(a, b);
  run_use(x, y, b);
  join(b, a);
  cudaGraph_t graph = nullptr;
  cudaStreamEndCapture(a, &graph);
  launch(graph);
}

/// Streams that do not wait for each other, but for the host, which waits for a part of one.
void host_does_not_wait(bool fixed) {
  const Buffer<float> x(kCount), y(kCount), z(kCount);
  const Stream a(cudaStreamNonBlocking), b(cudaStreamNonBlocking);
  const Event event;
  run_make(x, a);
  cudaEventRecord(event, a);
  run_make(z, a);
  if (fixed) cudaEventSynchronize(event);
  run_use(x, y, b);
}

/// What a stream waits for stays known to it when the host waits for a third one.
void host_waits_for_another(bool fixed) {
  const Buffer<float> x(kCount), y(kCount), z(kCount);
  const Stream a, b, c;
  run_make(x, a);
  if (fixed) join(a, b);
  run_make(z, c);
  cudaStreamSynchronize(c);
  run_use(x, y, b);
}

void raise_flag(void* flag) { *static_cast<volatile bool*>(flag) = true; }

/// A function of the host that ran tells that all before it did.
void host_function_tells(bool fixed) {
  const Buffer<float> x(kCount), y(kCount);
  const Stream a(cudaStreamNonBlocking), b(cudaStreamNonBlocking);
  volatile bool ran = false;
  run_make(x, a);
  if (fixed) {
    cudaLaunchHostFunc(a, raise_flag, const_cast<bool*>(&ran));
    while (!ran) {
    }
  }
  run_use(x, y, b);
}

/// A copy into memory of the host that is not pinned is over when its call returns.
void copy_that_waits(bool fixed) {
  static float pageable[kCount];
  float* pinned = nullptr;
  cudaMallocHost(&pinned, kCount * sizeof(float));
  {
    const Buffer<float> x(kCount);
    const Stream a(cudaStreamNonBlocking), b(cudaStreamNonBlocking);
    cudaMemcpyAsync(fixed ? pageable : pinned, x, sizeof pageable, cudaMemcpyDeviceToHost, a);
    run_make(x, b);
  }
  cudaFreeHost(pinned);
}

void launch_that_fails_unseen(bool fixed) {
  make<<<1, 2048>>>(nullptr, 0, kCount);
  if (fixed) cudaGetLastError();
  cudaDeviceReset();
}

void error_behind_another(bool fixed) {
  const Buffer<float> x(kCount);
  make<<<1, 2048>>>(x, 0, kCount);
  if (fixed) cudaGetLastError();
  make<<<0, 32>>>(x, 0, kCount);
  cudaGetLastError();
}

void twice_too_much(bool fixed) {
  static float host[kCount];
  const Buffer<float> x(fixed ? kCount : 2 * kCount, false);
  run_make(x, nullptr);
  cudaMemcpy(host, x, sizeof host, cudaMemcpyDeviceToHost);
}

void never_read(bool fixed) {
  static float host[kCount];
  const Buffer<float> x(kCount, false);
  run_make(x, nullptr);
  cudaMemcpy(host, x, (fixed ? kCount : kCount / 2) * sizeof(float), cudaMemcpyDeviceToHost);
}

}  // namespace

std::vector<Seeded> stream_bugs() {
  return {
      {"used_in_another_stream", Kind::race_stream, "no event between maker and user",
       used_in_another_stream},
      {"event_recorded_too_early", Kind::race_stream, "an event recorded before what it stands for",
       event_recorded_too_early},
      {"filled_beside_a_stream", Kind::race_stream,
       "cudaMemset, which does not wait, then a stream that does not wait for it",
       filled_beside_a_stream},
      {"legacy_stream_and_another", Kind::race_stream,
       "the legacy stream and one made with cudaStreamNonBlocking", legacy_stream_and_another},
      {"copied_back_too_early", Kind::race_stream,
       "cudaMemcpy, which waits for the legacy stream alone", copied_back_too_early},
      {"input_replaced_while_read", Kind::race_stream, "the next input copied over this one",
       input_replaced_while_read},
      {"staging_buffer_reused", Kind::race_stream, "two copies through one pinned buffer",
       staging_buffer_reused},
      {"halves_that_overlap", Kind::race_stream, "two streams' halves share one value",
       halves_that_overlap},
      {"freed_in_another_stream", Kind::race_stream, "cudaFreeAsync before the user is done",
       freed_in_another_stream},
      {"allocated_in_another_stream", Kind::race_stream, "memory used before its allocation",
       allocated_in_another_stream},
      {"double_buffers", Kind::race_stream,
       "a copy that does not wait for its buffer's last reader", double_buffers},
      {"graph_without_an_edge", Kind::race_stream, "two nodes that nothing orders",
       graph_without_an_edge},
      {"one_graph_in_two_streams", Kind::race_stream, "two executables of one graph side by side",
       one_graph_in_two_streams},
      {"capture_that_forks_too_early", Kind::race_stream, "a fork before what it should follow",
       capture_that_forks_too_early},
      {"host_does_not_wait", Kind::race_stream, "an event recorded and not waited for",
       host_does_not_wait},
      {"host_waits_for_another", Kind::race_stream, "the host waits for the wrong stream",
       host_waits_for_another},
      {"host_function_tells", Kind::race_stream, "nothing tells the host that a stream is done",
       host_function_tells},
      {"copy_that_waits", Kind::race_stream, "a copy into pinned memory taken for one that waits",
       copy_that_waits},
      {"launch_that_fails_unseen", Kind::unchecked_error, "a launch of too many threads, not asked",
       launch_that_fails_unseen},
      {"error_behind_another", Kind::unchecked_error, "an error replaced by the next one",
       error_behind_another},
      {"twice_too_much", Kind::unused, "an allocation of twice what is used", twice_too_much,
       "unused"},
      {"never_read", Kind::unused, "half of a result that nobody reads", never_read, "unused"},
  };
}

}  // namespace vgpu::observe::corpus
