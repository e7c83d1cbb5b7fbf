# Writes OUTPUT: kSourcesHash, a hash of the files SOURCES.
set(all "")
foreach(file IN LISTS SOURCES)
  file(SHA256 ${file} hash)
  string(APPEND all ${hash})
endforeach()
string(SHA256 hash "${all}")
file(CONFIGURE OUTPUT ${OUTPUT} CONTENT "#pragma once
inline constexpr char kSourcesHash[] = \"${hash}\";
")
