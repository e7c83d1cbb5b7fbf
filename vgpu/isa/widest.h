// widest.h - functions compiled for the processor's widest vectors, chosen when the program starts.
//
// Not under ThreadSanitizer, which instruments the choice too and is not ready when it is made.
#pragma once

#if defined(__x86_64__) && !defined(__SANITIZE_THREAD__)
#define VGPU_WIDEST \
  __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default"), optimize("O3")))
#else
#define VGPU_WIDEST __attribute__((optimize("O3")))
#endif
