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
echo "the examples work on $address"
