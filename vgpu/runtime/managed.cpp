// managed.cpp - hints for managed memory. Everything lies in one memory already, so that a hint
// changes nothing; what was said of a range can be asked back.
#include "vgpu/runtime/managed.h"

#include <algorithm>
#include <cstdint>
#include <map>
#include <mutex>
#include <set>
#include <vector>

#include "vgpu/runtime/api.h"
#include "vgpu/runtime/device.h"
#include "vgpu/runtime/memory.h"
#include "vgpu/runtime/streams.h"

namespace vgpu::runtime {
namespace {

struct Place {
  cudaMemLocationType type = cudaMemLocationTypeInvalid;
  int id = cudaInvalidDeviceId;
  bool operator==(const Place&) const = default;
};

struct Hints {
  bool read_mostly = false;
  Place preferred, prefetched;
  std::set<int> accessed_by;
  bool operator==(const Hints&) const = default;
};

std::mutex mutex;
/// Each entry holds from its address to the next entry's.
VGPU_EARLY std::map<std::uintptr_t, Hints> hints = {{0, {}}};

/// Makes an entry start at the address.
std::map<std::uintptr_t, Hints>::iterator cut(std::uintptr_t at) {
  const auto before = std::prev(hints.upper_bound(at));
  return before->first == at ? before : hints.emplace(at, before->second).first;
}

template <class Change>
void change(const void* p, std::size_t bytes, Change apply) {
  const std::lock_guard lock(mutex);
  const auto first = reinterpret_cast<std::uintptr_t>(p);
  const auto begin = cut(first);
  const auto end = cut(first + bytes);
  for (auto it = begin; it != end; ++it) apply(it->second);
}

std::vector<Hints> hints_of(const void* p, std::size_t bytes) {
  const std::lock_guard lock(mutex);
  const auto first = reinterpret_cast<std::uintptr_t>(p);
  std::vector<Hints> out;
  for (auto it = std::prev(hints.upper_bound(first));
       it != hints.end() && it->first < first + bytes; ++it)
    out.push_back(it->second);
  return out;
}

/// Managed memory, and the host's own, which the device reaches too.
bool takes_hints(const void* p, std::size_t bytes) {
  if (!p || bytes == 0 || !is_inside_one_allocation(p, bytes, false)) return false;
  const auto info = memory_info(p);
  return !info || memory_type(info->kind) == cudaMemoryTypeManaged;
}

/// `where` is a place at all; a device that does not exist is cudaErrorInvalidDevice.
cudaError_t check_place(const cudaMemLocation& where) {
  switch (where.type) {
    case cudaMemLocationTypeDevice:
      return where.id >= 0 && where.id < device_choice().count ? cudaSuccess
                                                               : cudaErrorInvalidDevice;
    case cudaMemLocationTypeHost:
    case cudaMemLocationTypeHostNuma:
    case cudaMemLocationTypeHostNumaCurrent:
      return cudaSuccess;
    default:
      return cudaErrorInvalidValue;
  }
}

Place place_of(const cudaMemLocation& where) {
  return {where.type, where.type == cudaMemLocationTypeDevice ? where.id : cudaCpuDeviceId};
}

cudaError_t prefetch(const void* p, std::size_t bytes, const cudaMemLocation& where) {
  if (!takes_hints(p, bytes)) return cudaErrorInvalidValue;
  if (const cudaError_t code = check_place(where); code != cudaSuccess) return code;
  change(p, bytes, [&](Hints& h) { h.prefetched = place_of(where); });
  return cudaSuccess;
}

cudaError_t advise(const void* p, std::size_t bytes, cudaMemoryAdvise advice,
                   const cudaMemLocation& where) {
  if (!takes_hints(p, bytes)) return cudaErrorInvalidValue;
  const bool needs_place = advice == cudaMemAdviseSetPreferredLocation ||
                           advice == cudaMemAdviseSetAccessedBy ||
                           advice == cudaMemAdviseUnsetAccessedBy;
  if (needs_place)
    if (const cudaError_t code = check_place(where); code != cudaSuccess) return code;
  const Place place = place_of(where);
  switch (advice) {
    case cudaMemAdviseSetReadMostly:
    case cudaMemAdviseUnsetReadMostly:
      change(p, bytes, [&](Hints& h) { h.read_mostly = advice == cudaMemAdviseSetReadMostly; });
      return cudaSuccess;
    case cudaMemAdviseSetPreferredLocation:
      change(p, bytes, [&](Hints& h) { h.preferred = place; });
      return cudaSuccess;
    case cudaMemAdviseUnsetPreferredLocation:
      change(p, bytes, [&](Hints& h) { h.preferred = {}; });
      return cudaSuccess;
    case cudaMemAdviseSetAccessedBy:
      change(p, bytes, [&](Hints& h) { h.accessed_by.insert(place.id); });
      return cudaSuccess;
    case cudaMemAdviseUnsetAccessedBy:
      change(p, bytes, [&](Hints& h) { h.accessed_by.erase(place.id); });
      return cudaSuccess;
    default:
      return cudaErrorInvalidValue;
  }
}

/// The place that all parts of a range have; none when they differ.
Place common(const std::vector<Hints>& parts, Place Hints::*member) {
  for (const Hints& part : parts)
    if (part.*member != parts.front().*member) return {};
  return parts.front().*member;
}

cudaError_t give_devices(const std::vector<Hints>& parts, int* out, std::size_t count) {
  std::set<int> all = parts.front().accessed_by;
  for (const Hints& part : parts)
    std::erase_if(all, [&](int id) { return !part.accessed_by.contains(id); });
  std::fill(out, out + count, cudaInvalidDeviceId);
  std::copy_n(all.begin(), std::min(count, all.size()), out);
  return cudaSuccess;
}

cudaError_t range_attribute(void* data, std::size_t bytes, cudaMemRangeAttribute attribute,
                            const void* p, std::size_t count) {
  if (!data || bytes == 0 || bytes % sizeof(int) != 0 || !takes_hints(p, count))
    return cudaErrorInvalidValue;
  const std::vector<Hints> parts = hints_of(p, count);
  auto* const out = static_cast<int*>(data);
  if (attribute == cudaMemRangeAttributeAccessedBy)
    return give_devices(parts, out, bytes / sizeof(int));
  if (bytes != sizeof(int)) return cudaErrorInvalidValue;
  const Place preferred = common(parts, &Hints::preferred),
              prefetched = common(parts, &Hints::prefetched);
  switch (attribute) {
    case cudaMemRangeAttributeReadMostly:
      return give(out, std::all_of(parts.begin(), parts.end(),
                                   [](const Hints& h) { return h.read_mostly; }));
    case cudaMemRangeAttributePreferredLocation:
    case cudaMemRangeAttributePreferredLocationId:
      return give(out, preferred.id);
    case cudaMemRangeAttributeLastPrefetchLocation:
    case cudaMemRangeAttributeLastPrefetchLocationId:
      return give(out, prefetched.id);
    case cudaMemRangeAttributePreferredLocationType:
      return give(out, preferred.type);
    case cudaMemRangeAttributeLastPrefetchLocationType:
      return give(out, prefetched.type);
    default:
      return cudaErrorInvalidValue;
  }
}

/// Of a batch: entry i uses the place whose first index is the last one not above i.
cudaError_t prefetch_batch(void** pointers, const std::size_t* sizes, std::size_t count,
                           const cudaMemLocation* places, const std::size_t* firsts,
                           std::size_t place_count) {
  if (!pointers || !sizes || !places || !firsts || place_count == 0 || firsts[0] != 0)
    return cudaErrorInvalidValue;
  for (std::size_t i = 0, place = 0; i < count; ++i) {
    while (place + 1 < place_count && firsts[place + 1] <= i) ++place;
    if (const cudaError_t code = prefetch(pointers[i], sizes[i], places[place]);
        code != cudaSuccess)
      return code;
  }
  return cudaSuccess;
}

/// Contents may be lost, and here they stay.
cudaError_t discard_batch(void** pointers, const std::size_t* sizes, std::size_t count) {
  if (!pointers || !sizes) return cudaErrorInvalidValue;
  for (std::size_t i = 0; i < count; ++i)
    if (!takes_hints(pointers[i], sizes[i])) return cudaErrorInvalidValue;
  return cudaSuccess;
}

}  // namespace

void forget_hints(const void* p, std::size_t bytes) {
  change(p, bytes, [](Hints& h) { h = {}; });
}

}  // namespace vgpu::runtime

