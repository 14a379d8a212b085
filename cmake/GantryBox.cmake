# The box (src/box): a static program without a C library, for the architecture that is built for
# and each other that there is a compiler for: GCC's cross compilers, or clang with lld. It has
# flags of its own alone, so it comes out the same whatever the build is for. The programs go into
# a C file, gantry_box(OUT) names it.

set(GANTRY_BOX_SOURCES clear.c directory.c fail.c memory.c pack.c pause.c start.c tar_read.c
    tar_write.c text.c unpack.c xattr.c)
list(TRANSFORM GANTRY_BOX_SOURCES PREPEND ${PROJECT_SOURCE_DIR}/src/box/)
file(GLOB GANTRY_BOX_HEADERS CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/src/box/*.h)
set(GANTRY_BOX_FLAGS -std=c11 -Os -Wall -Wextra -Wpedantic -Wconversion -Wshadow
    -Wstrict-prototypes -Wvla -ffreestanding -fno-builtin -fno-lto -fno-pic -fno-pie
    -fno-stack-protector -fno-asynchronous-unwind-tables -fno-unwind-tables -fno-ident -g0
    -ffunction-sections -static -nostdlib -nostartfiles -Wl,--build-id=none -Wl,-z,noexecstack
    -Wl,-z,noseparate-code -Wl,-z,norelro -Wl,--gc-sections -Wl,-s)
if(GANTRY_WERROR)
    list(APPEND GANTRY_BOX_FLAGS -Werror)
endif()

# gantry_box_works(OUT COMMAND...): whether a compiler makes the program.
function(gantry_box_works out)
    execute_process(COMMAND ${ARGN} ${GANTRY_BOX_FLAGS} -Wno-error
        -o ${PROJECT_BINARY_DIR}/CMakeFiles/box.try ${GANTRY_BOX_SOURCES}
        RESULT_VARIABLE code OUTPUT_QUIET ERROR_QUIET)
    if(code EQUAL 0)
        set(${out} TRUE PARENT_SCOPE)
    else()
        set(${out} FALSE PARENT_SCOPE)
    endif()
endfunction()

# gantry_box_compiler(OUT MACHINE): the command, or "".
function(gantry_box_compiler out machine)
    set(${out} "" PARENT_SCOPE)
    set(tries "")
    set(system ${CMAKE_SYSTEM_PROCESSOR})
    string(REGEX REPLACE "^(amd64|AMD64)$" "x86_64" system "${system}")
    string(REGEX REPLACE "^arm64$" "aarch64" system "${system}")
    find_program(GANTRY_BOX_GCC_${machine} ${machine}-linux-gnu-gcc)
    find_program(GANTRY_BOX_CLANG NAMES clang)
    find_program(GANTRY_BOX_LLD NAMES ld.lld)
    mark_as_advanced(GANTRY_BOX_GCC_${machine} GANTRY_BOX_CLANG GANTRY_BOX_LLD)
    if(system STREQUAL machine)
        list(APPEND tries "${CMAKE_C_COMPILER}")
    endif()
    if(GANTRY_BOX_GCC_${machine})
        list(APPEND tries "${GANTRY_BOX_GCC_${machine}}")
    endif()
    if(GANTRY_BOX_CLANG AND GANTRY_BOX_LLD)
        list(APPEND tries "${GANTRY_BOX_CLANG}|--target=${machine}-linux-gnu|-fuse-ld=lld")
    endif()
    foreach(try IN LISTS tries)
        string(REPLACE "|" ";" command "${try}")
        gantry_box_works(works ${command})
        if(works)
            set(${out} "${command}" PARENT_SCOPE)
            return()
        endif()
    endforeach()
endfunction()

function(gantry_box out)
    set(folder ${PROJECT_BINARY_DIR}/box)
    file(MAKE_DIRECTORY ${folder})
    set(programs "")
    set(pairs "")
    # The machine as compilers call it, and as engines do.
    foreach(row x86_64:amd64 aarch64:arm64 riscv64:riscv64)
        string(REGEX MATCH "^(.*):(.*)$" row "${row}")
        set(machine ${CMAKE_MATCH_1})
        set(name ${CMAKE_MATCH_2})
        gantry_box_compiler(command ${machine})
        if(NOT command)
            continue()
        endif()
        add_custom_command(OUTPUT ${folder}/box-${name}
            COMMAND ${command} ${GANTRY_BOX_FLAGS} -o ${folder}/box-${name} ${GANTRY_BOX_SOURCES}
            DEPENDS ${GANTRY_BOX_SOURCES} ${GANTRY_BOX_HEADERS}
            COMMENT "Making the box for ${name}" VERBATIM)
        list(APPEND programs ${folder}/box-${name})
        list(APPEND names ${name})
    endforeach()
    list(JOIN names ", " shown)
    message(STATUS "The box is made for: ${shown}")
    list(JOIN names "," joined)
    add_custom_command(OUTPUT ${folder}/box_programs.c
        COMMAND ${CMAKE_COMMAND} -DNAMES=${joined} -DFOLDER=${folder}
            -P ${PROJECT_SOURCE_DIR}/cmake/box_embed.cmake
        DEPENDS ${programs} ${PROJECT_SOURCE_DIR}/cmake/box_embed.cmake VERBATIM)
    set(${out} ${folder}/box_programs.c PARENT_SCOPE)
endfunction()
