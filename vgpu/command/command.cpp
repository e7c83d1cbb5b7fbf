#include "vgpu/command/command.h"

#include <CLI/CLI.hpp>

namespace vgpu::command {

void add_vgpu_command(CLI::App& app, const Chosen& chosen) {
  CLI::App* vgpu_app = app.add_subcommand(
      "vgpu",
      "The virtual GPU itself: run a kernel out of a PTX file, its opcodes, its properties");
  vgpu_app->require_subcommand(1);
  vgpu_app->footer(
      "Example: plumbline vgpu run scale.ptx scale --grid 2 --block 256 f32:2 "
      "'f32[500]:iota=print' "
      "u32:500");
  add_run_command(*vgpu_app, chosen);
  add_ops_command(*vgpu_app, chosen);
  add_info_command(*vgpu_app, chosen);
}

}  // namespace vgpu::command
