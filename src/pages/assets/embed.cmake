# Write a C file that holds text files as strings (page.h, spine_assets):
#
#     cmake -DOUTPUT=assets.c "-DFILES=page.css;page.js" -P embed.cmake
set(text "#include \"spine/pages/page.h\"\n\n")
set(list "")
set(number 0)
foreach(file ${FILES})
  get_filename_component(name ${file} NAME)
  file(READ ${file} bytes HEX)
  string(REGEX REPLACE "(..)" "'\\\\x\\1', " bytes "${bytes}")
  string(APPEND text "static const char text${number}[] = {${bytes}0};\n")
  string(APPEND list "    {\"${name}\", text${number}},\n")
  math(EXPR number "${number} + 1")
endforeach()
file(WRITE ${OUTPUT}
  "${text}\nconst struct spine_asset spine_assets[] = {\n${list}    {NULL, NULL},\n};\n")
