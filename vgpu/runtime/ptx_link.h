// ptx_link.h - one PTX module out of several: what nvlink does to the objects of -rdc=true.
#pragma once

#include <string>
#include <vector>

namespace vgpu::runtime {

/// Joins modules by their names: an .extern finds its definition in another module, one .weak or
/// .common definition of a name stays, and what is private to a module keeps apart from its
/// namesakes. `name` stands in messages. Throws ptx::Error for what is no PTX, for a name that two
/// modules define and for a variable that none does.
std::string link_ptx(const std::vector<std::string>& texts, const std::string& name);

}  // namespace vgpu::runtime
