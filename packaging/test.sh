#!/usr/bin/env bash
# Sets up like run.sh, builds everything and runs every test. `--slow` adds the slow ones.
# Where a libtorch 2.x is installed, the engine and the tests of the networks are built against it
# too and run: $SAPSAM_LIBTORCH2 names its folder of CMake packages (…/torch/share/cmake), or a
# Python whose torch is one; without it python3's own torch is looked at. SAPSAM_LIBTORCH2=no
# leaves this out.
set -euo pipefail
# shellcheck source=packaging/setup.sh
. "$(dirname "${BASH_SOURCE[0]}")/setup.sh"

# The folder of CMake packages of the libtorch 2.x that is to be tested; nothing when there is none.
libtorch2_prefix() {
    local given="${SAPSAM_LIBTORCH2:-}" python=python3 prefix
    if [ "$given" = no ]; then return; fi
    if [ -d "$given" ]; then printf '%s\n' "$given"; return; fi
    if [ -n "$given" ]; then python="$given"; fi
    prefix=$("$python" - 2>/dev/null <<'PYTHON' || true
import torch
if int(torch.__version__.split(".")[0]) >= 2:
    print(torch.utils.cmake_prefix_path)
PYTHON
    )
    if [ -n "$prefix" ]; then
        printf '%s\n' "$prefix"
    elif [ -n "$given" ]; then
        fail "SAPSAM_LIBTORCH2='$given' is neither a folder nor a Python with torch 2.x"
    fi
}

test_with_libtorch2() {
    local prefix build="$SAPSAM_ROOT/build/libtorch2"
    local tests=(tst_attention tst_blocks tst_linear tst_rows tst_networks tst_golden_networks)
    prefix=$(libtorch2_prefix)
    if [ -z "$prefix" ]; then
        say "No libtorch 2.x is installed (pip install torch, or set SAPSAM_LIBTORCH2): only Debian's was tested"
        return
    fi
    say "Building the engine and the tests of the networks against the libtorch in $prefix"
    mkdir -p "$build"
    (cd "$SAPSAM_ROOT" && cmake --preset core-only -B "$build" -DSAPSAM_BUILD_TESTS=ON \
        "-DCMAKE_PREFIX_PATH=$prefix" >"$build/configure.log" 2>&1) \
        || { tail -n 30 "$build/configure.log" >&2; fail "configuring failed, see $build/configure.log"; }
    cmake --build "$build" --target sapsam "${tests[@]}"
    ctest --test-dir "$build" --output-on-failure --no-tests=error \
        -R "^($(IFS='|'; printf '%s' "${tests[*]}"))\$"
}

selection=(-LE slow)
[ "${1:-}" != "--slow" ] || selection=()

setup
test_with_libtorch2
say "Running the tests"
cd "$SAPSAM_ROOT"
exec ctest --test-dir build/release --output-on-failure --no-tests=error "${selection[@]}"
