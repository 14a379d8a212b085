#!/bin/sh
# run.sh FOLDER VARIABLE: runs the example programs in FOLDER on the engine whose address the
# environment VARIABLE names, and looks at what they print.
folder=$1
address=$(printenv "$2")
if [ -z "$address" ]; then
    echo "SKIPPED: $2 names no engine (tests/engines/run)"
    exit 77
fi
DOCKER_HOST=$address
export DOCKER_HOST
fail()
{
    echo "FAILED: $1"
    echo "$2"
    exit 1
}
contains()
{
    case $2 in
    *"$3"*) ;;
    *) fail "$1 does not print \"$3\"" "$2" ;;
    esac
}

# Two containers of the image gantry-backup, by a label: all their lines come, and then it ends.
follow_many_of_two()
{
    for name in one two; do
        script="echo $name out; sleep 1; echo $name err >&2"
        case $1 in
        GANTRY_TEST_DOCKER)
            route="v1.41/containers/create?name=gantry-many-$name"
            body="{\"Image\":\"gantry-backup\",\"Labels\":{\"gantry-many\":\"1\"},\"Cmd\":[\"sh\",\"-c\",\"$script\"]}"
            base=v1.41
            ;;
        *)
            route="v4.0.0/libpod/containers/create"
            body="{\"image\":\"gantry-backup\",\"name\":\"gantry-many-$name\",\"labels\":{\"gantry-many\":\"1\"},\"command\":[\"sh\",\"-c\",\"$script\"]}"
            base=v4.0.0/libpod
            ;;
        esac
        curl -sS --fail --unix-socket "${address#unix://}" -X POST -H 'Content-Type: application/json' \
            -d "$body" "http://engine/$route" >/dev/null || fail "creating a container to follow" ""
    done
    for name in one two; do
        curl -sS --fail --unix-socket "${address#unix://}" -X POST \
            "http://engine/$base/containers/gantry-many-$name/start" >/dev/null ||
            fail "starting a container to follow" ""
    done
    out=$("$folder/follow_many" gantry-many=1 2>&1) || fail follow_many "$out"
    for name in one two; do
        contains follow_many "$out" "gantry-many-$name | $name out"
        contains follow_many "$out" "gantry-many-$name | $name err"
        out2=$("$folder/events" --since 120 --no-follow --container "gantry-many-$name" 2>&1) ||
            fail events "$out2"
        for action in create start die; do
            contains events "$out2" "container  $action"
        done
        contains events "$out2" "gantry-many-$name  exit code 0"
        curl -sS --unix-socket "${address#unix://}" -X DELETE \
            "http://engine/$base/containers/gantry-many-$name?force=true" >/dev/null
    done
}

out=$("$folder/quickstart" 2>&1) || fail "quickstart" "$out"
contains quickstart "$out" "Hello from a container: Linux"
contains quickstart "$out" "ended with exit code 0"
contains quickstart "$out" "Container and image are removed."

out=$("$folder/quickstart" --dockerfile /nowhere 2>&1) && fail "quickstart with no file" "$out"
contains quickstart "$out" "cannot read /nowhere"

out=$("$folder/engines" 2>&1) || fail "engines" "$out"
contains engines "$out" "$address"

out=$("$folder/follow_logs" gantry-no-such-container 2>&1) && fail "follow_logs" "$out"
contains follow_logs "$out" "o such container"

out=$("$folder/follow_many" gantry-no-such-label 2>&1) || fail "follow_many of none" "$out"
[ -z "$out" ] || fail "follow_many of none prints something" "$out"

backup=$(mktemp -d) || exit 1
trap 'rm -rf "$backup"' EXIT
out=$("$folder/backup_images" save "$backup/i.tar" gantry-no-such-image 2>&1) &&
    fail "backup_images of no image" "$out"
