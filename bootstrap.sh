#!/usr/bin/env bash
# From a fresh checkout to a running update point, or to a tested one. Everything is written below the build folder
# (./build, or the folder that $CDIST_BUILD names): the sources are copied there before autotools run. Tests also use
# temporary folders below $TMPDIR, which they remove.
#
#   ./bootstrap.sh demo     build, start a private httpd, and show the whole job on real files
#   ./bootstrap.sh check    build and run the tests, and once more under sanitizers
#   ./bootstrap.sh build    build only
set -euo pipefail

top=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
build=${CDIST_BUILD:-$top/build}

packages_build=(gcc make pkg-config autoconf automake libtool apache2-bin apache2-dev libapr1-dev libaprutil1-dev
    zlib1g-dev libdeflate-dev libssl-dev libjansson-dev libarchive-dev libexpat1-dev
    libcurl4-openssl-dev)
packages_demo=(curl unzip)
packages_check=(check chromium diffutils python3 python3-pytest python3-pytest-xdist curl openssl unzip zip 7zip libarchive-tools
    aria2 xz-utils util-linux haproxy varnish)

say() { printf '%s\n' "$*"; }
die() { printf 'bootstrap.sh: %s\n' "$*" >&2; exit 1; }

usage() {
    say "Usage: ./bootstrap.sh demo|check|build"
    say "  demo   build, start a private httpd on a free loopback port, and show the job on real files"
    say "  check  build and run the tests, and once more under sanitizers"
    say "  build  build only; then: make -C build install"
    say "Environment: CDIST_BUILD  the build folder (./build); CDIST_CONFIGURE_FLAGS  options for configure"
}

# Installs what is missing where that can be done; otherwise says what to install.
need() {
    local package missing=()
    if ! command -v dpkg-query >/dev/null; then
        say "This is no Debian or Ubuntu; the packages are known there as: $*"
        return 0
    fi
    for package in "$@"; do
        dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing+=("$package")
    done
    [ ${#missing[@]} -gt 0 ] || return 0
    [ "$(id -u)" = 0 ] || die "these packages are missing; install them and start again:
    sudo apt-get install --no-install-recommends ${missing[*]}"
    say "Installing: ${missing[*]}"
    export DEBIAN_FRONTEND=noninteractive
    mkdir -p "$build"
    { apt-get update && apt-get install -y --no-install-recommends "${missing[@]}"; } >"$build/apt.log" 2>&1 ||
        { tail -n 20 "$build/apt.log" >&2; die "apt-get could not install: ${missing[*]}"; }
}

# Brings the build folder's copy of the sources up to date; times are kept, so that make sees what changed.
copy_sources() {
    local file
    mkdir -p "$build/source"
    tar -C "$top" --exclude=./build --exclude='./build-*' --exclude=./.git --exclude=./autom4te.cache \
        --exclude=./configure --exclude=./aclocal.m4 --exclude=./Makefile.in --exclude=./config.h.in \
        --exclude=__pycache__ -cf - . | tar -C "$build/source" -xf -
    (cd "$build/source" && find core mod_1cdist tools tests conf-examples docs -type f) | while IFS= read -r file; do
        [ -e "$top/$file" ] || rm -f "$build/source/$file"
    done
}

run_logged() {
    local log=$build/$1.log
    shift
    "$@" >"$log" 2>&1 || { tail -n 40 "$log" >&2; die "failed: $* (the whole output: $log)"; }
}

build_all() {
    need "${packages_build[@]}" "$@"
    copy_sources
    say "Building in $build"
    cd "$build"
    [ -x source/configure ] || run_logged autoreconf autoreconf -fi source
    # Configured without Check or pytest, before they were installed: look again.
    if [ "${1:-}" = "${packages_check[0]}" ] && grep -qE '^(PYTEST_PYTHON = *$|HAVE_CHECK_TRUE = #)' Makefile 2>/dev/null
    then rm -f Makefile; fi
    [ -f Makefile ] || run_logged configure source/configure ${CDIST_CONFIGURE_FLAGS:-}
    run_logged make make -j"$(nproc)"
}

case ${1:-} in
demo)
    build_all "${packages_demo[@]}"
    exec bash "$build/source/tests/demo/demo.sh" "$build"
    ;;
check)
    build_all "${packages_check[@]}"
    # VERBOSE prints what a failed test said.
    VERBOSE=1 make -j"$(nproc)" --no-print-directory check-all
    ;;
build)
    build_all
    say "Built: $build/1cdist and $build/.libs/mod_1cdist.so. To install: make -C $build install"
    ;;
-h | --help | help) usage ;;
*)
    usage >&2
    exit 2
    ;;
esac
