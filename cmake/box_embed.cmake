# cmake -DNAMES=amd64,arm64 -DFOLDER=... -P box_embed.cmake: FOLDER/box-NAME into box_programs.c

string(REPLACE "," ";" names "${NAMES}")
set(text "/* Made by cmake/box_embed.cmake of src/box. */\n#include \"box.h\"\n")
set(rows "")
foreach(name IN LISTS names)
    file(READ ${FOLDER}/box-${name} bytes HEX)
    file(SHA256 ${FOLDER}/box-${name} digest)
    string(REGEX REPLACE "(..)" "0x\\1," bytes "${bytes}")
    string(REGEX REPLACE "(0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,)" "    \\1\n"
        bytes "${bytes}")
    string(APPEND text "\nstatic const unsigned char ${name}[] = {\n${bytes}\n};\n")
    string(APPEND rows "    { \"${name}\", \"${digest}\", ${name}, sizeof ${name} },\n")
endforeach()
string(APPEND text "\nconst struct gnt_box_program gnt_box_programs[] = {\n${rows}"
    "    { 0, 0, 0, 0 }\n};\n")
file(WRITE ${FOLDER}/box_programs.c "${text}")
