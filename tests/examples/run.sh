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

for name in backup_images build_directory context cp transfer; do
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
echo "the examples work on $address"
