# One interface target carries every flag; each library links it privately.
option(WARD_WERROR "Treat warnings as errors" OFF)
option(WARD_HARDEN "Release hardening flags" OFF)
option(WARD_UNITY "Compile libraries in few pieces (ward_in_one_piece)" OFF)
option(WARD_PCH "Read the headers of the standard library once for each kind of object (ward_precompiled)" OFF)
option(WARD_TESTS "Build tests" ON)
option(WARD_FUZZ "Build libFuzzer targets (clang only)" OFF)
option(WARD_COVERAGE "Source-based coverage (clang only)" OFF)
option(WARD_TESTS_APART "One entry of ctest for each test, not for each program" OFF)
set(WARD_TEST_OPTIONS "" CACHE STRING "Options for the tests' own code, not for what they test")
set(WARD_LONG_TEST_OPTIONS "" CACHE STRING "The same for tests that take long; empty: WARD_TEST_OPTIONS")
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
  target_compile_options(ward_flags INTERFACE -U_FORTIFY_SOURCE
    $<$<NOT:$<BOOL:$<TARGET_PROPERTY:WARD_IS_TEST>>>:-D_FORTIFY_SOURCE=3>  # glibc has it of optimised code alone
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

# The headers that most sources include: std's, and those of tests. `./run lint headers` (tools/includes.py) sees that
# a source names those of them that it uses, because it compiles without that here. None of ours: what is in them,
# and the order in which they need each other, is each source's own.
set(ward_std_headers algorithm array charconv chrono cstddef cstdint cstdlib functional limits map memory optional set span string
  string_view system_error utility variant vector)
set(ward_test_headers atomic condition_variable filesystem fstream mutex sstream thread gtest/gtest.h)

# ward_precompiled(TARGET KIND): the target's sources are given the precompiled headers of its kind, which is what
# decides over the flags: library (-fPIC), program (-fPIE) or test (-fPIE, WARD_TEST_OPTIONS). Compilers refuse them
# where flags differ, and -Winvalid-pch says so. In the presets that CI builds (release, asan, tsan), where headers are half
# of the time; in the others each source compiles by itself. Not for g++'s optimised code: with precompiled
# headers g++ 12 forgets their `#pragma GCC diagnostic`, and warns of what libstdc++ knows to be false (char_traits.h,
# -Warray-bounds).
function(ward_precompiled target kind)
  if(NOT WARD_PCH OR (CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND NOT kind STREQUAL "test"))
    return()
  endif()
  set(of ward_headers_of_${kind})
  if(NOT TARGET ${of})
    add_library(${of} OBJECT ${CMAKE_SOURCE_DIR}/cmake/precompiled.cc)
    target_link_libraries(${of} PRIVATE ward_flags)
    target_compile_options(${of} PRIVATE  # so that ccache takes it
      "$<$<CXX_COMPILER_ID:Clang>:SHELL:-Xclang -fno-pch-timestamp>")
    set(headers ${ward_std_headers})
    if(NOT kind STREQUAL "library")
      set_property(TARGET ${of} PROPERTY POSITION_INDEPENDENT_CODE)  # unset: CMake knows -fPIE only of programs
      target_compile_options(${of} PRIVATE -fPIE)
    endif()
    if(kind STREQUAL "test")
      set_property(TARGET ${of} PROPERTY WARD_IS_TEST ON)
      target_compile_options(${of} PRIVATE ${WARD_TEST_OPTIONS})
      target_link_libraries(${of} PRIVATE GTest::gtest)
      list(APPEND headers ${ward_test_headers})
    endif()
    list(TRANSFORM headers REPLACE "(.+)" "<\\1>")
    target_precompile_headers(${of} PRIVATE ${headers})
  endif()
  target_precompile_headers(${target} REUSE_FROM ${of})
endfunction()

# ward_test_code(TARGET [LONG]): the target's own code is a test's. LONG: one that runs for so long that it is worth
# optimising.
function(ward_test_code target)
  if("LONG" IN_LIST ARGN AND WARD_LONG_TEST_OPTIONS)
    target_compile_options(${target} PRIVATE ${WARD_LONG_TEST_OPTIONS})
    return()
  endif()
  set_property(TARGET ${target} PROPERTY WARD_IS_TEST ON)
  target_compile_options(${target} PRIVATE ${WARD_TEST_OPTIONS})
  ward_precompiled(${target} test)
endfunction()

# ward_tests(NAME LIBS lib ... SOURCES a_test.cc ...): one gtest program, run from the source folder. It is one
# entry of ctest: what its tests share is made once, and five thousand processes are two hundred. tools/cases.py
# counts its tests. COST says about how many seconds it takes where it is long: the longest begin first.
function(ward_tests name)
  cmake_parse_arguments(A "" "COST" "LIBS;SOURCES;LABELS" ${ARGN})
  if(NOT WARD_TESTS)
    return()
  endif()
  add_executable(ward_${name}_test ${A_SOURCES})
  target_link_libraries(ward_${name}_test PRIVATE ${A_LIBS} ward_test_support ward_flags GTest::gmock_main)
  set(long)
  if(A_COST)
    set(long LONG)
  endif()
  ward_test_code(ward_${name}_test ${long})
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
    ward_precompiled(${target}_replay program)
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
    ward_precompiled(ward_${name} library)
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
  ward_precompiled(${name} program)
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
