#!/usr/bin/env bash
# From a fresh clone to the open window in one command: installs what is missing, builds, makes the
# demo project and opens it. Without a display it does the same job headless: prints the ranking of
# three descriptions and writes a contact sheet.
set -euo pipefail
# shellcheck source=packaging/setup.sh
. "$(dirname "${BASH_SOURCE[0]}")/setup.sh"

setup sapsam sapsam-workbench

sapsam="$SAPSAM_BUILD/bin/sapsam"
demo_dir="${SAPSAM_DEMO_DIR:-$SAPSAM_ROOT/demo}"
people="$demo_dir/people.sapsam"
street="$demo_dir/street.sapsam"
mkdir -p "$demo_dir"

# Every step continues where an earlier call stopped.
prepare() {
    "$sapsam" segment "$1"
    "$sapsam" phrase "$1"
    "$sapsam" embed "$1"
}

if [ ! -e "$demo_dir/people.ready" ]; then
    say "Making the demo project: 400 procedural people"
    [ -e "$demo_dir/pictures/CUHK-PEDES/reid_raw.json" ] \
        || "$sapsam" --seed 20 synth "$demo_dir/pictures" --count 400
    [ -e "$people/project.sqlite" ] || "$sapsam" project create "$people"
    "$sapsam" import "$people" "$demo_dir/pictures/CUHK-PEDES" --format cuhk-pedes
    # The true label maps of drawn people are known: the Merges page previews exactly.
    "$sapsam" taxonomy labels "$people" "$demo_dir/pictures/ATR"
    prepare "$people"
    touch "$demo_dir/people.ready"
else
    say "The demo project is there: $people"
fi

video=$(demo_video)
if [ -n "$video" ] && [ ! -e "$demo_dir/street.ready" ]; then
    say "Making the second demo gallery from real footage: $(basename "$video")"
    case "$video" in
        *.gz) gunzip -c "$video" >"$demo_dir/vtest.avi"; video="$demo_dir/vtest.avi" ;;
    esac
    [ -e "$street/project.sqlite" ] || "$sapsam" project create "$street"
    "$sapsam" import "$street" "$video" --detect --frame-step 20
    prepare "$street"
    touch "$demo_dir/street.ready"
elif [ -z "$video" ]; then
    say "No real footage found (Debian's opencv-doc); the second gallery is left out"
fi

if [ -n "${DISPLAY:-}${WAYLAND_DISPLAY:-}" ]; then
    say "Opening the window; type: a woman in a red jacket and blue jeans"
    exec "$SAPSAM_BUILD/bin/sapsam-workbench" "$people"
fi

say "No display: ranking three descriptions instead"
queries=("a woman in a red jacket and blue jeans" "a man with a black backpack" "a person in a long dark coat")
arguments=()
for query in "${queries[@]}"; do
    "$sapsam" search "$people" "$query" --top 5
    arguments+=(--query "$query")
done
"$sapsam" export "$people" --format html --output "$demo_dir/sheet" --top 12 "${arguments[@]}"
if [ -e "$demo_dir/street.ready" ]; then
    say "The same on real footage"
    "$sapsam" search "$street" "a person in a red jacket" --top 5
    "$sapsam" export "$street" --format html --output "$demo_dir/street-sheet" --top 12 --query "a person in a red jacket"
fi
say "Contact sheets with masks and phrases: $demo_dir/sheet/index.html"
