#!/bin/sh
# imports.sh NM OBJECTS LIST [LIBRARY]: no object of the library uses a function that LIST denies,
# but for the exceptions there, and no exception is left over. With LIBRARY, the shared library's own
# imports are checked, so that what comes in by other ways (inlining, start files) is seen too.
nm=$1
objects=$2
list=$3
library=$4
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT

grep -v '^[[:space:]]*\(#\|$\)' "$list" >"$work/list"
{
    if [ -n "$library" ]; then
        "$nm" -D --undefined-only "$library" | sed 's/^/library /' || exit 1
    else
        tr '\n' '\0' <"$objects" | xargs -0 "$nm" -A --undefined-only | sed 's|^[^:]*/||; s/:/ /' ||
            exit 1
    fi
} >"$work/undefined"
[ -s "$work/undefined" ] || {
    echo "nothing is imported at all? see $objects $library" >&2
    exit 1
}
awk -v library="$library" '
    # "__printf_chk" and "open64" are printf and open to us; versions do not matter.
    function plain(name)
    {
        sub(/@.*/, "", name)
        if (name ~ /^__.*_chk$/)
            name = substr(name, 3, length(name) - 6)
        sub(/^__isoc99_/, "", name)
        sub(/^_IO_/, "", name)
        sub(/64$/, "", name)
        sub(/^__environ$/, "environ", name)
        return name
    }
    FNR == NR && $1 == "deny" { for (i = 2; i <= NF; i++) denied[$i] = 1; next }
    FNR == NR && $1 == "allow" { allowed[$2 " " $3] = 1; anywhere[$2] = 1; next }
    FNR == NR { print "imports.txt: what is this: " $0; bad = 1; next }
    {
        object = $1
        sub(/\.o$/, "", object)
        name = plain($NF)
        hit = name in denied
        for (pattern in denied)
            if (pattern ~ /\*$/ && index(name, substr(pattern, 1, length(pattern) - 1)) == 1)
                hit = 1
        if (!hit)
            next
        if (library != "" && name in anywhere)
            next
        if (library == "" && (name " " object) in allowed) {
            used[name " " object] = 1
            next
        }
        print object " uses " name ", which tests/abi/imports.txt denies"
        bad = 1
    }
    END {
        if (library == "")
            for (pair in allowed)
                if (!(pair in used)) {
                    print "imports.txt allows what nobody uses: " pair
                    bad = 1
                }
        exit bad
    }' "$work/list" "$work/undefined" >&2
