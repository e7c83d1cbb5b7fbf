# Testing.cmake - one way to add a test: the target, the CTest name and its labels are the same words.
#
#   plumb_test(<name> LABELS <label>... SOURCES <file>... [LIBRARIES <target>...] [ARGUMENTS <arg>...])
#     builds plumb.test.<name> over GoogleTest and registers it as one CTest test of that name; SHARDS <n>: as n
#     tests <name>.1 ... that share its cases
#   plumb_script_test(<name> LABELS <label>... COMMAND <command>...)
#     registers a script as plumb.test.<name>
find_package(GTest REQUIRED)

function(plumb_test name)
  cmake_parse_arguments(ARG "" "SHARDS" "LABELS;SOURCES;LIBRARIES;ARGUMENTS" ${ARGN})
  set(target plumb.test.${name})
  add_executable(${target} ${ARG_SOURCES})
  target_link_libraries(${target} PRIVATE plumb.flags ${ARG_LIBRARIES} GTest::gtest GTest::gtest_main)
  if(NOT ARG_SHARDS)
    add_test(NAME ${target} COMMAND ${target} ${ARG_ARGUMENTS})
    set_tests_properties(${target} PROPERTIES LABELS "${ARG_LABELS}" TIMEOUT 900)
    return()
  endif()
  foreach(shard RANGE 1 ${ARG_SHARDS})
    math(EXPR index "${shard} - 1")
    add_test(NAME ${target}.${shard} COMMAND ${target} ${ARG_ARGUMENTS})
    set_tests_properties(${target}.${shard} PROPERTIES LABELS "${ARG_LABELS}" TIMEOUT 900
      ENVIRONMENT "GTEST_TOTAL_SHARDS=${ARG_SHARDS};GTEST_SHARD_INDEX=${index}")
  endforeach()
endfunction()

function(plumb_script_test name)
  cmake_parse_arguments(ARG "" "" "LABELS;COMMAND" ${ARGN})
  add_test(NAME plumb.test.${name} COMMAND ${ARG_COMMAND} WORKING_DIRECTORY ${CMAKE_SOURCE_DIR})
  set_tests_properties(plumb.test.${name} PROPERTIES LABELS "${ARG_LABELS}" TIMEOUT 900)
endfunction()
