// assets.cpp - the files' bytes, put into the program by the assembler. PLUMB_PAGE_STYLE is
// page.css, PLUMB_PAGE_SCRIPT what cmake/VegaScript.cmake made.
#include "reports/assets.h"

asm(R"(
.section .rodata
plumb_page_style_begin:
.incbin ")" PLUMB_PAGE_STYLE R"("
plumb_page_style_end:
plumb_page_script_begin:
.incbin ")" PLUMB_PAGE_SCRIPT R"("
plumb_page_script_end:
.text
)");

extern "C" const char plumb_page_style_begin[], plumb_page_style_end[], plumb_page_script_begin[],
    plumb_page_script_end[];

namespace plumb::report {

std::string_view page_style() { return {plumb_page_style_begin, plumb_page_style_end}; }
std::string_view page_script() { return {plumb_page_script_begin, plumb_page_script_end}; }

}  // namespace plumb::report
