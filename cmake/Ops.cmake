# Ops.cmake - the list of ops (impl/ops.txt) and what each must have.
#
# Sets PLUMB_OPS. Stops when a file of an op is missing, and names it. Writes golden/ops/list.inc, a
# line PLUMB_OP(<op>) for each, into the folder of generated headers.
file(STRINGS ${CMAKE_SOURCE_DIR}/impl/ops.txt PLUMB_OPS REGEX "^[a-z]")
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/impl/ops.txt)
set(_unique ${PLUMB_OPS})
list(REMOVE_DUPLICATES _unique)
if(NOT _unique STREQUAL PLUMB_OPS)
  message(FATAL_ERROR "impl/ops.txt names an op twice: ${PLUMB_OPS}")
endif()
set(_missing "")
set(_lines "")
foreach(op IN LISTS PLUMB_OPS)
  foreach(path impl/ops/${op}.h impl/ops/${op}.cu reference/ops/${op}.cpp golden/ops/${op}.cpp golden/ops/${op}/cases.json
          property_tests/ops/${op}.cpp property_tests/mutants/ops/${op}.json bench/ops/${op}.cpp)
    if(NOT EXISTS ${CMAKE_SOURCE_DIR}/${path})
      string(APPEND _missing "  ${path}\n")
    endif()
  endforeach()
  string(APPEND _lines "PLUMB_OP(${op})\n")
endforeach()
if(_missing)
  message(FATAL_ERROR "files of ops in impl/ops.txt are missing (CONTRIBUTING.md, 'Add an op'):\n${_missing}")
endif()
file(CONFIGURE OUTPUT ${CMAKE_BINARY_DIR}/generated/golden/ops/list.inc CONTENT "${_lines}" @ONLY)
