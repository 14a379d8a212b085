#!/bin/sh
# exports.sh NM LIBRARY SYMBOLS INCLUDE: the shared library exports exactly what the headers declare
# and what SYMBOLS lists: "name version", sorted, where version is the release that introduced it and
# the node of the symbol map. A symbol never leaves the list while the ABI number stays.
nm=$1
library=$2
symbols=$3
include=$4
LC_ALL=C
export LC_ALL
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT

"$nm" -D --defined-only "$library" >"$work/nm" || exit 1
# Sanitizers export names of their own; no name of theirs begins with gantry_ or gnt_.
awk '$2 != "A" { n = $3; v = ""; at = index(n, "@"); if (at) { v = n; sub(/.*@GANTRY_/, "", v)
    n = substr(n, 1, at - 1) } if (n !~ /^(__asan|__odr_asan|__ubsan|__tsan|__sancov|__sanitizer)/)
    print n, v }' "$work/nm" | sort >"$work/exported"
cut -d' ' -f1 "$work/exported" >"$work/names"
grep -v '^#' "$symbols" | sort >"$work/listed"
for header in "$include"/gantry/*.h; do
    awk -f "${0%/*}/declared.awk" "$header" >>"$work/unsorted" || exit 1
done
sort "$work/unsorted" >"$work/declared"

failed=0
[ -s "$work/declared" ] || {
    echo "no declarations found in $include" >&2
    exit 1
}
report()
{
    if [ -s "$work/out" ]; then
        echo "$1" >&2
        sed 's/^/    /' "$work/out" >&2
        failed=1
    fi
}
uniq -d "$work/declared" >"$work/out"
report "declared twice:"
comm -23 "$work/declared" "$work/names" >"$work/out"
report "declared in a header but not exported:"
comm -13 "$work/declared" "$work/names" >"$work/out"
report "exported but in no header:"
comm -23 "$work/exported" "$work/listed" >"$work/out"
report "exported but not in symbols.txt (name, version):"
comm -13 "$work/exported" "$work/listed" >"$work/out"
report "in symbols.txt but not exported (name, version):"
exit $failed
