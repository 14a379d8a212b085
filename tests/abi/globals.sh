#!/bin/sh
# globals.sh NM OBJECTS: every global that the static library defines begins with gantry_ or gnt_,
# so that it cannot meet a name of the program it is linked into; and no variable can be written but
# those of two files: the list of backends (registry.c) and libcurl's one initialisation (link.c).
nm=$1
objects=$2
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
failed=0
count=0
while read -r object; do
    count=$((count + 1))
    "$nm" -f sysv --defined-only "$object" | tr -d ' ' >"$work/nm" || exit 1
    # Name, value, class, type, size, line, section. What sanitizers add is not ours.
    awk -F'|' -v object="${object##*/}" '
        $1 ~ /^(__asan|__odr_asan|___asan|__ubsan|__tsan|__sancov|__sanitizer)/ { next }
        $1 ~ /^(asan\.|tsan\.|sancov\.|\.L|\.str)/ { next }
        NF < 7 { next }
        { lines++ }
        $3 ~ /^[A-Z]$/ && $3 != "N" && $1 !~ /^(gantry|gnt)_/ {
            print object ": global without prefix: " $1; bad = 1 }
        # Variables that stay writable; tables of pointers (.data.rel.ro) do not.
        ($7 ~ /^\.(data|bss|tdata|tbss)/ && $7 !~ /^\.data\.rel\.ro/ || $7 ~ /COM/) &&
        $4 == "OBJECT" && !(object in state) {
            print object ": variable that can be written: " $1; bad = 1 }
        BEGIN { state["registry.c.o"]; state["link.c.o"] }
        END { if (!lines) { print object ": no symbols read"; bad = 1 } exit bad }
        ' "$work/nm" >&2 || failed=1
done <"$objects"
[ "$count" -gt 0 ] || {
    echo "$objects names no object" >&2
    exit 1
}
exit $failed
