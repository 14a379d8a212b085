# An author of backends installs the kit, builds against it and runs it: it passes what is right and
# finds what is wrong.
include(${CMAKE_CURRENT_LIST_DIR}/common.cmake)

# The installed tree with the kit in it, somewhere else than the one without.
set(stage ${work}/contract-stage)
set(kit ${work}/contract-tree)
set(dir ${work}/contract)
file(REMOVE_RECURSE ${stage} ${kit} ${dir})
set(ENV{DESTDIR} ${stage})
run(${CMAKE_COMMAND} --install ${build} --prefix /opt/gantry --component contract)
unset(ENV{DESTDIR})
file(GLOB_RECURSE found RELATIVE ${stage}/opt/gantry ${stage}/opt/gantry/*)
list(FILTER found EXCLUDE REGEX "/gantry-contract-[a-z]+\\.cmake$")
set(expected ${includedir}/gantry/contract.h ${libdir}/cmake/gantry/gantry-contract.cmake
    ${libdir}/libgantry-contract.a ${libdir}/pkgconfig/gantry-contract.pc)
list(SORT found)
list(SORT expected)
if(NOT found STREQUAL expected)
    message(FATAL_ERROR "installed: ${found}\nexpected:  ${expected}")
endif()
file(GLOB_RECURSE found ${stage}/*)
if(flags) # sanitizers note where the sources are
    list(FILTER found EXCLUDE REGEX "\\.a$")
endif()
foreach(file IN LISTS found)
    execute_process(COMMAND grep -qF -- ${source} ${file} RESULT_VARIABLE result)
    if(result EQUAL 0)
        message(FATAL_ERROR "${file} contains ${source}")
    endif()
endforeach()
file(COPY ${tree}/ DESTINATION ${kit})
file(COPY ${stage}/opt/gantry/ DESTINATION ${kit})

# It brings no name that could be the program's.
find_program(nm nm REQUIRED)
run(${nm} -g --defined-only ${kit}/${libdir}/libgantry-contract.a)
string(REGEX MATCHALL "[0-9a-f]+ [TDBRVC] [^\n]+" names "${output}")
list(FILTER names EXCLUDE REGEX " [TDBRVC] (contract_|gantry_contract_|__|_?asan|_?tsan)")
if(names)
    message(FATAL_ERROR "names without the suite's prefix: ${names}")
endif()

# A backend of somebody else.
file(GLOB sources ${source}/examples/memory_*.[ch])
file(COPY ${sources} DESTINATION ${dir}/boxes)
file(READ ${dir}/boxes/memory_backend.c text)
string(REPLACE "\"memory\"" "\"boxes\"" text "${text}")
file(WRITE ${dir}/boxes/memory_backend.c "${text}")

list(JOIN flags " " flag_text)
run(${CMAKE_COMMAND} -S ${CMAKE_CURRENT_LIST_DIR}/contract -B ${dir}/build -G ${generator}
    -DCMAKE_PREFIX_PATH=${kit} -DCMAKE_FIND_USE_PACKAGE_REGISTRY=OFF -Dboxes=${dir}/boxes
    -DCMAKE_C_COMPILER=${cc} "-DCMAKE_C_FLAGS=${flag_text} -Wall -Wextra -Werror")
run(${CMAKE_COMMAND} --build ${dir}/build)

# Its header compiles alone, without a warning and without padding.
foreach(language c11 c++17)
    set(compiler ${cc})
    set(word c)
    if(language MATCHES "c\\+\\+")
        set(compiler ${cxx})
        set(word c++)
    endif()
    run(${compiler} -std=${language} -x ${word} -Wall -Wextra -Wpedantic -Wpadded -Werror
        -fsyntax-only -I${kit}/${includedir} ${kit}/${includedir}/gantry/contract.h)
endforeach()

# Nothing of the environment of our own tests.
foreach(variable BUSYBOX FILTER REGISTRY DOCKER PODMAN)
    unset(ENV{GANTRY_TEST_${variable}})
endforeach()

# ends STATUS WORDS COMMAND...: a program's status, and what it says.
function(ends status words)
    execute_process(COMMAND ${ARGN} RESULT_VARIABLE result OUTPUT_VARIABLE text ERROR_VARIABLE text)
    if(NOT result EQUAL status OR NOT text MATCHES "${words}")
        message(FATAL_ERROR "${ARGN}: ${result}, not ${status} with \"${words}\"\n${text}")
    endif()
endfunction()

set(boxes ${dir}/build/boxes)
ends(0 "OK \\] missing_container_is_not_found" ${boxes})
ends(0 "OK \\]" ${boxes} volumes images)
ends(0 "buildkit" ${boxes} --groups)
ends(0 "TAIL_COUNTS_PIECES\n    elsewhere: " ${boxes} --differences)
ends(2 "no such group: nothing" ${boxes} nothing)
ends(2 "none named TAIL_COUNTS_SHEEP" ${boxes} unknown-difference)
ends(0 "cleaned up often" ${boxes} known-difference)
ends(1 "does not run processes" ${boxes} claims-processes)
ends(0 "LEFT OUT. threads/.*[1-9][0-9]+ tests were run on boxes, [1-9] left out" ${boxes} leave-out)
ends(1 "teardown failed" ${boxes} unclean)

# One fault each; the words are the names of tests that must see it.
set(broken ${dir}/build/broken)
ends(0 "OK \\]" ${broken} none)
ends(1 "FAILED  . force_takes_the_users_along" ${broken} remove)
ends(1 "FAILED  . list_finds_by_name_and_label" ${broken} list)
ends(1 "FAILED  . missing_container_is_not_found" ${broken} message)
ends(1 "FAILED  . list_finds_by_name_and_label" ${broken} labels)
ends(1 "FAILED  . triggered_token_cancels" ${broken} deaf)

file(GLOB plugin ${dir}/build/libboxes_plugin.*)
if(NOT flags) # sanitizers keep what was loaded
    ends(0 "unloaded" ${dir}/build/plugin ${plugin})
endif()

# And with pkg-config.
set(ENV{PKG_CONFIG_PATH} ${kit}/${libdir}/pkgconfig)
run(${pkgconfig} --cflags --libs gantry-contract)
separate_arguments(words UNIX_COMMAND "${output}")
file(GLOB sources ${dir}/boxes/*.c)
run(${cc} -std=c11 -D_POSIX_C_SOURCE=200809L ${flags} -I${dir}/boxes
    ${CMAKE_CURRENT_LIST_DIR}/contract/boxes.c ${sources} -o ${dir}/by-pkgconfig ${words})
set(ENV{LD_LIBRARY_PATH} ${kit}/${libdir})
ends(0 "OK \\]" ${dir}/by-pkgconfig volumes)
