# VegaScript.cmake - one script out of the distribution's Vega (package libjs-vega) and the page's own.
#
# The package holds Vega's modules, each a UMD file that asks for others by `require`, and no bundle
# of them. Run as:  cmake -DVEGA=<folder> "-DOWN=<vega.js>;<another>" -DOUT=<file> -P VegaScript.cmake
# Starts from the modules that vega.js loads and takes in whatever they require. Stops when one is
# missing.
cmake_minimum_required(VERSION 3.25)
set(_wanted vega-dataflow vega-parser vega-view vega-transforms vega-view-transforms vega-encode)
set(_script "const plumblineModules = {};\n")
set(_done "")
while(_wanted)
  list(POP_FRONT _wanted _name)
  if(_name IN_LIST _done)
    continue()
  endif()
  list(APPEND _done ${_name})
  set(_file "${VEGA}/${_name}.min.js")
  if(NOT EXISTS "${_file}" AND _name MATCHES "^(.*)s$")  # vega-selections lies in vega-selection.min.js
    set(_file "${VEGA}/${CMAKE_MATCH_1}.min.js")
  endif()
  if(NOT EXISTS "${_file}")
    message(FATAL_ERROR "${VEGA} has no ${_name}.min.js: is the package libjs-vega whole? (ci/setup installs it)")
  endif()
  file(READ "${_file}" _text)
  string(REGEX REPLACE "//# sourceMappingURL=[^\n]*" "" _text "${_text}")
  string(REPLACE "</script" "<\\/script" _text "${_text}")
  string(APPEND _script "plumblineModules[\"${_name}\"] = function (exports, module, require) {\n${_text}\n};\n")
  string(REGEX MATCHALL "require\\(\"[a-z0-9-]+\"\\)" _calls "${_text}")
  foreach(_call IN LISTS _calls)
    string(REGEX REPLACE "require\\(\"(.*)\"\\)" "\\1" _needed "${_call}")
    list(APPEND _wanted ${_needed})
  endforeach()
endwhile()
foreach(_file IN LISTS OWN)
  file(READ "${_file}" _text)
  string(APPEND _script "${_text}")
endforeach()
file(WRITE "${OUT}" "${_script}")
