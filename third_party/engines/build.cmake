# cmake -DCRATE= -DCRATE_DIGEST= -DCC= -DLAUNCHER= -DOUT=FOLDER -P build.cmake: FOLDER/ward_p384.o out of AWS-LC's sources.
# Presets that are built at the same time wait for each other here.
cmake_minimum_required(VERSION 3.25)
file(LOCK ${OUT}.lock GUARD PROCESS)
if(EXISTS ${OUT}/ward_p384.o)
  return()
endif()
file(SHA256 ${CRATE} digest)
if(NOT digest STREQUAL CRATE_DIGEST)
  message(FATAL_ERROR "${CRATE} is not what tools/packages.txt names: remove it, and ./run fetches it again")
endif()

set(work ${OUT}.work)
file(REMOVE_RECURSE ${work})
file(MAKE_DIRECTORY ${work} ${OUT})
set(log ${OUT}/build.log)
file(WRITE ${log} "")

# step COMMAND...: where it fails, the log says why.
function(step)
  execute_process(COMMAND ${ARGN} WORKING_DIRECTORY ${work} OUTPUT_VARIABLE output ERROR_VARIABLE output RESULT_VARIABLE result)
  file(APPEND ${log} "${output}")
  if(NOT result EQUAL 0)
    message(FATAL_ERROR "AWS-LC could not be built: ${log}\n${output}")
  endif()
endfunction()

find_program(LD ld REQUIRED)
find_program(OBJCOPY objcopy REQUIRED)
step(${CMAKE_COMMAND} -E tar xzf ${CRATE})
get_filename_component(name ${CRATE} NAME_WLE)
set(crate ${work}/${name})

# Its own names are prefixed by the headers that the crate has for that, hidden, and cut away below.
set(flags -O2 -g0 -DNDEBUG -fPIC -fvisibility=hidden -ffunction-sections -fdata-sections -fstack-protector-strong
  -fcf-protection=full -D_FORTIFY_SOURCE=2 -ffile-prefix-map=${work}=aws-lc)
list(JOIN flags " " all_flags)
file(STRINGS ${crate}/generated-include/openssl/boringssl_prefix_symbols.h prefix REGEX "^#define BORINGSSL_PREFIX ")
string(REPLACE "#define BORINGSSL_PREFIX " "" prefix "${prefix}")
step(${CMAKE_COMMAND} -E env --unset=CFLAGS --unset=LDFLAGS --unset=NINJA_STATUS ${CMAKE_COMMAND} -G Ninja
  -S ${crate}/aws-lc -B ${work}/build -DCMAKE_C_COMPILER=${CC} -DCMAKE_C_COMPILER_LAUNCHER=${LAUNCHER}
  -DCMAKE_BUILD_TYPE=Release -DCMAKE_C_FLAGS_RELEASE=${all_flags} -DCMAKE_POSITION_INDEPENDENT_CODE=ON
  -DBUILD_SHARED_LIBS=OFF -DBUILD_TESTING=OFF -DBUILD_LIBSSL=OFF -DBUILD_TOOL=OFF -DDISABLE_GO=ON -DDISABLE_PERL=ON
  -DENABLE_SOURCE_MODIFICATION=OFF -DBORINGSSL_PREFIX=${prefix} -DBORINGSSL_PREFIX_HEADERS=${crate}/generated-include)
step(${CMAKE_COMMAND} --build ${work}/build --target crypto)

step(${CC} -std=c11 ${flags} -Wall -Wextra -Werror -I${crate}/generated-include -I${crate}/aws-lc/include
  -c ${CMAKE_CURRENT_LIST_DIR}/ward_p384.c -o ${work}/ward_p384.o)
# One object of what the two functions reach; then every other name becomes the object's own.
step(${LD} -r --gc-sections --entry=ward_p384_verify -u ward_p384_name -o ${work}/all.o ${work}/ward_p384.o
  ${work}/build/crypto/libcrypto.a)
step(${OBJCOPY} --keep-global-symbol=ward_p384_verify --keep-global-symbol=ward_p384_name --strip-debug
  ${work}/all.o ${work}/done.o)
file(RENAME ${work}/done.o ${OUT}/ward_p384.o)
file(REMOVE_RECURSE ${work})
