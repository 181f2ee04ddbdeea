#!/bin/sh
# Trains the four default models from nothing and puts them into this folder with manifest.json.
# models/train_all.sh [PATH OF THE PROGRAM sapsam] [FOLDER FOR THE RUNS]
set -eu
models=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
sapsam=${1:-sapsam}
runs=${2:-$models/../build/runs}
# Person-SAM starts at 96 pixels, where a step costs a quarter, goes on at 128 and 160, and learns at
# last to tell which parts are not there. Retrieval starts with patches side by side, which are a third of those that overlap.
mkdir -p "$runs/stages"
for stage in person-sam-96 person-sam-128 person-sam-160; do
    "$sapsam" --models "$runs/stages" train person-sam --config "$models/configs/$stage.json" --runs "$runs" --export "$runs/stages"
done
for stage in retrieval-coarse retrieval-overlap; do
    "$sapsam" --models "$runs/stages" train retrieval --config "$models/configs/$stage.json" --runs "$runs" --export "$runs/stages"
done
for task in retrieval person-sam phrases; do
    "$sapsam" --models "$runs/stages" train "$task" --config "$models/configs/$task.json" --runs "$runs" --export "$models"
done
# The model of points and boxes starts from Person-SAM's encoder.
"$sapsam" --models "$models" train sam --config "$models/configs/sam.json" --runs "$runs" --export "$models"
"$sapsam" models verify
