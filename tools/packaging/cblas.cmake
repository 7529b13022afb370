# Find a CBLAS and make the target spine_cblas of it; included by the top CMakeLists.txt. In this order:
# what -DCBLAS_LIBRARY names; one with a pkg-config module in the user's own directories
# (PKG_CONFIG_PATH, CMAKE_PREFIX_PATH, or pkgconfig in LIBRARY_PATH); Debian's single-threaded
# OpenBLAS, which suits one rank a core; any other with a module; a library in the search paths.

set(SPINE_CBLAS_MODULES openblas blis flexiblas mkl-dynamic-lp64-seq cblas)
set(CBLAS_LIBRARY "" CACHE STRING "CBLAS to link with instead of the one that is found")
set(CBLAS_INCLUDE_DIR "" CACHE PATH "Directory of its cblas.h")

# The user's directories of pkg-config modules.
string(REPLACE ":" ";" spine_own "$ENV{PKG_CONFIG_PATH}")
string(REPLACE ":" ";" prefixes "$ENV{CMAKE_PREFIX_PATH}")
foreach(prefix ${CMAKE_PREFIX_PATH} ${prefixes})
  list(APPEND spine_own "${prefix}/lib/pkgconfig" "${prefix}/lib64/pkgconfig"
    "${prefix}/share/pkgconfig")
endforeach()
string(REPLACE ":" ";" libraries "$ENV{LIBRARY_PATH}")
foreach(directory ${libraries})
  list(APPEND spine_own "${directory}/pkgconfig")
endforeach()
list(JOIN spine_own ":" spine_own)

if(NOT CBLAS_LIBRARY AND spine_own)
  set(ENV{PKG_CONFIG_LIBDIR} "${spine_own}")
  pkg_search_module(SPINE_CBLAS QUIET IMPORTED_TARGET GLOBAL ${SPINE_CBLAS_MODULES})
  unset(ENV{PKG_CONFIG_LIBDIR})
endif()
set(ENV{PKG_CONFIG_PATH}
  "${spine_own}:/usr/lib/${CMAKE_LIBRARY_ARCHITECTURE}/openblas-serial/pkgconfig")
if(NOT CBLAS_LIBRARY AND NOT TARGET PkgConfig::SPINE_CBLAS)
  pkg_search_module(SPINE_CBLAS QUIET IMPORTED_TARGET GLOBAL ${SPINE_CBLAS_MODULES})
endif()
set(ENV{PKG_CONFIG_PATH} "${spine_own}")

if(NOT CBLAS_LIBRARY AND NOT TARGET PkgConfig::SPINE_CBLAS)
  find_library(SPINE_CBLAS_FILE NAMES openblas blis flexiblas cblas)
  find_path(SPINE_CBLAS_HEADERS cblas.h PATH_SUFFIXES openblas blis flexiblas)
endif()

if(TARGET PkgConfig::SPINE_CBLAS AND NOT CBLAS_LIBRARY)
  add_library(spine_cblas INTERFACE IMPORTED GLOBAL)
  target_link_libraries(spine_cblas INTERFACE PkgConfig::SPINE_CBLAS)
  message(STATUS "Found CBLAS: ${SPINE_CBLAS_MODULE_NAME} ${SPINE_CBLAS_VERSION} in ${SPINE_CBLAS_LIBDIR}")
elseif(CBLAS_LIBRARY OR (SPINE_CBLAS_FILE AND SPINE_CBLAS_HEADERS))
  add_library(spine_cblas INTERFACE IMPORTED GLOBAL)
  if(CBLAS_LIBRARY)
    target_link_libraries(spine_cblas INTERFACE ${CBLAS_LIBRARY})
    if(CBLAS_INCLUDE_DIR)
      target_include_directories(spine_cblas INTERFACE ${CBLAS_INCLUDE_DIR})
    endif()
  else()
    target_link_libraries(spine_cblas INTERFACE ${SPINE_CBLAS_FILE})
    target_include_directories(spine_cblas INTERFACE ${SPINE_CBLAS_HEADERS})
  endif()
  message(STATUS "Found CBLAS: ${CBLAS_LIBRARY}${SPINE_CBLAS_FILE}")
endif()

# OpenBLAS and MKL have LAPACK too; beside others it is a library of its own.
if(TARGET spine_cblas)
  include(CheckFunctionExists)
  set(CMAKE_REQUIRED_LIBRARIES spine_cblas m)
  check_function_exists(dsyevd_ SPINE_CBLAS_HAS_LAPACK)
  unset(CMAKE_REQUIRED_LIBRARIES)
  if(NOT SPINE_CBLAS_HAS_LAPACK)
    find_library(LAPACK_LIBRARY NAMES lapack)
    if(LAPACK_LIBRARY)
      target_link_libraries(spine_cblas INTERFACE ${LAPACK_LIBRARY})
    else()
      spine_missing("LAPACK" "liblapack-dev" "-DLAPACK_LIBRARY=FILE")
    endif()
  endif()
endif()

# OpenBLAS says which kernels it uses and how many threads; others don't.
if(TARGET spine_cblas)
  include(CheckSymbolExists)
  set(CMAKE_REQUIRED_LIBRARIES spine_cblas)
  check_symbol_exists(openblas_get_config cblas.h SPINE_HAS_OPENBLAS)
  unset(CMAKE_REQUIRED_LIBRARIES)
  if(SPINE_HAS_OPENBLAS)
    target_compile_definitions(spine_cblas INTERFACE SPINE_HAS_OPENBLAS)
  endif()
endif()