contains backup_images "$out" "gantry-no-such-image"
[ -z "$(ls -A "$backup")" ] || fail "backup_images leaves a file" "$(ls -A "$backup")"
echo "no archive" >"$backup/i.tar"
out=$("$folder/backup_images" load "$backup/i.tar" 2>&1) && fail "backup_images of no archive" "$out"
contains backup_images "$out" "100 % sent"
if [ -n "${GANTRY_TEST_BUSYBOX:-}" ]; then
    # One file as an image: what both engines call it comes back.
    case $2 in
    GANTRY_TEST_DOCKER) import="/v1.41/images/create?fromSrc=-&repo=gantry-backup" ;;
    *) import="/v4.0.0/libpod/images/import?reference=gantry-backup" ;;
    esac
    curl -sS --fail --unix-socket "${address#unix://}" -X POST -H 'Content-Type: application/x-tar' \
        --data-binary "@$GANTRY_TEST_BUSYBOX" "http://engine$import" >/dev/null ||
        fail "importing an image to back up" ""
    follow_many_of_two "$2"
    out=$("$folder/backup_images" save "$backup/i.tar" gantry-backup 2>&1) || fail backup_images "$out"
    out=$("$folder/backup_images" load "$backup/i.tar" 2>&1) || fail backup_images "$out"
    contains backup_images "$out" "100 % sent"
    contains backup_images "$out" "loaded gantry-backup:latest"
    case $2 in
    GANTRY_TEST_DOCKER) remove="/v1.41/images/gantry-backup" ;;
    *) remove="/v4.0.0/libpod/images/gantry-backup" ;;
    esac
    curl -sS --fail --unix-socket "${address#unix://}" -X DELETE "http://engine$remove" >/dev/null ||
        fail "removing the image that was backed up" ""
fi

if [ -n "${GANTRY_TEST_BUSYBOX:-}" ]; then
    case $2 in
    GANTRY_TEST_DOCKER) import="/v1.41/images/create?fromSrc=-&repo=gantry-shell" ;;
    *) import="/v4.0.0/libpod/images/import?reference=gantry-shell" ;;
    esac
    curl -sS --fail --unix-socket "${address#unix://}" -X POST -H 'Content-Type: application/x-tar' \
        --data-binary "@$GANTRY_TEST_BUSYBOX" "http://engine$import" >/dev/null ||
        fail "importing an image for a shell" ""
    out=$(printf 'echo "it has $((40 + 2))"\nexit 7\n' | "$folder/shell" --image gantry-shell 2>&1)
    [ $? -eq 7 ] || fail "shell does not end with the command's exit code" "$out"
    contains shell "$out" "it has 42"
    if command -v script >/dev/null 2>&1; then
        # With a terminal, whose size the shell sees.
        out=$(echo | script -qec "stty cols 71 rows 31; '$folder/shell' --image gantry-shell sh -c \
            'until [ \"\$(stty size)\" = \"31 71\" ]; do usleep 10000; done; echo sized; exit 9'" \
            /dev/null 2>&1)
        [ $? -eq 9 ] || fail "shell with a terminal" "$out"
        contains "shell with a terminal" "$out" "sized"
    fi
    out=$("$folder/anywhere" "$address" gantry-shell sh -c 'echo "it has $((40 + 2))"; exit 3' 2>&1) ||
        fail anywhere "$out"
    contains anywhere "$out" "linux/"
    contains anywhere "$out" "at $address"
    contains anywhere "$out" "it has 42"
    contains anywhere "$out" "ended with exit code 3"
    out=$("$folder/shell" gantry-no-such-container 2>&1) && fail "shell in no container" "$out"
    contains shell "$out" "o such container"
    curl -sS --fail --unix-socket "${address#unix://}" -X DELETE \
        "http://engine/v1.40/images/gantry-shell" >/dev/null || fail "removing the shell's image" ""
fi

# A tree into a volume and out again, packed or not: the same bytes.
mkdir -p "$backup/tree/sub" || exit 1
echo data >"$backup/tree/sub/file" && ln "$backup/tree/sub/file" "$backup/tree/link" &&
    tar -C "$backup/tree" -czf "$backup/tree.tar.gz" . || exit 1
out=$("$folder/volume_backup" save gantry-no-such-volume "$backup/v.tar" 2>&1) &&
    fail "volume_backup of no volume" "$out"
contains volume_backup "$out" "gantry-no-such-volume"
[ ! -e "$backup/v.tar" ] && [ ! -e "$backup/v.tar.part" ] || fail "volume_backup leaves a file" ""
out=$("$folder/volume_backup" restore gantry-example-volume "$backup/tree.tar.gz" 2>&1) ||
    fail "volume_backup restore" "$out"
contains volume_backup "$out" " bytes"
out=$("$folder/volume_backup" save gantry-example-volume "$backup/v.tar" 2>&1) ||
    fail "volume_backup save" "$out"
