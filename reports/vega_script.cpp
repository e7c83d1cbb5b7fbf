// vega_script.cpp - the script's bytes, put into the program by the assembler. PLUMB_VEGA_SCRIPT is
// the file that cmake/VegaScript.cmake made.
#include "reports/vega_script.h"

asm(R"(
.section .rodata
plumb_vega_script_begin:
.incbin ")" PLUMB_VEGA_SCRIPT R"("
plumb_vega_script_end:
.text
)");

extern "C" const char plumb_vega_script_begin[], plumb_vega_script_end[];

namespace plumb::report {

std::string_view vega_script() { return {plumb_vega_script_begin, plumb_vega_script_end}; }

}  // namespace plumb::report
