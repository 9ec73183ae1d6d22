#!/usr/bin/env bash
# Runs every fuzz target of the module for a while each.
#
#   scripts/fuzz.sh [TIME]      TIME as go test takes it; default 10s
#
# Each package is built once, for all its targets. What a target finds is in the package's testdata/fuzz, as go test has it.
set -euo pipefail
cd "$(dirname "$0")/.."

time=${1:-10s}
built=$(mktemp -d)
trap 'rm -rf "$built"' EXIT
known=$(go env GOCACHE)/fuzz # what go test has found to be interesting before

grep --include='*_test.go' -rlE '^func Fuzz[A-Za-z0-9_]+' . | xargs -n 1 dirname | sort -u | while read -r package; do
	go test -c -fuzz . -o "$built/test" "$package"
	path=$(go list "$package")
	for target in $(cd "$package" && "$built/test" -test.list '^Fuzz'); do
		echo "fuzz $package $target"
		(cd "$package" && "$built/test" -test.run '^$' -test.fuzz "^$target\$" -test.fuzztime "$time" \
			-test.fuzzcachedir "$known/$path") >"$built/out" 2>&1 || {
			cat "$built/out" >&2
			# Now and then Go takes the end of the time for a failure; one that is has an input.
			grep -q '^    context deadline exceeded$' "$built/out" && ! grep -q 'Failing input' "$built/out" || exit 1
		}
	done
done
