#!/usr/bin/env bash
# Installs what is missing, configures and builds. Sourced by run.sh and test.sh; can be run alone.
# Idempotent, and quick when nothing is to do.
set -euo pipefail

SAPSAM_ROOT="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
SAPSAM_BUILD="$SAPSAM_ROOT/build/release"

say() { printf '\033[1m==>\033[0m %s\n' "$*"; }
fail() { printf 'error: %s\n' "$*" >&2; exit 1; }

missing_packages() {
    local wanted installed
    wanted=$(sed -e 's/#.*//' -e '/^[[:space:]]*$/d' "$SAPSAM_ROOT/packaging/debian-packages.txt" | sort -u)
    # shellcheck disable=SC2086
    installed=$(dpkg-query -W -f='${db:Status-Abbrev} ${Package}\n' $wanted 2>/dev/null \
        | sed -n 's/^ii  *//p' | sort -u)
    comm -23 <(printf '%s\n' "$wanted") <(printf '%s\n' "$installed") | tr '\n' ' '
}

install_packages() {
    command -v dpkg-query >/dev/null || fail "this script knows Debian packages only; install what packaging/debian-packages.txt lists by hand, then run: cmake --preset release && cmake --build --preset release"
    local missing
    missing=$(missing_packages)
    if [ -z "${missing// /}" ]; then
        say "All Debian packages are there"
        return
    fi
    say "Missing Debian packages: $missing"
    local as_root=()
    if [ "$(id -u)" -ne 0 ]; then
        command -v sudo >/dev/null || fail "not root and no sudo; ask your administrator for: apt-get install $missing"
        [ -t 0 ] || fail "not root and nobody to ask; run first: sudo apt-get install $missing"
        local answer
        read -r -p "Install them with sudo apt-get? [y/N] " answer
        case "$answer" in
            y|Y|yes) as_root=(sudo) ;;
            *) fail "nothing was installed; run yourself: sudo apt-get install $missing" ;;
        esac
    fi
    "${as_root[@]}" apt-get update -qq
    # shellcheck disable=SC2086
    DEBIAN_FRONTEND=noninteractive "${as_root[@]}" apt-get install -y -qq --no-install-recommends $missing >/dev/null
    # An image without documentation drops the demo video: fetch that package's files again.
    if [ -z "$(demo_video)" ] && [ -e /etc/dpkg/dpkg.cfg.d/docker ]; then
        say "This system leaves documentation out, so the demo video is not installed; the second gallery will be skipped"
    fi
}

# Path of real street footage, if Debian's opencv-doc is installed.
demo_video() {
    local file
    for file in /usr/share/doc/opencv-doc/examples/data/vtest.avi \
                /usr/share/doc/opencv-doc/examples/data/vtest.avi.gz; do
        if [ -e "$file" ]; then printf '%s\n' "$file"; return; fi
    done
    true
}

# build [target…]: everything, or only the targets
build() {
    local targets=()
    [ $# -eq 0 ] || targets=(--target "$@")
    say "Configuring (preset release)"
    (cd "$SAPSAM_ROOT" && cmake --preset release >"$SAPSAM_ROOT/build/configure.log" 2>&1) \
        || { tail -n 30 "$SAPSAM_ROOT/build/configure.log" >&2; fail "configuring failed, see build/configure.log"; }
    say "Building; the first time takes some minutes"
    (cd "$SAPSAM_ROOT" && cmake --build --preset release "${targets[@]}")
}

setup() {
    mkdir -p "$SAPSAM_ROOT/build"
    install_packages
    build "$@"
}

if [ "${BASH_SOURCE[0]}" = "$0" ]; then
    setup
    say "Built: build/release/bin/sapsam and build/release/bin/sapsam-workbench"
fi
