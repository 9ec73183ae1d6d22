#!/usr/bin/env bash
# Runs every fuzz target of the module for a while each.
#
#   scripts/fuzz.sh [TIME]      TIME as go test takes it; default 10s
set -euo pipefail
cd "$(dirname "$0")/.."

time=${1:-10s}
grep --include='*_test.go' -rHoE '^func Fuzz[A-Za-z0-9_]+' . | sort | while IFS=: read -r file target; do
	target=${target#func }
	echo "fuzz $(dirname "$file") $target"
	go test -run '^$' -fuzz "^$target\$" -fuzztime "$time" "$(dirname "$file")" >"${TMPDIR:-/tmp}/fuzz.$$" 2>&1 || {
		cat "${TMPDIR:-/tmp}/fuzz.$$" >&2
		rm -f "${TMPDIR:-/tmp}/fuzz.$$"
		exit 1
	}
done
rm -f "${TMPDIR:-/tmp}/fuzz.$$"
