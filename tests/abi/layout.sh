#!/bin/sh
# layout.sh CC INCLUDE LAYOUT WORK: size of every public struct, offset and size of every member, as
# recorded. Structs with a `size` member grow at their end only: a changed line of LAYOUT is a new ABI,
# an added one is a new member. To record: layout.sh CC INCLUDE - WORK >tests/abi/layout.txt
cc=$1
include=$2
layout=$3
work=$4
LC_ALL=C
export LC_ALL

awk -f "${0%/*}/members.awk" "$include"/gantry/*.h >"$work/layout.c" || exit 1
# As many as the headers open, counted in another way.
opened=$(cat "$include"/gantry/*.h | grep -c '^typedef struct [a-z_]* {')
printed=$(grep -c '^    S(' "$work/layout.c")
if [ "$opened" -ne "$printed" ] || [ "$opened" -eq 0 ]; then
    echo "$opened structs in the headers, $printed found" >&2
    exit 1
fi
"$cc" -std=c11 -D_POSIX_C_SOURCE=200809L -I"$include" -o "$work/layout" "$work/layout.c" || exit 1
"$work/layout" >"$work/layout.now" || exit 1
if [ "$layout" = - ]; then
    cat "$work/layout.now"
else
    diff -u "$layout" "$work/layout.now" >&2
fi
