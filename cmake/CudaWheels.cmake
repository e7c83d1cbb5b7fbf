# CudaWheels.cmake - the pinned CUDA toolchain out of Python wheels.
#
# Include before project(): it names the compiler. Call plumbline_cuda_targets() after project().
#   PLUMBLINE_CUDA              a site-packages/nvidia folder (default: .venv's), or "system"
#   CMAKE_CUDA_ARCHITECTURES    80-virtual: PTX alone; 90-real: machine code; 90: both
# Targets: cuda::cudart (static). CMake's own CUDA runtime handling is switched off: it would take the system's.
if(NOT PLUMBLINE_CUDA)
  file(GLOB _found "${CMAKE_SOURCE_DIR}/.venv/lib/python3*/site-packages/nvidia")
  set(PLUMBLINE_CUDA "${_found}" CACHE STRING "a site-packages/nvidia folder, or system" FORCE)
endif()
set(CMAKE_CUDA_ARCHITECTURES 80-virtual CACHE STRING "80-virtual: PTX; 90-real: code; 90: both")
set(_plumbline_only "")
if(NOT PLUMBLINE_CUDA STREQUAL "system")
  set(_nvcc "${PLUMBLINE_CUDA}/cu13/bin/nvcc")
  if(NOT EXISTS "${_nvcc}")
    message(FATAL_ERROR "no nvcc at '${_nvcc}': run ci/setup, or give -DPLUMBLINE_CUDA=system")
  endif()
  set(CMAKE_CUDA_COMPILER "${_nvcc}" CACHE FILEPATH "")
  set(_plumbline_only NO_DEFAULT_PATH)
endif()

macro(plumbline_cuda_targets)
  set(CMAKE_CUDA_RUNTIME_LIBRARY None)
  cmake_path(GET CMAKE_CUDA_COMPILER PARENT_PATH _cuda_bin)
  find_library(PLUMBLINE_CUDART NAMES libcudart_static.a
    PATHS ${_cuda_bin}/.. PATH_SUFFIXES lib lib64 ${_plumbline_only} REQUIRED)
  find_path(PLUMBLINE_CUDA_INCLUDE cuda_runtime.h
    PATHS ${_cuda_bin}/.. PATH_SUFFIXES include ${_plumbline_only} REQUIRED)
  add_library(cuda::cudart STATIC IMPORTED GLOBAL)
  set_target_properties(cuda::cudart PROPERTIES IMPORTED_LOCATION ${PLUMBLINE_CUDART}
    INTERFACE_INCLUDE_DIRECTORIES ${PLUMBLINE_CUDA_INCLUDE})
  target_link_libraries(cuda::cudart INTERFACE pthread dl rt)
  # CMake 3.25 ignores CMAKE_CUDA_STANDARD 20. --no-compress spares each process the unpacking.
  add_compile_options("$<$<COMPILE_LANGUAGE:CUDA>:-std=c++20;--no-compress;-lineinfo>")
endmacro()
