#!/bin/sh
# document.sh PROGRAM FILE: the end of docs/compat.md is what tests/contract/versions.def says. To
# renew it, put what "PROGRAM --versions" prints below the last headline.
sed '1,/^## What differs between releases$/d' "$2" | sed 1d >"${TMPDIR:-/tmp}/gantry-compat.$$"
"$1" --versions | diff -u "${TMPDIR:-/tmp}/gantry-compat.$$" -
status=$?
rm -f "${TMPDIR:-/tmp}/gantry-compat.$$"
exit "$status"
