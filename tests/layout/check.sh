#!/bin/sh
# check.sh CHECK SOURCE: one rule of the source tree; prints every place that breaks it.
# Only POSIX tools, so that it runs wherever the library builds.
check=$1
tools=$(cd "$(dirname "$0")" && pwd) || exit 1
cd "$2" || exit 1
LC_ALL=C
export LC_ALL
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
: >"$work/bad"

# found TEXT: what stands in `lines` breaks a rule.
found()
{
    [ -s "$work/lines" ] || return 0
    {
        echo "$1:"
        sed 's/^/    /' "$work/lines"
    } >>"$work/bad"
}

# includes PATTERN FILE...: "file:line:..." of include lines that match.
includes()
{
    pattern=$1
    shift
    grep -nE "^[[:space:]]*#[[:space:]]*include[[:space:]]*[<\"]$pattern" "$@" /dev/null
}

# code: C files without comments, as file:line:text, on standard output.
code()
{
    awk -f "$tools/code.awk" "$@"
}

check_includes()
{
    includes 'curl/' src/*/*.[ch] | grep -v '^src/core/link[a-z_]*\.[ch]:' >"$work/lines"
    found "libcurl is known to the link files alone"
    includes 'archive(_entry)?\.h>' src/*/*.[ch] | grep -v '^src/core/tar[a-z_]*\.c:' >"$work/lines"
    found "libarchive is known to the tar files alone"
    includes 'yajl/' src/*/*.[ch] | grep -v '^src/core/json[a-z_]*\.[ch]:' >"$work/lines"
    found "the JSON library is known to the json files alone"
    for library in link:curl/ tar:archive json:yajl/; do
        includes "${library#*:}" src/core/"${library%%:*}"*.[ch] >/dev/null || echo "$library"
    done >"$work/lines"
    found "the rules above look at the wrong files"

    includes '[^">]*podman' src/docker/*.[ch] >"$work/lines"
    includes '[^">]*docker' src/podman/*.[ch] >>"$work/lines"
    found "backends never include each other"
    includes '[^">]*(docker|podman)(/|_|\.h)' src/core/*.[ch] >"$work/lines"
    found "core never includes a backend"

    # Public headers need nothing but the standard's and each other.
    includes '' include/gantry/*.h |
        grep -vE '<(gantry/[a-z]+|stddef|stdint|stdarg)\.h>' >"$work/lines"
    found "public headers include standard headers and <gantry/...> only"
    includes '' include/gantry/*.h | grep ':#include <gantry/backend\.h' >"$work/lines"
    found "backend.h is for authors of backends"
    # Programs see what is installed.
    includes '(\.\./|core/|src/)' examples/*.[ch] >"$work/lines"
    found "examples include installed headers only"

    # The contract suite is a kit for others: it has nothing but what is installed.
    includes '' tests/contract/*.[ch] | grep ':#include "' | grep -vE \
        '"((contract|follow|proxy|tars|tiny_http|fake_server|memory_backend)\.h|(differences|versions)\.def)"' \
        >"$work/lines"
    found "the contract suite includes installed headers and its own only"

    # The first include shows that a header stands on its own.
    for file in src/*/*.c; do
        name=${file##*/}
        name=${name%.c}
        first=$(grep -m1 '^#include' "$file")
        case $first in
        "#include \"$name.h\"" | "#include \"${name}_impl.h\"" | "#include <gantry/$name.h>") ;;
        '#include "'* | '#include <gantry/'*)
            if [ -e "${file%.c}.h" ]; then
                echo "$file: $first"
            fi
            ;;
        *) echo "$file: ${first:-includes nothing}" ;;
        esac
    done >"$work/lines"
    found "a file includes its own header first"
}

