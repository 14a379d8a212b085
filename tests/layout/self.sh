#!/bin/sh
# The checks find what they are for: a small tree that breaks each rule once, and one that breaks none.
check=$(dirname "$0")/check.sh
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
failed=0

# A tree that is in order.
tree()
{
    rm -rf "$work/t"
    mkdir -p "$work/t/src/core" "$work/t/src/docker" "$work/t/src/podman" \
        "$work/t/include/gantry" "$work/t/examples" "$work/t/tests/contract"
    (
        cd "$work/t" || exit 1
        printf '#include <stddef.h>\nint gantry_x(void);\n' >include/gantry/x.h
        printf '#include "link.h"\n#include <curl/curl.h>\n' >src/core/link.c
        printf '#include "pack.h"\n#include <archive.h>\n' >src/core/tar.c
        printf '#include "json.h"\n#include <yajl/yajl_gen.h>\n' >src/core/json.c
        printf '#include "engine.h"\nextern int gnt_docker_backend;\n' >src/core/registry.c
        for dir in core docker podman; do
            printf '/* sprintf( is not used */\n#include "ok.h"\n' >src/$dir/ok.c
            printf 'int gnt_%s;\n' $dir >src/$dir/ok.h
        done
        printf '#include <gantry/x.h>\n' >examples/e.c
        printf '\n' >examples/e.h
        printf '#include "contract.h"\n' >tests/contract/run.c
        printf '#include <gantry/x.h>\n' >tests/contract/contract.h
    )
}

# expect CHECK FILE TEXT: with that line added to that file, the check fails and names the file.
expect()
{
    tree
    printf '%b\n' "$3" >>"$work/t/$2"
    if sh "$check" "$1" "$work/t" 2>"$work/out"; then
        echo "$1 does not see in $2: $3" >&2
        failed=1
    elif ! grep -q "$2" "$work/out"; then
        echo "$1 fails for another reason than $2: $3" >&2
        cat "$work/out" >&2
        failed=1
    fi
}

for each in includes backends sizes banned paths machine; do
    tree
    if ! sh "$check" "$each" "$work/t"; then
        echo "$each complains about a tree that is in order" >&2
        failed=1
    fi
done
expect includes src/core/ok.c '#include <curl/curl.h>'
expect includes src/docker/ok.c '#include <archive.h>'
expect includes src/podman/ok.h '#include <yajl/yajl_parse.h>'
expect includes src/docker/ok.c '#include "../podman/ok.h"'
expect includes src/podman/ok.c '#include "../docker/docker.h"'
expect includes src/core/ok.c '#include "../docker/docker.h"'
expect includes include/gantry/x.h '#include <sys/types.h>'
expect includes examples/e.c '#include "core/ok.h"'
expect includes src/core/first.c '#include <string.h>\n#include "ok.h"'
expect includes tests/contract/run.c '#include "engine.h"'
expect backends src/core/ok.c 'int x = strcmp(name, "docker");'
expect backends src/core/tunnel_remote.c 'static const char name[] = "podman";'
expect backends src/core/ok.c 'extern int gnt_podman_backend;'
expect sizes src/core/ok.c "/* $(printf '%0100d' 0) */"
expect sizes src/core/ok.c '\tint x;'
expect sizes src/core/ok.c "$(awk 'BEGIN { for (i = 0; i < 600; i++) print "int x;" }')"
expect sizes src/core/ok.c "int f(void)\n{\n$(awk 'BEGIN { for (i = 0; i < 81; i++) print "    g();" }')\n}"
expect banned src/core/ok.c '    sprintf(buffer, "x");'
expect banned src/core/ok.c '    strcat(a, b);'
expect banned src/podman/ok.c '    printf("x");'
expect banned src/podman/ok.c '    p = malloc(3);'
expect banned include/gantry/x.h 'bool gantry_y(void);'
expect paths src/docker/ok.c '    snprintf(path, sizeof path, "/containers/%s/json", id);'
expect paths src/podman/ok.c '    gnt_buf_addf(&path,\n        "/images/%s", id);'
expect paths src/core/ok.c '    gnt_buf_adds(&path, "/volumes/");'
expect machine examples/e.c "/* see ../share""d/notes */"
expect machine src/core/ok.c "/* /wor""k/main */"
expect machine src/core/ok.h '/* http:/''/mirror.somewhere.lan/debian */'
exit $failed
