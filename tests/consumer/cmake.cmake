# A CMake project that says find_package(gantry) builds and runs.
include(${CMAKE_CURRENT_LIST_DIR}/common.cmake)

set(dir ${work}/cmake-${kind})
file(REMOVE_RECURSE ${dir})
set(options)
if(kind STREQUAL shared)
    # Who uses the shared library need not have what is inside it.
    foreach(package CURL LibArchive PkgConfig)
        list(APPEND options -DCMAKE_DISABLE_FIND_PACKAGE_${package}=ON)
    endforeach()
endif()
list(JOIN flags " " flag_text)
run(${CMAKE_COMMAND} -S ${CMAKE_CURRENT_LIST_DIR}/project -B ${dir} -G ${generator}
    -DCMAKE_PREFIX_PATH=${tree} -DCMAKE_FIND_USE_PACKAGE_REGISTRY=OFF -Dkind=${kind} ${options}
    -DCMAKE_C_COMPILER=${cc} -DCMAKE_CXX_COMPILER=${cxx}
    -DCMAKE_C_FLAGS=${flag_text} -DCMAKE_CXX_FLAGS=${flag_text})
run(${CMAKE_COMMAND} --build ${dir})
foreach(program consumer consumer_cxx)
    check_program(${dir}/${program})
    check_linkage(${dir}/${program} ${kind})
endforeach()