contains volume_backup "$out" " bytes"
out=$("$folder/volume_backup" restore gantry-example-volume - <"$backup/v.tar" 2>&1) ||
    fail "volume_backup restore from a pipe" "$out"
"$folder/volume_backup" save gantry-example-volume - >"$backup/again.tar" 2>/dev/null ||
    fail "volume_backup save to a pipe" ""
cmp "$backup/v.tar" "$backup/again.tar" || fail "volume_backup gives other bytes" ""
[ "$(tar -xOf "$backup/v.tar" ./link)" = data ] || fail "volume_backup loses content" ""
case $2 in
GANTRY_TEST_DOCKER) remove="/v1.41/volumes/gantry-example-volume" ;;
*) remove="/v4.0.0/libpod/volumes/gantry-example-volume" ;;
esac
curl -sS --fail --unix-socket "${address#unix://}" -X DELETE "http://engine$remove" >/dev/null ||
    fail "removing the example's volume" ""

project=$backup/project
mkdir -p "$project/logs" || exit 1
printf 'FROM scratch\nCOPY . /\n' >"$project/Dockerfile"
printf '# what stays\n*.o\nlogs\n!logs/keep\n' >"$project/.dockerignore"
for name in a.c a.o logs/old logs/keep; do
    echo "$name" >"$project/$name" || exit 1
done
out=$("$folder/context" "$project" 2>&1) || fail "context" "$out"
contains context "$out" "+ a.c (4 bytes)"
contains context "$out" "- a.o: .dockerignore:2: *.o"
contains context "$out" "- logs/old: .dockerignore:3: logs"
contains context "$out" "+ logs/
"
contains context "$out" "+ logs/keep (10 bytes)"
contains context "$out" "2 names left out"
out=$("$folder/context" "$backup/nowhere" 2>&1) && fail "context of no directory" "$out"
contains context "$out" "$backup/nowhere"

out=$("$folder/build_directory" "$project" 2>&1) || fail "build_directory" "$out"
contains build_directory "$out" "COPY . /"
contains build_directory "$out" " steps in "
image=$(echo "$out" | sed -n 's/^\([0-9a-f]\{64\}\): .*/\1/p')
[ -n "$image" ] || fail "build_directory prints no id" "$out"
curl -sS --fail --unix-socket "${address#unix://}" -X DELETE \
    "http://engine/v1.40/images/$image" >/dev/null || fail "removing the image that was built" ""
echo 'COPY nothing-of-this-name /' >>"$project/Dockerfile"
out=$("$folder/build_directory" "$project" 2>&1) && fail "build_directory of no file" "$out"
contains build_directory "$out" "nothing-of-this-name"

for name in backup_images build_directory context cp deploy function_runner shell transfer \
    web_stack; do
    out=$("$folder/$name" 2>&1)
    [ $? -eq 2 ] || fail "$name without arguments does not end with 2" "$out"
    contains "$name" "$out" "usage: $name"
done

out=$("$folder/transfer" push gantry-no-such-image 2>&1) && fail "transfer of no image" "$out"
contains transfer "$out" "o such image"

