# cmake -DLD= -DNM= -DOBJCOPY= -DAR= -DWORK=FOLDER -DOUT=libward.a -DOBJECTS=a.o;b.o -DARCHIVES=a.a;b.a -P archive.cmake
# One object, in which every name but the functions of ward.h is local. Groups are dissolved, because the linker would
# else drop a template that the program has as well; names that are unique in a process (STB_GNU_UNIQUE) are weakened
# first, because objcopy leaves them global.
function(step)
  execute_process(COMMAND ${ARGN} COMMAND_ERROR_IS_FATAL ANY OUTPUT_VARIABLE output)
  set(output "${output}" PARENT_SCOPE)
endfunction()
set(object ${WORK}/libward.o)
step(${LD} -r --force-group-allocation -o ${object} ${OBJECTS} --start-group ${ARCHIVES} --end-group)
step(${NM} --defined-only --format=posix ${object})
string(REGEX MATCHALL "[^\n]+ u [^\n]+" unique "${output}")
list(TRANSFORM unique REPLACE " .*" "")
list(JOIN unique "\n" unique)
file(WRITE ${WORK}/unique.txt "${unique}\n")
step(${OBJCOPY} --weaken-symbols=${WORK}/unique.txt --strip-debug ${object})
step(${OBJCOPY} --wildcard --keep-global-symbol=ward_* --localize-hidden ${object})
file(REMOVE ${OUT})
step(${AR} qcs ${OUT} ${object})
