#!/usr/bin/env bash
# Sets up like run.sh, builds everything and runs every test. `--slow` adds the slow ones.
set -euo pipefail
# shellcheck source=packaging/setup.sh
. "$(dirname "${BASH_SOURCE[0]}")/setup.sh"

selection=(-LE slow)
[ "${1:-}" != "--slow" ] || selection=()

setup
say "Running the tests"
cd "$SAPSAM_ROOT"
exec ctest --test-dir build/release --output-on-failure --no-tests=error "${selection[@]}"
