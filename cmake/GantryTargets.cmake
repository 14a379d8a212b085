# Compile options shared by everything that is built here; never seen by consumers.

add_library(gantry_options INTERFACE)
target_compile_definitions(gantry_options INTERFACE _POSIX_C_SOURCE=200809L _FILE_OFFSET_BITS=64)
target_compile_options(gantry_options INTERFACE
    -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Wstrict-prototypes -Wvla)
if(GANTRY_WERROR)
    target_compile_options(gantry_options INTERFACE -Werror)
endif()
if(GANTRY_SANITIZE)
    target_compile_options(gantry_options INTERFACE
        -fsanitize=${GANTRY_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
    target_link_options(gantry_options INTERFACE -fsanitize=${GANTRY_SANITIZE})
else()
    # Hardening of what is shipped. Sanitizers bring their own checks.
    target_compile_options(gantry_options INTERFACE
        -fstack-protector-strong -fstack-clash-protection
        $<$<NOT:$<CONFIG:Debug>>:-D_FORTIFY_SOURCE=2>)
    target_link_options(gantry_options INTERFACE -Wl,-z,relro,-z,now,-z,noexecstack)
endif()