out=$("$folder/cp" gantry-no-such-container:/etc/passwd "$backup" 2>&1) && fail "cp of no container" "$out"
contains cp "$out" "o such container"
if [ -n "${GANTRY_TEST_BUSYBOX:-}" ]; then
    # Into a container that never ran, and back: as a file, and as a tar.
    case $2 in
    *DOCKER*)
        import="v1.41/images/create?fromSrc=-&repo=gantry-cp"
        create="v1.41/containers/create?name=gantry-cp-$$"
        body='{"Image":"gantry-cp","Cmd":["true"]}'
        remove="v1.41/containers/gantry-cp-$$"
        ;;
    *)
        import="v4.0.0/libpod/images/import?reference=gantry-cp"
        create="v4.0.0/libpod/containers/create"
        body="{\"image\":\"localhost/gantry-cp\",\"name\":\"gantry-cp-$$\",\"command\":[\"true\"]}"
        remove="v4.0.0/libpod/containers/gantry-cp-$$"
        ;;
    esac
    curl -sS --fail --unix-socket "${address#unix://}" -X POST -H 'Content-Type: application/x-tar' \
        --data-binary "@$GANTRY_TEST_BUSYBOX" "http://engine/$import" >/dev/null &&
        curl -sS --fail --unix-socket "${address#unix://}" -X POST \
            -H 'Content-Type: application/json' -d "$body" "http://engine/$create" >/dev/null ||
        fail "making a container to copy with" ""
    out=$("$folder/cp" "$project/logs" "gantry-cp-$$:/tmp" 2>&1) || fail "cp into a container" "$out"
    out=$("$folder/cp" "gantry-cp-$$:/tmp/logs/keep" "$backup/kept" 2>&1) || fail "cp out" "$out"
    cmp "$project/logs/keep" "$backup/kept" || fail "cp out" "another content"
    "$folder/cp" "gantry-cp-$$:/tmp/logs" - >"$backup/logs.tar" || fail "cp to a tar" ""
    out=$(tar tf "$backup/logs.tar" | sort | tr '\n' ' ')
    [ "$out" = "logs/ logs/keep logs/old " ] || fail "cp to a tar" "$out"
    out=$("$folder/cp" - "gantry-cp-$$:/etc" <"$backup/logs.tar" 2>&1) || fail "cp of a tar" "$out"
    out=$("$folder/cp" "gantry-cp-$$:/etc/logs/." "$backup/again" 2>&1) || fail "cp of content" "$out"
    cmp "$project/logs/keep" "$backup/again/keep" || fail "cp of content" "another content"
    curl -sS --unix-socket "${address#unix://}" -X DELETE "http://engine/$remove" >/dev/null
    curl -sS --unix-socket "${address#unix://}" -X DELETE \
        "http://engine/v1.40/images/gantry-cp" >/dev/null
fi

# An image of the engine goes to the test registry and comes back.
engine()
{
    curl -sS -m 60 --unix-socket "${address#unix://}" "$@" >/dev/null
}

# A function: the name comes back, one call fails, one sleeps past its deadline.
if [ -n "${GANTRY_TEST_BUSYBOX:-}" ]; then
    base=gantry-function-base-$$
    case $2 in
    *DOCKER*) route="v1.41/images/create?fromSrc=-&repo=$base&tag=1" ;;
    *) route="v4.0.0/libpod/images/import?reference=$base:1" ;;
    esac
    case $2 in
    *ROOTLESS*) limits=-u ;; # on cgroups v1 it cannot keep limits
    *) limits= ;;
    esac
    engine -X POST -H 'Content-Type: application/x-tar' --data-binary "@$GANTRY_TEST_BUSYBOX" \
        "http://engine/$route"
    cat >"$backup/handler.sh" <<'END'
case $INPUT in
fail) echo "no \"$INPUT\"" >&2; exit 3 ;;
sleep) echo early; exec sleep 60 ;;
network) ls /sys/class/net ;;
*) echo "hello $INPUT" ;;
esac
END
    # shellcheck disable=SC2086 # one word or none
    out=$("$folder/function_runner" $limits -p 3 -t 2500 "$base:1" "$backup/handler.sh" \
        joe fail sleep network 2>&1) && fail "function_runner with a call that fails" "$out"
    contains function_runner "$out" '"stdout": "hello joe\n"'
    contains function_runner "$out" '"exit_code": 3'
    contains function_runner "$out" '"stderr": "no \"fail\"\n"'
    contains function_runner "$out" '"exit_code": 137, "signal": 9'
    contains function_runner "$out" '"timed_out": true'
    contains function_runner "$out" '"stdout": "early\n"'
    contains function_runner "$out" '"stdout": "lo\n"'
    [ "$(echo "$out" | grep -c '^{"call": ')" -eq 4 ] || fail "function_runner: not four lines" "$out"
    mkdir "$backup/function" && cp "$backup/handler.sh" "$backup/function/handler"
    # shellcheck disable=SC2086
    out=$("$folder/function_runner" $limits "$base:1" "$backup/function" a b 2>&1) ||
        fail "function_runner of a directory" "$out"
    contains function_runner "$out" '"stdout": "hello b\n"'
    out=$("$folder/function_runner" "$base:1" "$backup/nowhere" a 2>&1) &&
        fail "function_runner without a handler" "$out"
    contains function_runner "$out" "$backup/nowhere: no such handler"
    engine -X DELETE "http://engine/v1.40/images/$base:1"