# Core asks a table, never a name.
check_backends()
{
    code src/core/*.[ch] | grep -E 'gnt_(docker|podman)_' |
        grep -v '^src/core/registry\.c:' >"$work/lines"
    found "only registry.c knows which backends are built in"
    code src/core/registry.c | grep -oE 'gnt_(docker|podman)_[a-z_]+' | sort -u |
        grep -vE '^gnt_(docker|podman)_backend$' >"$work/lines"
    found "registry.c knows the backends' tables and nothing else of them"
    # open.c turns GANTRY_RUNTIME_... into names; service.c starts a program of that name;
    # detect_podman.c says that Podman's settings mean that one.
    code src/core/*.c | grep -E '"(docker|podman)"' | grep -vE \
        -e '^src/core/open\.c:[0-9]+: *static const char \*const names\[\] =' \
        -e '^src/core/detect_podman\.c:[0-9]+: *static const char engine\[\] =' \
        -e '^src/core/service\.c:[0-9]+: *program = "podman";' >"$work/lines"
    found "core does not ask for a backend's name"
}

check_sizes()
{
    files="src/*/*.[ch] include/gantry/*.h examples/*.[ch]"
    # shellcheck disable=SC2086 # patterns
    awk 'FNR == 601 { print FILENAME ": more than 600 lines" }
        /\t/ { print FILENAME ":" FNR ": tab" }
        / $/ { print FILENAME ":" FNR ": space at the end" }
        { line = $0; gsub(/[\200-\277]/, "", line) }
        length(line) > 100 { print FILENAME ":" FNR ": " length(line) " columns" }' $files >"$work/lines"
    found "sizes"
    # The brace of a function stands alone in the first column; so does the one that ends it.
    # shellcheck disable=SC2086
    awk '/^\{$/ { start = FNR; name = before }
        /^\}$/ && start { if (FNR - start - 1 > 80) print FILENAME ":" start ": " FNR - start - 1 \
            " lines: " name; start = 0 }
        !/^[{} \t]/ { before = $0 }' $files >"$work/lines"
    found "functions fit on a screen (80 lines)"
}

check_banned()
{
    code src/*/*.[ch] examples/*.[ch] |
        grep -E '(^|[^A-Za-z0-9_])(sprintf|vsprintf|strcpy|strcat|stpcpy|gets|strtok|alloca|atoi|atol)\(' \
            >"$work/lines"
    found "functions that cannot be used safely"
    # What this machine's headers make of it can hide from the symbol check.
    code src/*/*.[ch] | grep -E \
        '(^|[^A-Za-z0-9_.>])(printf|puts|putchar|perror|fprintf|assert|abort|exit|_exit|getenv|setenv)\(' \
        >"$work/lines"
    found "a library does not print, end its process or touch its environment"
    code src/*/*.[ch] | grep -E '(^|[^A-Za-z0-9_])(malloc|calloc|realloc|free|strdup|strndup)\(' |
        grep -v '^src/core/mem\.c:' >"$work/lines"
    found "memory comes from mem.h"
    code src/*/*.[ch] | grep -E '(^|[^A-Za-z0-9_])(_GNU_SOURCE|__attribute__|__extension__|typeof)' |
        grep -v '^src/core/\(process\|link_dial\)\.c:[0-9]*: #define _GNU_SOURCE' >"$work/lines"
    found "ISO C11 and POSIX only"
    code include/gantry/*.h | grep -E '(^|[^A-Za-z0-9_])(bool|_Bool|long|unsigned)([^A-Za-z0-9_]|$)' \
        >"$work/lines"
    found "public headers have types of one size everywhere"
}

# Paths that go to an engine are templates for url.c, where each segment is encoded and checked.
check_paths()
{
    awk -f "$tools/paths.awk" src/docker/*.c src/podman/*.c src/core/*.c >"$work/lines"
    found "a path is put together by hand: give the template to gnt_req_init() or gnt_url_path()"
}

# Nothing in the project knows the machine it was written on.
check_machine()
{
    if git -c safe.directory=* ls-files -z --cached --others --exclude-standard >"$work/files" \
        2>/dev/null && [ -s "$work/files" ]; then
        :
    else
        # A release without its history. Build folders name the machine, and may.
        find . -name .git -prune -o -type d -exec test -e '{}/CMakeCache.txt' ';' -prune \
            -o -type f -print0 >"$work/files"
    fi
    # Written so that the patterns do not find themselves.
    xargs -0 grep -InE -e '\.\./share[d]([^A-Za-z]|$)' \
        -e '(^|[^A-Za-z0-9_.-])/wor[k]/(main|shared|[.])' \
        -e '/tmp/gantr[y]/' -e '(^|[^A-Za-z])far[m]-' <"$work/files" >"$work/lines" 2>/dev/null
    found "names of a machine"
    # Hosts that a reader may be sent to; a package mirror is none of them.
    xargs -0 grep -IonE "(https?|ftp)://([A-Za-z0-9-]+\.)+[A-Za-z]{2,}" <"$work/files" 2>/dev/null |
        grep -vE '://([a-z0-9-]+\.)*(example\.(org|com|net)|[a-z]+\.(invalid|test|example)|docker\.(com|io)|podman\.io|github\.com|debian\.org|curl\.se|libarchive\.org|opencontainers\.org|moby\.org|rfc-editor\.org|semver\.org|keepachangelog\.com|llvm\.org|cmocka\.org|doxygen\.nl|kernel\.org|man7\.org|gnu\.org|opensource\.org|lloyd\.github\.io)$' \
            >"$work/lines"
    found "hosts that are not known to be public (tests/layout/check.sh has the list)"
}

case $check in
includes | backends | sizes | banned | paths | machine) "check_$check" ;;
*)
    echo "no such check: $check" >&2
    exit 1
    ;;
esac
cat "$work/bad" >&2
[ ! -s "$work/bad" ]
