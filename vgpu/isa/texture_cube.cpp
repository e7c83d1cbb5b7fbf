#include "vgpu/isa/texture_cube.h"

#include <algorithm>
#include <cmath>

namespace vgpu::isa {
namespace {

/// A direction in a face's terms: along its axis (outwards), its s and its t.
Vector3 in_face(int face, const Vector3& v) {
  switch (face) {
    case 0:
      return {v[0], -v[2], -v[1]};
    case 1:
      return {-v[0], v[2], -v[1]};
    case 2:
      return {v[1], v[0], v[2]};
    case 3:
      return {-v[1], v[0], -v[2]};
    case 4:
      return {v[2], v[0], -v[1]};
    default:
      return {-v[2], -v[0], -v[1]};
  }
}

/// The other way about, for a point of the plane in which the face lies.
Vector3 from_face(int face, double s, double t) {
  switch (face) {
    case 0:
      return {1, -t, -s};
    case 1:
      return {-1, -t, s};
    case 2:
      return {s, 1, t};
    case 3:
      return {s, -1, -t};
    case 4:
      return {s, -t, 1};
    default:
      return {-s, -t, -1};
  }
}

int face_of(const Vector3& v) {
  const double x = std::fabs(v[0]), y = std::fabs(v[1]), z = std::fabs(v[2]);
  const int axis = z >= x && z >= y ? 2 : y >= x ? 1 : 0;
  return 2 * axis + (std::signbit(v[static_cast<std::size_t>(axis)]) ? 1 : 0);
}

}  // namespace

CubeDirection project(const Vector3& direction) {
  CubeDirection out;
  out.face = face_of(direction);
  const Vector3 v = in_face(out.face, direction);
  out.major = v[0];
  out.across = v[1];
  out.down = v[2];
  out.s = (out.across / out.major + 1) / 2;
  out.t = (out.down / out.major + 1) / 2;
  return out;
}

double slope(const CubeDirection& at, const Vector3& step) {
  const Vector3 d = in_face(at.face, step);
  const auto moved = [&](double along, double by) {
    return (by * at.major - along * d[0]) / (2 * at.major * at.major);
  };
  return std::hypot(moved(at.across, d[1]), moved(at.down, d[2]));
}

FaceTexel across_edge(int face, std::int64_t x, std::int64_t y, std::int64_t n) {
  const auto centre = [&](std::int64_t i) {
    return (2 * static_cast<double>(i) + 1) / static_cast<double>(n) - 1;
  };
  const CubeDirection there = project(from_face(face, centre(x), centre(y)));
  const auto texel = [&](double at) {
    const auto i = static_cast<std::int64_t>(std::floor(at * static_cast<double>(n)));
    return std::clamp<std::int64_t>(i, 0, n - 1);
  };
  return {static_cast<std::uint32_t>(there.face), texel(there.s), texel(there.t)};
}

}  // namespace vgpu::isa
