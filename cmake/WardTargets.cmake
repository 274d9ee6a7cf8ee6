# One interface target carries every flag; each library links it privately.
option(WARD_WERROR "Treat warnings as errors" OFF)
option(WARD_HARDEN "Release hardening flags" OFF)
option(WARD_UNITY "Compile libraries in few pieces (ward_in_one_piece)" OFF)
option(WARD_TESTS "Build tests" ON)
option(WARD_FUZZ "Build libFuzzer targets (clang only)" OFF)
option(WARD_COVERAGE "Source-based coverage (clang only)" OFF)
option(WARD_TESTS_APART "One entry of ctest for each test, not for each program" OFF)
set(WARD_TEST_OPTIONS "" CACHE STRING "Options for the tests' own code, not for what they test")
set(WARD_SANITIZE "" CACHE STRING "Value for -fsanitize=")

# Groups that ./run builds: what users run, what tsan needs, the fuzz targets.
add_custom_target(ward_programs)

add_library(ward_flags INTERFACE)
target_compile_features(ward_flags INTERFACE cxx_std_20)
target_compile_options(ward_flags INTERFACE
  -Wall -Wextra -Wpedantic -Wconversion -Wsign-conversion -Wshadow -Wold-style-cast -Wcast-qual
  -Wcast-align -Wformat=2 -Wnon-virtual-dtor -Woverloaded-virtual -Wundef -Wnull-dereference
  -Wimplicit-fallthrough -Wextra-semi -Wswitch-enum -Wvla -Wmissing-declarations -Wdouble-promotion
  -Wno-missing-field-initializers  # designated initialisers leave members at their defaults on purpose
  $<$<CXX_COMPILER_ID:GNU>:-Wduplicated-cond;-Wduplicated-branches;-Wlogical-op;-Wuseless-cast;-Wsuggest-override;-Walloca;-Wbidi-chars=any;-Wtrampolines>
  $<$<CXX_COMPILER_ID:Clang>:-Wthread-safety;-Wunreachable-code-aggressive;-Wcomma;-Wheader-hygiene;-Wmissing-prototypes;-Wshadow-all;-Wassign-enum;-Wctad-maybe-unsupported>
  $<$<BOOL:${WARD_WERROR}>:-Werror>
  -fvisibility=hidden -fvisibility-inlines-hidden -fstack-protector-strong
  -ffile-prefix-map=${CMAKE_SOURCE_DIR}=.)
target_compile_definitions(ward_flags INTERFACE _GLIBCXX_ASSERTIONS)
if(WARD_HARDEN)
  target_compile_options(ward_flags INTERFACE -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3
    -fstack-clash-protection -fcf-protection=full
    $<$<CXX_COMPILER_ID:GNU>:-ftrivial-auto-var-init=zero;-fzero-call-used-regs=used-gpr>
    $<$<CXX_COMPILER_ID:Clang>:-ftrivial-auto-var-init=pattern>)
  target_link_options(ward_flags INTERFACE -Wl,-z,relro,-z,now,-z,noexecstack,-z,separate-code -Wl,--as-needed)
