# Compile options shared by everything that is built here; never seen by consumers.

if(GANTRY_BUILD_FUZZERS)
    if(NOT CMAKE_C_COMPILER_ID STREQUAL Clang)
        message(FATAL_ERROR "GANTRY_BUILD_FUZZERS needs clang: configure with CC=clang")
    endif()
    # Everything is built to guide the fuzzers, so give them a build folder of their own.
    set(GANTRY_INSTRUMENTATION "address,undefined,fuzzer-no-link")
else()
    set(GANTRY_INSTRUMENTATION "${GANTRY_SANITIZE}")
endif()

add_library(gantry_options INTERFACE)
target_compile_definitions(gantry_options INTERFACE _POSIX_C_SOURCE=200809L _FILE_OFFSET_BITS=64)
target_compile_options(gantry_options INTERFACE
    -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Wstrict-prototypes -Wvla)
if(GANTRY_WERROR)
    target_compile_options(gantry_options INTERFACE -Werror)
endif()
if(GANTRY_INSTRUMENTATION)
    target_compile_options(gantry_options INTERFACE -fsanitize=${GANTRY_INSTRUMENTATION}
        -fno-omit-frame-pointer -fno-sanitize-recover=all)
    target_link_options(gantry_options INTERFACE -fsanitize=${GANTRY_INSTRUMENTATION})
else()
    # Hardening of what is shipped. Sanitizers bring their own checks.
    target_compile_options(gantry_options INTERFACE
        -fstack-protector-strong -fstack-clash-protection
        $<$<NOT:$<CONFIG:Debug>>:-D_FORTIFY_SOURCE=2>)
    target_link_options(gantry_options INTERFACE -Wl,-z,relro,-z,now,-z,noexecstack)
endif()

# The product's debug information names files as "src/...", wherever they were compiled.
add_library(gantry_reproducible INTERFACE)
target_compile_options(gantry_reproducible INTERFACE
    -ffile-prefix-map=${PROJECT_SOURCE_DIR}/=
    -ffile-prefix-map=${PROJECT_BINARY_DIR}=.)
