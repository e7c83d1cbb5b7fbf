// texture_cube.h - a direction's place on the faces of a cube: +x, -x, +y, -y, +z, -z.
#pragma once

#include <array>
#include <cstdint>

namespace vgpu::isa {

using Vector3 = std::array<double, 3>;

/// A face and where a direction meets it, 0 to 1.
struct CubeDirection {
  int face = 0;
  double s = 0, t = 0;
  double major = 1;             // the direction's length along the face's axis
  double across = 0, down = 0;  // and along the face's own
};

/// Of axes of equal length the last is taken.
CubeDirection project(const Vector3& direction);

/// How far (s, t) moves when the direction moves by `step`.
double slope(const CubeDirection& at, const Vector3& step);

struct FaceTexel {
  std::uint32_t face;
  std::int64_t x, y;
};

/// The texel of the neighbouring face that stands in for one just beyond an edge of `face`, n
/// texels wide.
FaceTexel across_edge(int face, std::int64_t x, std::int64_t y, std::int64_t n);

}  // namespace vgpu::isa