fi

# An image of the engine goes to the test registry and comes back.
if [ -n "${GANTRY_TEST_REGISTRY:-}" ] && [ -n "${GANTRY_TEST_BUSYBOX:-}" ]; then
    GANTRY_EXAMPLE_INSECURE=1
    export GANTRY_EXAMPLE_INSECURE
    repository=$GANTRY_TEST_REGISTRY/gantry-example-$$
    case $2 in
    *DOCKER*) route="v1.41/images/create?fromSrc=-&repo=$repository&tag=1" ;;
    *) route="v4.0.0/libpod/images/import?reference=$repository:1" ;;
    esac
    engine -X POST -H 'Content-Type: application/x-tar' --data-binary "@$GANTRY_TEST_BUSYBOX" \
        "http://engine/$route"
    out=$("$folder/transfer" push "$repository:1" 2>&1) || fail "transfer push" "$out"
    contains "transfer push" "$out" "$repository:1 is pushed"
    engine -X DELETE "http://engine/v1.40/images/$repository:1"
    out=$("$folder/transfer" pull "$repository:1" 2>&1) || fail "transfer pull" "$out"
    contains "transfer pull" "$out" "$repository:1 is "
    contains "transfer pull" "$out" " now"
    engine -X DELETE "http://engine/v1.40/images/$repository:1"
fi
out=$("$folder/deploy" up gantry-no-such-image 2>&1) && fail "deploy of no image" "$out"
contains deploy "$out" "gantry-no-such-image"
if [ -n "${GANTRY_TEST_BUSYBOX:-}" ]; then
    case $2 in
    *DOCKER*) route="v1.41/images/create?fromSrc=-&repo=gantry-example-shop&tag=1" ;;
    *) route="v4.0.0/libpod/images/import?reference=gantry-example-shop:1" ;;
    esac
    engine -X POST -H 'Content-Type: application/x-tar' --data-binary "@$GANTRY_TEST_BUSYBOX" \
        "http://engine/$route"
    out=$("$folder/deploy" up gantry-example-shop:1 2>&1) || fail "deploy up" "$out"
    contains "deploy up" "$out" "gantry-shop-db is ready
gantry-shop-app is created
gantry-shop-app is started
gantry-shop-app is ready
The shop is open at http://127.0.0.1:"
    page=$(curl -sS -m 60 "${out##* }") || fail "the shop does not answer" "$out"
    contains "the shop" "$page" "apples, pears"
    out=$("$folder/deploy" up gantry-example-shop:1 2>&1) || fail "deploy up again" "$out"
    contains "deploy up again" "$out" "gantry-shop-app was there"
    out=$("$folder/deploy" down 2>&1) || fail "deploy down" "$out"
    contains "deploy down" "$out" "The shop is closed."
    engine -X DELETE "http://engine/v1.40/images/gantry-example-shop:1"
fi
"$folder/deploy" down >/dev/null 2>&1

out=$("$folder/engine_report" 2>&1) || fail "engine_report" "$out"
contains engine_report "$out" "could go, MB"
contains engine_report "$out" "The engine is well."

out=$("$folder/web_stack" gantry-no-such-image 2>&1) && fail "web_stack of no image" "$out"
contains web_stack "$out" "gantry-no-such-image"
if [ -n "${GANTRY_TEST_BUSYBOX:-}" ]; then
    case $2 in
    *DOCKER*) route="v1.41/images/create?fromSrc=-&repo=gantry-example-stack&tag=1" ;;
    *) route="v4.0.0/libpod/images/import?reference=gantry-example-stack:1" ;;
    esac
    engine -X POST -H 'Content-Type: application/x-tar' --data-binary "@$GANTRY_TEST_BUSYBOX" \
        "http://engine/$route"
    for how in "" --pod; do
        # shellcheck disable=SC2086 # one word or none
        out=$("$folder/web_stack" $how gantry-example-stack:1 2>&1) || fail "web_stack $how" "$out"
        contains "web_stack $how" "$out" "gantry-stack-web is ready
gantry-stack-front is created"
        contains "web_stack $how" "$out" "/ says: Hello from a volume.
All of it is gone again."
    done
    engine -X DELETE "http://engine/v1.40/images/gantry-example-stack:1"
fi
echo "the examples work on $address"
