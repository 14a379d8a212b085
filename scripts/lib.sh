# shellcheck shell=bash
# Shared shell functions of scripts/ and tests/engines/: messages, packages, engine probes.
# Sourced, never run. It sets no shell option and no trap, and changes nothing by being read.

# What each purpose needs, as Debian packages.
packages_build="build-essential cmake pkg-config libcurl4-openssl-dev libarchive-dev libyajl-dev
    curl ca-certificates"
packages_podman="podman netavark aardvark-dns catatonit runc uidmap slirp4netns fuse-overlayfs
    iptables kmod"
# shellcheck disable=SC2034 # read by scripts/setup and scripts/test
packages_test="$packages_build ninja-build clang lld libcmocka-dev doxygen docker.io $packages_podman
    busybox-static iproute2 util-linux docker-registry apache2-utils openssl nginx-light tinyproxy
    openssh-server openssh-client"

say()
{
    printf '%s\n' "${0##*/}: $*" >&2
}

# Something the reader must not overlook.
loud()
{
    printf '%s\n' '' "!!! ${0##*/}: $*" '' >&2
}

die()
{
    say "$*"
    exit 1
}

have()
{
    command -v "$1" >/dev/null 2>&1
}

is_root()
{
    [ "$(id -u)" -eq 0 ]
}

package_installed()
{
    [ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

# packages_missing PACKAGE...: prints those that are not installed. A package that another one
# provides counts as missing: apt-get settles that without installing anything.
packages_missing()
{
    local package missing=

    for package in "$@"; do
        package_installed "$package" && continue
        # The two exclude each other, and the machine's choice stands: see static_busybox.
        [ "$package" = busybox-static ] && package_installed busybox && continue
        missing="$missing $package"
    done
    printf '%s\n' "${missing# }"
}

# static_busybox FOLDER: prints the path of a static busybox: the installed one, or one unpacked in
# FOLDER where the machine has the other kind.
static_busybox()
{
    local program

    program=$(command -v busybox)
    if [ -n "$program" ] && ! ldd "$program" 2>&1 | grep -q '=>'; then
        printf '%s\n' "$program"
        return
    fi
    (
        cd "$1" && apt_quietly download busybox-static && dpkg-deb -x busybox-static_*.deb . &&
            rm -f busybox-static_*.deb
    ) || return
    printf '%s\n' "$1/bin/busybox"
}

# Runs a command while package scripts may not start daemons. A policy of the machine's own for that
# is left alone.
without_services()
{
    (
        policy=/usr/sbin/policy-rc.d
        if [ ! -e "$policy" ]; then
            trap 'rm -f "$policy"' EXIT
            printf '#!/bin/sh\nexit 101\n' >"$policy" && chmod 755 "$policy"
        fi
        "$@"
    )
}

# Two runs of apt-get on one machine wait for each other instead of failing.
apt_quietly()
{
    DEBIAN_FRONTEND=noninteractive NEEDRESTART_SUSPEND=1 \
        apt-get -q -o DPkg::Lock::Timeout=600 -o Dpkg::Use-Pty=0 -o Acquire::Retries=3 \
        "$@" </dev/null >&2
}

# The lists' lock has no timeout of its own in apt-get.
apt_update()
{
    local round=0

    until apt_quietly update; do
        round=$((round + 1))
        [ "$round" -lt 5 ] || return 1
        sleep 5
    done
}

# packages_install PACKAGE...: installs what is missing. Where it may not, it prints the one line
# to run and returns 1. It never removes a package and starts no service.
packages_install()
{
    local missing install=(install -y --no-install-recommends --no-remove)

    if ! have dpkg-query || ! have apt-get; then
        say "this is no Debian system: install the equivalents of: $*"
        return 1
    fi
    missing=$(packages_missing "$@")
    [ -n "$missing" ] || return 0
    if ! is_root; then
        say "packages are missing; as root, run:"
        printf '    apt-get install -y --no-install-recommends %s\n' "$missing" >&2
        return 1
    fi
    say "installing: $missing"
    # A list file per package index; without any, the first attempt cannot succeed.
    if ! compgen -G '/var/lib/apt/lists/*_Packages*' >/dev/null; then
        apt_update || say "apt-get update failed"
    fi
    # shellcheck disable=SC2086 # a list of words
    without_services apt_quietly "${install[@]}" $missing && return
    apt_update
    # shellcheck disable=SC2086
    without_services apt_quietly "${install[@]}" $missing && return
    say "could not install: $missing"
    return 1
}

# engine_answers ADDRESS [SECONDS]: does an engine answer a ping at unix:///path or tcp://host:port?
# Without curl a socket that exists has to do as the answer.
engine_answers()
{
    local address=$1 seconds=${2:-5}

    if ! have curl; then
        [ -S "${address#unix://}" ]
        return
    fi

    case $address in
    unix://*)
        [ -S "${address#unix://}" ] &&
            curl -fsS -o /dev/null -m "$seconds" --noproxy '*' \
                --unix-socket "${address#unix://}" http://engine/_ping 2>/dev/null
        ;;
    tcp://*)
        curl -fsS -o /dev/null -m "$seconds" --noproxy '*' \
            "http://${address#tcp://}/_ping" 2>/dev/null
        ;;
    *) return 1 ;;
    esac
}

# The runtime and limits of this machine decide whether Podman's defaults work here. crun refuses
# every cgroup layout but the unified one, and a container's default nofile limit cannot be above
# the hard limit of the service. Prints the lines of a containers.conf, nothing if none is needed.
podman_conf_needed()
{
    local files processes

    files=$(ulimit -Hn)
    processes=$(ulimit -Hu)
    [ "$files" != unlimited ] && [ "$files" -lt 1048576 ] || files=
    [ "$processes" != unlimited ] && [ "$processes" -lt 4194304 ] || processes=
    # Podman lowers its own limit of processes on some machines, so not all of the hard limit is
    # there to give.
    [ -z "$processes" ] || [ "$processes" -le 4096 ] || processes=4096
    if [ -n "$files$processes" ]; then
        printf '[containers]\n'
        printf 'default_ulimits = ["nofile=%s:%s", "nproc=%s:%s"]\n' \
            "${files:-1048576}" "${files:-1048576}" \
            "${processes:-4194304}" "${processes:-4194304}"
    fi
    if [ "$(stat -f -c %T /sys/fs/cgroup 2>/dev/null)" != cgroup2fs ]; then
        printf '[engine]\nruntime = "runc"\ncgroup_manager = "cgroupfs"\nevents_logger = "file"\n'
    fi
}

# Whether addresses as ::1 can be had; a new network namespace gets its own with "lo".
has_ipv6()
{
    [ -e /proc/net/if_inet6 ] &&
        [ "$(cat /proc/sys/net/ipv6/conf/lo/disable_ipv6 2>/dev/null)" = 0 ]
}
