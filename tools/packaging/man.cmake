# The man pages, made by awk from what is written anyway: those of programs from their --help, the others
# from documents; included by the top CMakeLists.txt.
set(SPINE_DATE 2026-11-26) # of the pages: that of the last change worth a date

# A page; ARGN is the command whose output it is, and what it depends on.
function(spine_add_page name section)
  cmake_parse_arguments(ARG "" "" "COMMAND;DEPENDS" ${ARGN})
  set(page ${CMAKE_BINARY_DIR}/man/${name}.${section})
  list(JOIN SPINE_PAGES " " also)
  string(REPLACE "${name}(${section})" "" also "${also}")
  add_custom_command(OUTPUT ${page}
    COMMAND ${CMAKE_COMMAND} -E make_directory ${CMAKE_BINARY_DIR}/man
    COMMAND sh -c "${ARG_COMMAND}" sh -v name=${name} -v section=${section}
      -v version=${PROJECT_VERSION} -v date=${SPINE_DATE} -v "also=${also}"
      > ${page}
    DEPENDS ${ARG_DEPENDS} VERBATIM)
  add_custom_target(man_${name} ALL DEPENDS ${page})
  install(FILES ${page} DESTINATION ${CMAKE_INSTALL_MANDIR}/man${section})
endfunction()

set(plain ${CMAKE_SOURCE_DIR}/tools/packaging/plain.awk)

# The title is what the first line of the source says.
function(spine_add_program_page program source)
  file(STRINGS ${source} first LIMIT_COUNT 1)
  string(REGEX REPLACE "^/\\* [^ ]+ -- (.*)\\. \\*/$" "\\1" title "${first}")
  string(REGEX REPLACE ": the command line$" "" title "${title}")
  set(script ${CMAKE_SOURCE_DIR}/tools/packaging/help-page.awk)
  spine_add_page(${program} 1
    COMMAND "$<TARGET_FILE:${program}> --help | ${AWK} \"$@\" -v title='${title}' -f ${plain} -f ${script}"
    DEPENDS ${program} ${source} ${plain} ${script})
endfunction()

function(spine_add_document_page name title)
  set(script ${CMAKE_SOURCE_DIR}/tools/packaging/doc-page.awk)
  list(TRANSFORM ARGN PREPEND ${CMAKE_SOURCE_DIR}/tools/doc/)
  list(JOIN ARGN " " documents)
  spine_add_page(${name} 5
    COMMAND "${AWK} \"$@\" -v title='${title}' -f ${plain} -f ${script} ${documents}"
    DEPENDS ${ARGN} ${plain} ${script})
endfunction()

find_program(AWK awk)
# A sanitizer may take the programs for failing, as Open MPI leaks.
if(SPINE_MAN AND AWK AND NOT CMAKE_CROSSCOMPILING AND NOT SPINE_SANITIZE)
  set(SPINE_PAGES ${SPINE_PROGRAMS})
  list(TRANSFORM SPINE_PAGES APPEND "(1)")
  list(APPEND SPINE_PAGES "spine-mpi.ini(5)" "spine-files(5)")
  foreach(source src/spine-mpi.c ${SPINE_TOOLS})
    get_filename_component(program ${source} NAME_WE)
    spine_add_program_page(${program} ${source})
  endforeach()
  spine_add_document_page(spine-mpi.ini "the configuration of a run, and of a sweep" options.md sweeps.md)
  spine_add_document_page(spine-files "the files that spine-mpi reads and writes" files.md)
endif()
