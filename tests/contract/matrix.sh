#!/bin/sh
# matrix.sh PROGRAM FILE: docs/support.md is what the running library says. To renew it:
#     tests/engines/run -- build/test/tests/contract/support_matrix >docs/support.md
if [ -z "$GANTRY_TEST_DOCKER" ] || [ -z "$GANTRY_TEST_PODMAN" ]; then
    echo "SKIPPED: no engines (tests/engines/run)"
    exit 77
fi
"$1" | diff -u "$2" -
