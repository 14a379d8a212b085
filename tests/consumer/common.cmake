# What the scripts of these tests share.

# Run a command; its output is shown when it fails. In the caller: `output`.
function(run)
    execute_process(COMMAND ${ARGN} RESULT_VARIABLE result OUTPUT_VARIABLE text ERROR_VARIABLE text)
    if(NOT result EQUAL 0)
        list(JOIN ARGN " " line)
        message(FATAL_ERROR "failed (${result}): ${line}\n${text}")
    endif()
    set(output "${text}" PARENT_SCOPE)
endfunction()

# A program of ours says who it is and that no engine answers at a place that is not there.
function(check_program program)
    run(${program})
    foreach(expected "version ${version}" "UNAVAILABLE" "/nonexistent/gantry.sock")
        string(FIND "${output}" "${expected}" at)
        if(at EQUAL -1)
            message(FATAL_ERROR "${program}: no \"${expected}\" in its output:\n${output}")
        endif()
    endforeach()
endfunction()

# Whether a program loads libgantry.so is what the linkages differ in.
function(check_linkage program kind)
    run(ldd ${program})
    string(FIND "${output}" "libgantry.so" at)
    if(kind STREQUAL shared AND at EQUAL -1)
        message(FATAL_ERROR "${program} does not use the shared library:\n${output}")
    elseif(kind STREQUAL static AND NOT at EQUAL -1)
        message(FATAL_ERROR "${program} uses the shared library:\n${output}")
    endif()
endfunction()
