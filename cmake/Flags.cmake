# Flags.cmake - plumb.flags: the warnings of every target of ours. Warnings are errors with PLUMBLINE_WERROR (ci preset).
option(PLUMBLINE_WERROR "warnings are errors" OFF)
set(PLUMBLINE_SANITIZE OFF CACHE STRING "in host code: address (with undefined behaviour), thread, OFF")
set_property(CACHE PLUMBLINE_SANITIZE PROPERTY STRINGS OFF address thread)
if(PLUMBLINE_SANITIZE AND NOT PLUMBLINE_SANITIZE MATCHES "^(address|thread)$")
  message(FATAL_ERROR "PLUMBLINE_SANITIZE is '${PLUMBLINE_SANITIZE}'; allowed: OFF, address, thread")
endif()
option(PLUMB_SYNC_LAUNCHES "synchronize after each kernel launch, to find the guilty one" OFF)

add_library(plumb.flags INTERFACE)
target_include_directories(plumb.flags INTERFACE ${CMAKE_SOURCE_DIR})
set(_warnings -Wall -Wextra)
# -Wno-restrict: g++ 12 warns of an overlap inside std::string operator+ at -O3 (GCC bug 105651).
if(PLUMBLINE_SANITIZE)
  list(APPEND _warnings -Wno-maybe-uninitialized)  # g++ warns of what its own instrumentation adds
endif()
set(_cxx_warnings ${_warnings} -Wshadow -Wconversion -Wno-sign-conversion -Wno-psabi -Wno-restrict)
if(PLUMBLINE_WERROR)
  list(APPEND _warnings -Werror)
  list(APPEND _cxx_warnings -Werror)
endif()
list(JOIN _warnings "," _cuda_warnings)
target_compile_options(plumb.flags INTERFACE
  "$<$<COMPILE_LANGUAGE:CXX>:${_cxx_warnings}>"
  "$<$<COMPILE_LANGUAGE:CUDA>:-Xcompiler=${_cuda_warnings}>")
if(PLUMB_SYNC_LAUNCHES)
  target_compile_definitions(plumb.flags INTERFACE PLUMB_SYNC_LAUNCHES)
endif()
if(PLUMBLINE_SANITIZE)
  set(_sanitize -fno-omit-frame-pointer -fsanitize=${PLUMBLINE_SANITIZE})
  if(PLUMBLINE_SANITIZE STREQUAL "address")
    list(APPEND _sanitize -fsanitize=undefined -fno-sanitize-recover=undefined)
  endif()
  list(JOIN _sanitize "," _cuda_sanitize)
  target_compile_options(plumb.flags INTERFACE
    "$<$<COMPILE_LANGUAGE:CXX>:${_sanitize}>" "$<$<COMPILE_LANGUAGE:CUDA>:-Xcompiler=${_cuda_sanitize}>")
  target_link_options(plumb.flags INTERFACE ${_sanitize})
endif()
