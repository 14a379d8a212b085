# The suite as a kit for authors of backends: library, header, package files. It is a component of its
# own, which a plain installation leaves out unless GANTRY_INSTALL_CONTRACT says otherwise:
#     cmake --install BUILD --component contract

set(kit COMPONENT contract)
if(NOT GANTRY_INSTALL_CONTRACT)
    list(APPEND kit EXCLUDE_FROM_ALL)
endif()
set_target_properties(gantry_contract PROPERTIES OUTPUT_NAME gantry-contract EXPORT_NAME contract
    POSITION_INDEPENDENT_CODE ON)
target_include_directories(gantry_contract INTERFACE $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
add_library(gantry::contract ALIAS gantry_contract)

install(TARGETS gantry_contract EXPORT gantry-contract
    ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR} ${kit})
install(EXPORT gantry-contract NAMESPACE gantry:: FILE gantry-contract.cmake
    DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/gantry ${kit})
install(FILES ${CMAKE_CURRENT_SOURCE_DIR}/include/gantry/contract.h
    DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/gantry ${kit})
install(FILES ${PROJECT_BINARY_DIR}/gantry-contract.pc
    DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig ${kit})
