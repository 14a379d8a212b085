# cmake -DIN=PROGRAM -DOUT=FILE.c -P embed.cmake: the program's bytes as the suite's contract_hello.

file(READ ${IN} bytes HEX)
string(REGEX REPLACE "(..)" "0x\\1," bytes "${bytes}")
string(REGEX REPLACE "(0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,)" "\\1\n" bytes
    "${bytes}")
file(WRITE ${OUT} "/* Made by embed.cmake of hello.c. */
#include \"contract.h\"

const unsigned char contract_hello[] = {\n${bytes}\n};
const size_t contract_hello_size = sizeof contract_hello;\n")
