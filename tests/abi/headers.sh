#!/bin/sh
# headers.sh STANDARD INCLUDE COMPILER...: every public header compiles alone, without a warning and
# without padding in its structs.
standard=$1
include=$2
shift 2
case $standard in
c++*) language=c++ ;;
*) language=c ;;
esac
[ $# -gt 0 ] || {
    echo "no $language compiler: install g++ or clang" >&2
    exit 1
}
failed=0
count=0
for header in "$include"/gantry/*.h; do
    for compiler in "$@"; do
        count=$((count + 1))
        # Twice, for the include guard.
        printf '#include <gantry/%s>\n#include <gantry/%s>\n' "${header##*/}" "${header##*/}" |
            "$compiler" "-std=$standard" -x "$language" -Wall -Wextra -Wpedantic -Wpadded -Werror \
                -fsyntax-only -I"$include" - || {
            echo "${header##*/} does not compile alone as $standard with $compiler" >&2
            failed=1
        }
    done
done
[ "$count" -ge 10 ] || {
    echo "only $count compilations: where are the headers of $include?" >&2
    exit 1
}
exit $failed
