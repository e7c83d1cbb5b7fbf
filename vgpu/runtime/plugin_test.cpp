// Libraries with kernels that come and go while the program runs.
#include <cuda_runtime_api.h>
#include <dlfcn.h>
#include <gtest/gtest.h>

#include <memory>

namespace {

struct Plugin {
  explicit Plugin(const char* path) : handle(dlopen(path, RTLD_NOW | RTLD_LOCAL)) {
    EXPECT_NE(handle, nullptr) << dlerror();
  }
  ~Plugin() { dlclose(handle); }
  int run() const { return reinterpret_cast<int (*)()>(dlsym(handle, "plugin_run"))(); }
  const void* function() const {
    return reinterpret_cast<const void* (*)()>(dlsym(handle, "plugin_function"))();
  }
  void* variable() const {
    return reinterpret_cast<void* (*)()>(dlsym(handle, "plugin_variable"))();
  }
  void* handle;
};

cudaMemoryType type_of(const void* address) {
  cudaPointerAttributes attributes{};
  EXPECT_EQ(cudaPointerGetAttributes(&attributes, address), cudaSuccess);
  return attributes.type;
}

TEST(Plugin, EachLibraryRunsItsOwnKernelOfTheSameName) {
  const Plugin first(PLUGIN_FIRST), second(PLUGIN_SECOND);

  EXPECT_EQ(first.run(), 1);
  EXPECT_EQ(second.run(), 2);
  EXPECT_EQ(first.run(), 1);
}

TEST(Plugin, AnUnloadedLibrarysKernelAndVariableAreUnknown) {
  auto plugin = std::make_unique<Plugin>(PLUGIN_FIRST);
  EXPECT_EQ(plugin->run(), 1);
  const void *function = plugin->function(), *variable = plugin->variable();
  EXPECT_EQ(type_of(variable), cudaMemoryTypeDevice);
  plugin.reset();

  cudaFuncAttributes attributes{};
  EXPECT_EQ(cudaFuncGetAttributes(&attributes, function), cudaErrorInvalidDeviceFunction);
  EXPECT_EQ(type_of(variable), cudaMemoryTypeUnregistered);
  cudaGetLastError();
}

TEST(Plugin, ALibraryThatTakesAnothersPlaceRunsItsOwnKernel) {
  for (int round = 0; round < 3; ++round) {
    EXPECT_EQ(Plugin(PLUGIN_FIRST).run(), 1);
    EXPECT_EQ(Plugin(PLUGIN_SECOND).run(), 2);
  }
}

}  // namespace
