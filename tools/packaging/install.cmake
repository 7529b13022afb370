# What cmake --install installs besides the programs and their man pages, and what cpack packs;
# included by the top CMakeLists.txt.
set(SPINE_DATADIR ${CMAKE_INSTALL_DATADIR}/spine-mpi)

# --- The library ------------------------------------------------------------------------------------

set(SPINE_SOVERSION ${PROJECT_VERSION_MAJOR}.${PROJECT_VERSION_MINOR})
set_target_properties(spine_shared PROPERTIES VERSION ${PROJECT_VERSION} SOVERSION ${SPINE_SOVERSION})
install(TARGETS spine spine_shared
  ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR} LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(DIRECTORY include/spine DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} FILES_MATCHING PATTERN "*.h")

# The libraries that the static one needs, as files and flags.
get_target_property(cblas spine_cblas INTERFACE_LINK_LIBRARIES)
if(cblas STREQUAL "PkgConfig::SPINE_CBLAS")
  set(cblas ${SPINE_CBLAS_LINK_LIBRARIES})
endif()
set(SPINE_CONFIG_PRIVATE ${cblas} ${MPI_C_LIBRARIES} ${HDF5_C_LIBRARIES} ${INIH_LINK_LIBRARIES}
  ${ZLIB_LINK_LIBRARIES} ${ZSTD_LINK_LIBRARIES} ${LZMA_LINK_LIBRARIES} ${ZIP_LINK_LIBRARIES}
  ${CJSON_LINK_LIBRARIES} ${XXHASH_LINK_LIBRARIES} ${HWLOC_LINK_LIBRARIES} ${BZIP2_LIBRARIES}
  ${UNISTRING_LIBRARY} ${LIBLINEAR_LIBRARY} ${OpenMP_C_FLAGS} -pthread -lm)
list(REMOVE_DUPLICATES SPINE_CONFIG_PRIVATE)
list(JOIN SPINE_CONFIG_PRIVATE " " SPINE_PC_PRIVATE)

set(SPINE_CONFIG_DIR ${CMAKE_INSTALL_LIBDIR}/cmake/spine)
file(RELATIVE_PATH SPINE_CONFIG_UP /${SPINE_CONFIG_DIR} /)
configure_file(tools/packaging/spine-config.cmake.in spine-config.cmake @ONLY)
include(CMakePackageConfigHelpers)
write_basic_package_version_file(${CMAKE_BINARY_DIR}/spine-config-version.cmake
  COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_BINARY_DIR}/spine-config.cmake ${CMAKE_BINARY_DIR}/spine-config-version.cmake
  DESTINATION ${SPINE_CONFIG_DIR})
# With the prefix that cmake --install --prefix says.
foreach(variable PROJECT_DESCRIPTION PROJECT_VERSION SPINE_PC_PRIVATE SPINE_DATADIR
        CMAKE_INSTALL_BINDIR CMAKE_INSTALL_LIBDIR CMAKE_INSTALL_INCLUDEDIR CMAKE_INSTALL_MANDIR)
  install(CODE "set(${variable} \"${${variable}}\")")
endforeach()
foreach(file spine.pc modulefile)
  install(CODE "configure_file(${CMAKE_SOURCE_DIR}/tools/packaging/${file}.in
    ${CMAKE_BINARY_DIR}/${file} @ONLY)")
endforeach()
install(FILES ${CMAKE_BINARY_DIR}/spine.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)

# --- Completion -------------------------------------------------------------------------------------

if(NOT CMAKE_CROSSCOMPILING AND NOT SPINE_SANITIZE)
  set(completion ${CMAKE_BINARY_DIR}/completion)
  set(programs "")
  foreach(program ${SPINE_PROGRAMS})
    list(APPEND programs $<TARGET_FILE:${program}>)
  endforeach()
  add_custom_command(OUTPUT ${completion}/zsh/_spine-mpi
    COMMAND ${CMAKE_COMMAND} "-DPROGRAMS=${programs}" -DOUTPUT=${completion}
      -P ${CMAKE_SOURCE_DIR}/tools/packaging/completion.cmake
    DEPENDS ${SPINE_PROGRAMS} tools/packaging/completion.cmake VERBATIM)
  add_custom_target(completion ALL DEPENDS ${completion}/zsh/_spine-mpi)
  install(DIRECTORY ${completion}/bash/ DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions)
  install(DIRECTORY ${completion}/zsh/ DESTINATION ${CMAKE_INSTALL_DATADIR}/zsh/site-functions)
  install(DIRECTORY ${completion}/fish/ DESTINATION ${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d)
endif()

# --- Documents, scripts, examples -------------------------------------------------------------------

install(FILES README.md CHANGELOG.md CITATION.cff LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR} OPTIONAL)
# Below tools/doc, as README.md links to them.
install(DIRECTORY tools/doc DESTINATION ${CMAKE_INSTALL_DOCDIR}/tools)
install(DIRECTORY slurm/ DESTINATION ${SPINE_DATADIR})
install(DIRECTORY tools/eval-data DESTINATION ${SPINE_DATADIR} USE_SOURCE_PERMISSIONS)
install(PROGRAMS tools/scripts/fetch-glove.sh tools/planted.py DESTINATION ${SPINE_DATADIR})
install(FILES tools/python/spine.py tools/python/tutorial.ipynb DESTINATION ${SPINE_DATADIR}/python)
install(FILES tools/examples/encode.c DESTINATION ${SPINE_DATADIR}/examples)
install(FILES tests/data/glove.6B.100d.5k.txt.gz DESTINATION ${SPINE_DATADIR}/examples)
install(FILES ${CMAKE_BINARY_DIR}/modulefile DESTINATION ${SPINE_DATADIR})

# --- Packages ---------------------------------------------------------------------------------------

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_CONTACT "the spine-mpi maintainers <spine-mpi@localhost>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "${PROJECT_DESCRIPTION}")
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES TRUE)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION science)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_DEPENDS "openmpi-bin, libopenblas0-serial")
set(CPACK_DEBIAN_PACKAGE_RECOMMENDS "man-db")
set(CPACK_DEBIAN_PACKAGE_SUGGESTS "python3-anndata, python3-h5py")
include(CPack)
