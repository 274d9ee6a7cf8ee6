# cmake -DCARGO= -DSOURCE= -DTARGET=FOLDER -DOUT=FOLDER -P build.cmake: OUT/ward_rego.o. Presets that are built at the same
# time wait for each other here.
cmake_minimum_required(VERSION 3.25)
file(LOCK ${TARGET}.lock GUARD PROCESS)
if(EXISTS ${OUT}/ward_rego.o)
  return()
endif()
file(MAKE_DIRECTORY ${OUT})
set(log ${OUT}/build.log)
file(WRITE ${log} "")

# step COMMAND...: where it fails, the log says why.
function(step)
  execute_process(COMMAND ${ARGN} WORKING_DIRECTORY ${OUT} OUTPUT_VARIABLE output ERROR_VARIABLE output RESULT_VARIABLE result)
  file(APPEND ${log} "${output}")
  if(NOT result EQUAL 0)
    message(FATAL_ERROR "regorus could not be built: ${log}\n${output}")
  endif()
endfunction()

find_program(LD ld REQUIRED)
find_program(OBJCOPY objcopy REQUIRED)
# Debian's cargo finds its own rustc beside it.
get_filename_component(bin ${CARGO} DIRECTORY)
step(${CMAKE_COMMAND} -E env --unset=RUSTC_WRAPPER --unset=CARGO_BUILD_TARGET CARGO_TARGET_DIR=${TARGET} PATH=${bin}:$ENV{PATH}
  "RUSTFLAGS=-Crelocation-model=pic --remap-path-prefix=${SOURCE}=rego"
  ${CARGO} build --release --locked --offline --manifest-path ${SOURCE}/Cargo.toml)

# One object; then every other name becomes the object's own.
set(names ward_rego_load ward_rego_evaluate ward_rego_explain ward_rego_free_policy ward_rego_free_text ward_rego_name)
list(TRANSFORM names PREPEND "-u" OUTPUT_VARIABLE wanted)
list(TRANSFORM names PREPEND "--keep-global-symbol=" OUTPUT_VARIABLE kept)
step(${LD} -r --gc-sections ${wanted} -o ${OUT}/all.o ${TARGET}/release/libward_rego.a)
step(${OBJCOPY} ${kept} --strip-debug --remove-section=.llvmbc --remove-section=.llvmcmd
  ${OUT}/all.o ${OUT}/done.o)
file(REMOVE ${OUT}/all.o)
file(RENAME ${OUT}/done.o ${OUT}/ward_rego.o)