using namespace vgpu::runtime;

VGPU_API(cudaMemPrefetchAsync,
         (const void* p, size_t bytes, cudaMemLocation where, unsigned int flags,
          cudaStream_t stream),
         (p, bytes, where, flags, stream)) {
  check_stream(stream);
  return flags == 0 ? prefetch(p, bytes, where) : cudaErrorInvalidValue;
}
VGPU_API(cudaMemPrefetchBatchAsync,
         (void** pointers, size_t* sizes, size_t count, cudaMemLocation* places, size_t* firsts,
          size_t place_count, unsigned long long flags, cudaStream_t stream),
         (pointers, sizes, count, places, firsts, place_count, flags, stream)) {
  check_stream(stream);
  return flags == 0 ? prefetch_batch(pointers, sizes, count, places, firsts, place_count)
                    : cudaErrorInvalidValue;
}
VGPU_API(cudaMemDiscardBatchAsync,
         (void** pointers, size_t* sizes, size_t count, unsigned long long flags,
          cudaStream_t stream),
         (pointers, sizes, count, flags, stream)) {
  check_stream(stream);
  return flags == 0 ? discard_batch(pointers, sizes, count) : cudaErrorInvalidValue;
}
VGPU_API(cudaMemDiscardAndPrefetchBatchAsync,
         (void** pointers, size_t* sizes, size_t count, cudaMemLocation* places, size_t* firsts,
          size_t place_count, unsigned long long flags, cudaStream_t stream),
         (pointers, sizes, count, places, firsts, place_count, flags, stream)) {
  check_stream(stream);
  return flags == 0 ? prefetch_batch(pointers, sizes, count, places, firsts, place_count)
                    : cudaErrorInvalidValue;
}
VGPU_API(cudaMemAdvise,
         (const void* p, size_t bytes, cudaMemoryAdvise advice, cudaMemLocation where),
         (p, bytes, advice, where)) {
  return advise(p, bytes, advice, where);
}
VGPU_API(cudaMemRangeGetAttribute,
         (void* data, size_t bytes, cudaMemRangeAttribute attribute, const void* p, size_t count),
         (data, bytes, attribute, p, count)) {
  return range_attribute(data, bytes, attribute, p, count);
}
VGPU_API(cudaMemRangeGetAttributes,
         (void** data, size_t* sizes, cudaMemRangeAttribute* attributes, size_t attribute_count,
          const void* p, size_t count),
         (data, sizes, attributes, attribute_count, p, count)) {
  if (!data || !sizes || !attributes || attribute_count == 0) return cudaErrorInvalidValue;
  for (std::size_t i = 0; i < attribute_count; ++i)
    if (const cudaError_t code = range_attribute(data[i], sizes[i], attributes[i], p, count);
        code != cudaSuccess)
      return code;
  return cudaSuccess;
}
