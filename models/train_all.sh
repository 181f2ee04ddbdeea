#!/bin/sh
# Trains the three default models from nothing and puts them into this folder with manifest.json.
# models/train_all.sh [PATH OF THE PROGRAM sapsam] [FOLDER FOR THE RUNS]
set -eu
models=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
sapsam=${1:-sapsam}
runs=${2:-$models/../build/runs}
for task in retrieval person-sam phrases; do
    "$sapsam" train "$task" --config "$models/configs/$task.json" --runs "$runs" --export "$models"
done
"$sapsam" models verify
