#!/usr/bin/env bash
# Has Usher serve mixed traffic on each engine for so long, and fails when anything grows.
#
#   scripts/soak.sh 15m
#
# What was seen stays in .cache/bench/soak.md.
set -euo pipefail
cd "$(dirname "$0")/.."

out=$PWD/.cache/bench
mkdir -p "$out"
built=$(mktemp -d)
trap 'rm -rf "$built"' EXIT

make --no-print-directory build
go build -o "$built/load" ./bench/load
"$built/load" -usher "$PWD/usher" -soak "${1:?how long on each engine, as in: scripts/soak.sh 15m}" -users 5000 -o "$out/soak.md"
