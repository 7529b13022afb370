# Write the completions of bash, zsh and fish for all programs, from their --help and the options of
# spine-mpi --print-config.
#
#     cmake -DPROGRAMS=FILE;FILE... -DOUTPUT=DIRECTORY -P completion.cmake
#
# OUTPUT gets bash/PROGRAM, fish/PROGRAM.fish and zsh/_spine-mpi.

function(ask variable)
  execute_process(COMMAND ${ARGN} OUTPUT_VARIABLE text ERROR_VARIABLE errors RESULT_VARIABLE status)
  if(NOT status EQUAL 0)
    message(FATAL_ERROR "${ARGN}: status ${status}: ${errors}")
  endif()
  string(REPLACE ";" "," text "${text}") # a list's separator
  string(REPLACE "[" "(" text "${text}")
  string(REPLACE "]" ")" text "${text}")
  string(REPLACE "\n" ";" text "${text}")
  set(${variable} "${text}" PARENT_SCOPE)
endfunction()

# The options section.key= of a run.
set(keys "")
foreach(program ${PROGRAMS})
  get_filename_component(name ${program} NAME)
  if(name STREQUAL "spine-mpi")
    ask(lines ${program} --print-config)
    foreach(line IN LISTS lines)
      if(line MATCHES "^\\(([a-z]+)\\)$")
        set(section ${CMAKE_MATCH_1})
      elseif(line MATCHES "^([a-z0-9_]+) = ")
        string(APPEND keys " ${section}.${CMAKE_MATCH_1}=")
      endif()
    endforeach()
  endif()
endforeach()

set(zsh "")
set(all "")
foreach(program ${PROGRAMS})
  get_filename_component(name ${program} NAME)
  string(APPEND all " ${name}")
  ask(lines ${program} --help)

  set(words "")
  set(fish "# Completion of ${name} for fish.\n")
  string(APPEND zsh "(${name})\n  _arguments -s")
  foreach(line IN LISTS lines)
    if(line MATCHES "^  --help, --version")
      set(line "  --help  print the help")
    endif()
    if(NOT line MATCHES "^  (-([a-z]), )?--([a-z_-]+)(=([^ ]+))? *(.*)$")
      continue()
    endif()
    set(letter "${CMAKE_MATCH_2}")
    set(option "${CMAKE_MATCH_3}")
    set(value "${CMAKE_MATCH_5}")
    string(REGEX REPLACE "[':()]" "" meaning "${CMAKE_MATCH_6}")
    set(equals "")
    if(NOT value STREQUAL "")
      set(equals "=")
    endif()

    string(APPEND words " --${option}${equals}")
    string(APPEND fish "complete -c ${name} -l ${option}")
    if(NOT letter STREQUAL "")
      string(APPEND fish " -s ${letter}")
    endif()
    if(NOT value STREQUAL "")
      string(APPEND fish " -r")
    endif()
    string(APPEND fish " -d '${meaning}'\n")
    string(REPLACE ":" "" shown "${value}")
    if(NOT value STREQUAL "")
      string(APPEND zsh " \\\n    '--${option}=(${meaning}):${shown}:_files'")
    else()
      string(APPEND zsh " \\\n    '--${option}(${meaning})'")
    endif()
  endforeach()

  set(operands "")
  if(name MATCHES "^spine-(mpi|sweep)$")
    set(operands "${keys}")
    separate_arguments(options UNIX_COMMAND "${keys}")
    list(JOIN options " " options)
    string(APPEND fish "complete -c ${name} -a '${options}'\n")
    string(APPEND zsh " \\\n    '*:file or option:{_alternative \"files:file:_files\" \"options:option:(${options})\"}'")
  else()
    string(APPEND zsh " \\\n    '*:file:_files'")
  endif()
  string(APPEND zsh "\n  ,,\n")
  if(name STREQUAL "spine-sweep")
    string(APPEND operands " plan run trial status summary report")
    string(APPEND fish "complete -c ${name} -a 'plan run trial status summary report'\n")
  endif()
  file(WRITE ${OUTPUT}/fish/${name}.fish "${fish}")
  file(WRITE ${OUTPUT}/bash/${name} "# Completion of ${name} for bash.
_${name}()
{
    local word=\${COMP_WORDS[COMP_CWORD]} words='${operands}'
    COMPREPLY=()
    case $word in
    -*) words='${words} --version' ;;
    esac
    mapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$word\"; compgen -f -- \"$word\")
    if [ \${#COMPREPLY[@]} = 1 ] && [ \"\${COMPREPLY[0]%=}\" != \"\${COMPREPLY[0]}\" ]; then
        compopt -o nospace 2>/dev/null || true
    fi
}
complete -o filenames -F _${name} ${name}
")
endforeach()

# '(' and ')' stood for the brackets of _arguments, and ',,' for ';;', as lists don't like those.
string(REGEX REPLACE "'(--[a-z_-]+=?)\\(([^)]*)\\)" "'\\1[\\2]" zsh "${zsh}")
string(REPLACE "\n  ,,\n" "\n  ;;\n" zsh "${zsh}")
file(WRITE ${OUTPUT}/zsh/_spine-mpi "#compdef${all}\n\ncase $service in\n${zsh}esac\n")
