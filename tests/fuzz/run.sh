#!/bin/sh
# Runs every fuzz target one after the other with low priority.
# usage: run.sh FOLDER_OF_PROGRAMS FOLDER_OF_SEEDS SECONDS [TARGET…]
# What is found is kept below FOLDER_OF_SEEDS/findings; ends with 1 when there is something.
set -u
programs=$1
seeds=$2
seconds=$3
shift 3
[ $# -gt 0 ] || set -- fuzz_pickle fuzz_zip fuzz_torch fuzz_torch_pickle fuzz_torch_legacy \
  fuzz_safetensors fuzz_index fuzz_tokenizers
mkdir -p "$seeds/findings"
# Containers cross between libtorch, which is not instrumented, and the program.
ASAN_OPTIONS=detect_container_overflow=0:detect_leaks=0:allocator_may_return_null=0
OMP_NUM_THREADS=1
export ASAN_OPTIONS OMP_NUM_THREADS
status=0
for target in "$@"; do
  mkdir -p "$seeds/$target" "$seeds/corpus/$target"
  nice -n 19 "$programs/$target" "$seeds/corpus/$target" "$seeds/$target" \
    -max_total_time="$seconds" -max_len=65536 -timeout=10 -rss_limit_mb=1024 \
    -malloc_limit_mb=256 -print_final_stats=1 -verbosity=0 \
    -artifact_prefix="$seeds/findings/$target-" >"$seeds/findings/$target.log" 2>&1 \
    || { status=1; echo "$target: a finding, see $seeds/findings/$target.log"; continue; }
  echo "$target: $(grep -a number_of_executed_units "$seeds/findings/$target.log" | tr -dc '0-9') inputs, nothing found"
done
exit $status
