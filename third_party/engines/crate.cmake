# ward_engine_crate(FOLDER) sets crate (a path in FOLDER), crate_name, crate_version and crate_digest from the line
# `engines:` of tools/packages.txt.
function(ward_engine_crate folder)
  file(STRINGS ${CMAKE_CURRENT_FUNCTION_LIST_DIR}/../../tools/packages.txt line REGEX "^engines: ")
  if(NOT line MATCHES "^engines: *([^ ]+) ([^ ]+) ([0-9a-f]+)$")
    message(FATAL_ERROR "tools/packages.txt has no one line `engines: name version sha256`")
  endif()
  set(crate_name ${CMAKE_MATCH_1} PARENT_SCOPE)
  set(crate_version ${CMAKE_MATCH_2} PARENT_SCOPE)
  set(crate_digest ${CMAKE_MATCH_3} PARENT_SCOPE)
  set(crate ${folder}/${CMAKE_MATCH_1}-${CMAKE_MATCH_2}.crate PARENT_SCOPE)
endfunction()