endif()
if(WARD_SANITIZE)
  target_compile_options(ward_flags INTERFACE -fsanitize=${WARD_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
  target_link_options(ward_flags INTERFACE -fsanitize=${WARD_SANITIZE})
endif()
if(WARD_COVERAGE)
  target_compile_options(ward_flags INTERFACE -fprofile-instr-generate -fcoverage-mapping)
  target_link_options(ward_flags INTERFACE -fprofile-instr-generate)
endif()

# ward_tests(NAME LIBS lib ... SOURCES a_test.cc ...): one gtest program, run from the source folder. It is one
# entry of ctest: what its tests share is made once, and five thousand processes are two hundred. tools/cases.py
# counts its tests. COST says about how many seconds it takes where it is long: the longest begin first.
function(ward_tests name)
  cmake_parse_arguments(A "" "COST" "LIBS;SOURCES;LABELS" ${ARGN})
  if(NOT WARD_TESTS)
    return()
  endif()
  add_executable(ward_${name}_test ${A_SOURCES})
  target_compile_options(ward_${name}_test PRIVATE ${WARD_TEST_OPTIONS})
  target_link_libraries(ward_${name}_test PRIVATE ${A_LIBS} ward_test_support ward_flags GTest::gmock_main)
  # One label each: gtest_discover_tests loses the others of a list.
  set(label unit)
  if(A_LABELS)
    list(GET A_LABELS 0 label)
  endif()
  if(WARD_TESTS_APART)
    gtest_discover_tests(ward_${name}_test TEST_PREFIX ${name}. WORKING_DIRECTORY ${CMAKE_SOURCE_DIR}
      DISCOVERY_TIMEOUT 60 PROPERTIES LABELS ${label})
  else()
    if(NOT A_COST)
      set(A_COST 0)
    endif()
    add_test(NAME ${name} COMMAND ward_${name}_test WORKING_DIRECTORY ${CMAKE_SOURCE_DIR})
    set_tests_properties(${name} PROPERTIES LABELS ${label} COST ${A_COST} TIMEOUT 1200
      ENVIRONMENT "GTEST_OUTPUT=xml:${CMAKE_BINARY_DIR}/cases/${name}.xml;GTEST_BRIEF=1")
  endif()
  if("threads" IN_LIST A_LABELS)
    if(NOT TARGET ward_threads_tests)
      add_custom_target(ward_threads_tests)
    endif()
    add_dependencies(ward_threads_tests ward_${name}_test)
  endif()
endfunction()

# ward_fuzz_target(NAME a_fuzz.cc a.cc ...): one libFuzzer target, or the program that replays its seeds.
# Each stands in fuzzers.tsv: target, folder of seeds, the parser's files.
function(ward_fuzz_target name src)
  get_filename_component(stem ${src} NAME_WE)
  set(target ${name}_${stem})
  set(seeds ${CMAKE_CURRENT_SOURCE_DIR}/corpus/${stem})
  if(NOT ARGN)
    message(FATAL_ERROR "${CMAKE_CURRENT_SOURCE_DIR}/${src}: FUZZ names no file of its parser behind it")
  endif()
  set(parsers)
  foreach(parser IN LISTS ARGN)
    string(REGEX REPLACE "!.*" "" file ${parser})
    get_filename_component(path ${parser} ABSOLUTE)
    if(NOT EXISTS ${CMAKE_CURRENT_SOURCE_DIR}/${file})
      message(FATAL_ERROR "${CMAKE_CURRENT_SOURCE_DIR}/${src}: its parser's file ${file} does not exist")
    endif()
    list(APPEND parsers ${path})
  endforeach()
  if(WARD_FUZZ)
    add_executable(${target} ${src})
    target_link_libraries(${target} PRIVATE ward_${name} ward_flags)
    target_link_options(${target} PRIVATE -fsanitize=fuzzer)
    set_property(GLOBAL APPEND PROPERTY WARD_FUZZ_TARGETS ${target})
    get_target_property(type ward_${name} TYPE)
    if(NOT type STREQUAL INTERFACE_LIBRARY)
      target_compile_options(ward_${name} PRIVATE -fsanitize=fuzzer-no-link)
    endif()
  elseif(WARD_TESTS)  # every build replays the committed corpus
    if(NOT TARGET ward_replay_main)
      add_library(ward_replay_main OBJECT ${CMAKE_SOURCE_DIR}/cmake/replay_main.cc)
      target_include_directories(ward_replay_main PRIVATE ${CMAKE_SOURCE_DIR}/src)
      target_link_libraries(ward_replay_main PRIVATE ward_flags)
    endif()
    add_executable(${target}_replay ${src} $<TARGET_OBJECTS:ward_replay_main>)
    target_link_libraries(${target}_replay PRIVATE ward_${name} ward_flags)
    add_test(NAME fuzz.${name}.${stem} COMMAND ${target}_replay ${seeds})
    set_tests_properties(fuzz.${name}.${stem} PROPERTIES LABELS fuzz)
    set_property(GLOBAL APPEND PROPERTY WARD_FUZZ_TARGETS ${target}_replay)
  endif()
  set_property(GLOBAL APPEND_STRING PROPERTY WARD_FUZZERS "${target}\t${seeds}\t${parsers}\n")
endfunction()

# ward_library(NAME SOURCES a.cc DEPS ward_base ... TESTS a_test.cc TEST_LIBS ward_x FUZZ a_fuzz.cc a.cc LABELS threads)
# NAME is the target without "ward_": the library tee/sgx is ward_tee_sgx. Behind each fuzz target stand
# the files of its parser, of which the committed seeds must reach 90 % of the lines (./run coverage);
# a.cc!f!g leaves out functions f and g of a.cc, which are no part of the parser.
function(ward_library name)
  cmake_parse_arguments(A "" "" "SOURCES;DEPS;TESTS;TEST_LIBS;FUZZ;LABELS" ${ARGN})
  if(A_SOURCES)
    add_library(ward_${name} STATIC ${A_SOURCES})
    set(scope PUBLIC)
    target_link_libraries(ward_${name} PRIVATE ward_flags)
  else()
    add_library(ward_${name} INTERFACE)
    set(scope INTERFACE)
  endif()
  target_include_directories(ward_${name} ${scope} ${CMAKE_SOURCE_DIR}/src ${CMAKE_SOURCE_DIR})
  target_link_libraries(ward_${name} ${scope} ${A_DEPS})
  if(A_TESTS)
    ward_tests(${name} LIBS ward_${name} ${A_TEST_LIBS} SOURCES ${A_TESTS} LABELS ${A_LABELS})
  endif()
  set(fuzz)
  foreach(src IN LISTS A_FUZZ ITEMS _fuzz.cc)  # the last item ends the last target
    if(src MATCHES "_fuzz\\.cc$")
      if(fuzz)
        ward_fuzz_target(${name} ${fuzz})
      endif()
      set(fuzz ${src})
    elseif(NOT fuzz)
      message(FATAL_ERROR "${CMAKE_CURRENT_SOURCE_DIR}: FUZZ begins with ${src}, which is no fuzz target")
    else()
      list(APPEND fuzz ${src})
    endif()
  endforeach()
endfunction()

# ward_program(NAME SOURCES main.cc DEPS ward_x ...): a binary that users run, in <build>/bin.
function(ward_program name)
  cmake_parse_arguments(A "" "" "SOURCES;DEPS" ${ARGN})
  add_executable(${name} ${A_SOURCES})
  target_link_libraries(${name} PRIVATE ${A_DEPS} ward_flags)
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bin)
  add_dependencies(ward_programs ${name})
endfunction()

# ward_static_program(NAME SOURCES main.cc LIBS ward_x ... SYSTEM libssl.a ...): a program without
# any shared library, as it runs in a keep's own root. LIBS are our archives, named one by one:
# their targets would bring OpenSSL's shared libraries along. Not for sanitizers, which need theirs.
function(ward_static_program name)
  cmake_parse_arguments(A "" "" "SOURCES;LIBS;SYSTEM" ${ARGN})
  add_executable(${name} ${A_SOURCES})
  target_include_directories(${name} PRIVATE ${CMAKE_SOURCE_DIR}/src ${CMAKE_SOURCE_DIR})
  set(archives)
  foreach(lib IN LISTS A_LIBS)
    list(APPEND archives $<TARGET_FILE:${lib}>)
    add_dependencies(${name} ${lib})
  endforeach()
  target_link_libraries(${name} PRIVATE ward_flags
    -Wl,--start-group ${archives} ${A_SYSTEM} -Wl,--end-group ${CMAKE_DL_LIBS} Threads::Threads)
  set_property(TARGET ${name} PROPERTY POSITION_INDEPENDENT_CODE)  # unset: CMake would add -pie
  target_compile_options(${name} PRIVATE -fPIE)
  target_link_options(${name} PRIVATE -static-pie -Wl,--strip-debug)  # it is copied at each start
  set_property(TARGET ${name} APPEND PROPERTY LINK_DEPENDS ${archives})
endfunction()

# ward_in_one_piece(NAME [FILES...]): the library is compiled in few pieces but for these files, which
# hold the same names as others or must be linked alone. `ward verify` waits for these libraries on a
# new machine, and most of a piece's time are headers. In the presets that CI builds (release, asan, tsan):
# clang-tidy wants each file's own command, and a change compiles less without.
function(ward_in_one_piece name)
  if(WARD_UNITY)
    set_target_properties(ward_${name} PROPERTIES UNITY_BUILD ON)
    set_source_files_properties(${ARGN} PROPERTIES SKIP_UNITY_BUILD_INCLUSION ON)
  endif()
endfunction()
