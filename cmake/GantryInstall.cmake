# What `cmake --install` puts where. Nothing installed names the build or source folder, and the
# whole tree may be moved: each file finds the others relative to itself.

include(CMakePackageConfigHelpers)

set(GANTRY_CMAKE_DIR ${CMAKE_INSTALL_LIBDIR}/cmake/gantry)

install(DIRECTORY ${PROJECT_SOURCE_DIR}/include/gantry DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}
    FILES_MATCHING PATTERN *.h)

# Two export sets, so that the package can offer the shared library without looking for what only
# the static one needs.
if(TARGET gantry_static)
    install(TARGETS gantry_static EXPORT gantry-static ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
    install(EXPORT gantry-static NAMESPACE gantry:: FILE gantry-static.cmake
        DESTINATION ${GANTRY_CMAKE_DIR})
endif()
if(BUILD_SHARED_LIBS)
    install(TARGETS gantry EXPORT gantry-shared LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR})
    install(EXPORT gantry-shared NAMESPACE gantry:: FILE gantry-shared.cmake
        DESTINATION ${GANTRY_CMAKE_DIR})
endif()

configure_file(${PROJECT_SOURCE_DIR}/cmake/gantry-config.cmake.in
    ${PROJECT_BINARY_DIR}/cmake/gantry-config.cmake @ONLY)
write_basic_package_version_file(${PROJECT_BINARY_DIR}/cmake/gantry-config-version.cmake
    COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/cmake/gantry-config.cmake
    ${PROJECT_BINARY_DIR}/cmake/gantry-config-version.cmake DESTINATION ${GANTRY_CMAKE_DIR})

# ${prefix} of the pkg-config file, seen from its own folder; absolute folders stay as they are.
set(GANTRY_PC_DIR ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
if(IS_ABSOLUTE ${CMAKE_INSTALL_LIBDIR})
    set(GANTRY_PC_PREFIX ${CMAKE_INSTALL_PREFIX})
    set(GANTRY_PC_LIBDIR ${CMAKE_INSTALL_LIBDIR})
else()
    file(RELATIVE_PATH GANTRY_PC_UP /prefix/${GANTRY_PC_DIR} /prefix)
    string(REGEX REPLACE "/$" "" GANTRY_PC_UP "${GANTRY_PC_UP}")
    set(GANTRY_PC_PREFIX "\${pcfiledir}/${GANTRY_PC_UP}")
    set(GANTRY_PC_LIBDIR "\${prefix}/${CMAKE_INSTALL_LIBDIR}")
endif()
if(IS_ABSOLUTE ${CMAKE_INSTALL_INCLUDEDIR})
    set(GANTRY_PC_INCLUDEDIR ${CMAKE_INSTALL_INCLUDEDIR})
else()
    set(GANTRY_PC_INCLUDEDIR "\${prefix}/${CMAKE_INSTALL_INCLUDEDIR}")
endif()
set(GANTRY_PC_DEPENDENCIES "-lcurl -larchive -lyajl -pthread")
if(BUILD_SHARED_LIBS)
    set(GANTRY_PC_LIBS "-L\${libdir} -lgantry")
    set(GANTRY_PC_LIBS_PRIVATE "${GANTRY_PC_DEPENDENCIES}")
else()
    # The only library there is is static.
    set(GANTRY_PC_LIBS "-L\${libdir} -lgantry ${GANTRY_PC_DEPENDENCIES}")
    set(GANTRY_PC_LIBS_PRIVATE "")
endif()
configure_file(${PROJECT_SOURCE_DIR}/src/gantry.pc.in ${PROJECT_BINARY_DIR}/gantry.pc @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/gantry.pc DESTINATION ${GANTRY_PC_DIR})
# Installed by tests/contract, with the suite.
configure_file(${PROJECT_SOURCE_DIR}/tests/contract/gantry-contract.pc.in
    ${PROJECT_BINARY_DIR}/gantry-contract.pc @ONLY)
