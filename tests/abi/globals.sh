#!/bin/sh
# globals.sh NM OBJECTS: every global that the static library defines begins with gantry_ or gnt_,
# so that it cannot meet a name of the program it is linked into; and no variable can be written but
# those of three files: the list of backends (registry.c), libcurl's one initialisation (link.c), and
# the terminal that signal handlers, which take no argument, restore (terminal.c).
nm=$1
objects=$2
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT

tr '\n' '\0' <"$objects" | xargs -0 "$nm" -A -f sysv --defined-only >"$work/nm" || exit 1
# "file:name", value, class, type, size, line, section.
awk -F'|' '
    BEGIN { state["registry.c.o"]; state["link.c.o"]; state["terminal.c.o"] }
    { gsub(/ /, "") }
    NF < 7 { next }
    {
        at = match($1, /:[^:]*$/)
        object = substr($1, 1, at - 1)
        name = substr($1, at + 1)
        sub(/.*\//, "", object)
        if (!(object in seen)) {
            seen[object]
            objects++
        }
    }
    # What sanitizers add is not ours.
    name ~ /^(__asan|__odr_asan|___asan|__ubsan|__tsan|__sancov|__sanitizer|__unnamed_)/ { next }
    name ~ /^(asan\.|tsan\.|sancov\.|\.L|\.str)/ { next }
    $3 ~ /^[A-Z]$/ && $3 != "N" && name !~ /^(gantry|gnt)_/ {
        print object ": global without prefix: " name
        bad = 1
    }
    # Variables that stay writable; tables of pointers (.data.rel.ro) do not.
    $4 == "OBJECT" && $7 !~ /^\.data\.rel\.ro/ && $7 ~ /^\.(data|bss|tdata|tbss)|COM/ {
        if (!(object in state)) {
            print object ": variable that can be written: " name
            bad = 1
        }
    }
    END {
        if (objects < 20) {
            print "only " objects + 0 " objects were read"
            bad = 1
        }
        exit bad
    }' "$work/nm" >&2
