#!/usr/bin/env bash
# Runs mixed traffic against Usher on each engine for a given time, and fails when its memory, goroutines,
# file handles or latencies grow.
#
#   scripts/soak.sh 15m
#
# It writes its measurements to .cache/bench/soak.md.
set -euo pipefail
time=${1:?the time on each engine, as in: scripts/soak.sh 15m}
exec "$(dirname "$0")/bench.sh" -soak "$time" -users 5000 -o .cache/bench/soak.md
