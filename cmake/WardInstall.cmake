# What `cmake --install` and `./run install PREFIX` put where. Everything finds its neighbours from where it
# lies itself, so that a prefix may be moved, and DESTDIR works.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)
get_target_property(libward_version ward_shared VERSION)
install(TARGETS ward wardd RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
foreach(program IN ITEMS softd ward-keep)  # a sanitizer's build has none
  if(TARGET ${program})
    install(TARGETS ${program} RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
  endif()
endforeach()
install(TARGETS ward_shared LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR})
if(NOT WARD_SANITIZE AND NOT WARD_COVERAGE)
  install(FILES ${CMAKE_BINARY_DIR}/lib/libward.a DESTINATION ${CMAKE_INSTALL_LIBDIR})
endif()
install(DIRECTORY ${CMAKE_BINARY_DIR}/lib/ DESTINATION ${CMAKE_INSTALL_DATADIR}/ward/python  # where ward_wheel was built
  FILES_MATCHING PATTERN "ward_verifier-${libward_version}-*.whl" PATTERN "ward" EXCLUDE)
install(DIRECTORY include/ward DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} FILES_MATCHING PATTERN "*.h")
install(DIRECTORY demo DESTINATION ${CMAKE_INSTALL_DATADIR}/ward PATTERN "__pycache__" EXCLUDE)
install(FILES LICENSE README.md LIMITATIONS.md THREAT_MODEL.md SECURITY.md CHANGELOG.md ${WARD_ENGINE_LICENCE} ${WARD_REGO_LICENCE}
  DESTINATION ${CMAKE_INSTALL_DOCDIR})
install(DIRECTORY docs examples DESTINATION ${CMAKE_INSTALL_DOCDIR} PATTERN "__pycache__" EXCLUDE)

set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/ward)
set(pc_dir ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
file(RELATIVE_PATH prefix_from_pc /${pc_dir} /)
string(REGEX REPLACE "/$" "" prefix_from_pc "${prefix_from_pc}")
configure_file(lib/ward/ward.pc.in ${CMAKE_BINARY_DIR}/lib/ward/ward.pc @ONLY)
configure_package_config_file(lib/ward/wardConfig.cmake.in ${CMAKE_BINARY_DIR}/lib/ward/wardConfig.cmake
  INSTALL_DESTINATION ${package_dir} PATH_VARS CMAKE_INSTALL_LIBDIR CMAKE_INSTALL_INCLUDEDIR
  NO_CHECK_REQUIRED_COMPONENTS_MACRO)
write_basic_package_version_file(${CMAKE_BINARY_DIR}/lib/ward/wardConfigVersion.cmake
  VERSION ${libward_version} COMPATIBILITY SameMajorVersion)
install(FILES ${CMAKE_BINARY_DIR}/lib/ward/wardConfig.cmake ${CMAKE_BINARY_DIR}/lib/ward/wardConfigVersion.cmake
  DESTINATION ${package_dir})
install(FILES ${CMAKE_BINARY_DIR}/lib/ward/ward.pc DESTINATION ${pc_dir})
