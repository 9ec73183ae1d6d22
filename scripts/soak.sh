#!/usr/bin/env bash
# Has Usher serve mixed traffic on each engine for so long, and fails when anything grows.
#
#   scripts/soak.sh 15m
#
# What was seen stays in .cache/bench/soak.md.
set -euo pipefail
time=${1:?how long on each engine, as in: scripts/soak.sh 15m}
exec "$(dirname "$0")/bench.sh" -soak "$time" -users 5000 -o .cache/bench/soak.md
