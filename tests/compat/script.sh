#!/bin/bash
# script.sh PROGRAM: what scripts/compat makes of results, and of wrong arguments.
set -u
compat=$1
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
bad=0

expect()
{
    [ "$2" = "$3" ] && return
    printf '%s\n  is:     %s\n  wanted: %s\n' "$1" "$2" "$3"
    bad=1
}

# result ENGINE VERSION GROUP NUMBERS...
result()
{
    mkdir -p "$work/results/$1"
    printf '%s\n' "$2" >"$work/results/$1/version"
    printf '%s\n' "${*:4}" >"$work/results/$1/$3.result"
    printf '[       OK ] fine\n' >"$work/results/$1/$3.log"
}

table()
{
    "$compat" --table --results "$work/results" --program /nonexistent
}

result docker-20.10 20.10.24 copy 12 0 1 ok 3
result docker-28.5 28.5.2 copy 11 1 1 failed 4
printf '[  FAILED  ] one_of_them\n[  FAILED  ] 1 test(s), listed below:\n[  FAILED  ] one_of_them\n' \
    >>"$work/results/docker-28.5/copy.log"
result docker-28.5 28.5.2 exec 3 1 0 timeout 300
result podman-rootless-5.4 5.4.2 buildkit 0 0 3 ok 0
expect "the table" "$(table | head -n 5)" "| Group | Docker 20.10.24 | Docker 28.5.2 | rootless Podman 5.4.2 |
| --- | --- | --- | --- |
| buildkit |  |  | n/a |
| copy | 12 | 11, **1 failed** |  |
| exec |  | 3, then too slow |  |"
expect "what failed" "$(table | grep '^- ')" "- docker-28.5, copy: one_of_them"
expect "the last line" "$(table | tail -n 1)" "26 passed, 2 failed"
table >/dev/null && { echo "failures are no success"; bad=1; }
rm -r "$work/results/docker-28.5"
table >/dev/null || { echo "the status is wrong where nothing failed"; bad=1; }
for wrong in "--engines docker-1.0" "--limit soon" "--limit" "--nonsense"; do
    # shellcheck disable=SC2086 # words
    "$compat" --table --results "$work/results" $wrong >/dev/null 2>&1 &&
        { echo "$wrong is taken"; bad=1; }
done
exit "$bad"
