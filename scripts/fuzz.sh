#!/usr/bin/env bash
# Runs every fuzz target of the module.
#
#   scripts/fuzz.sh [TIME]      TIME for each target, in the form of -fuzztime; default 10s
#
# It builds each package once, for all its targets. Failing inputs are in the package's testdata/fuzz, as with go test.
set -euo pipefail
cd "$(dirname "$0")/.."

time=${1:-10s}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
corpus=$(go env GOCACHE)/fuzz # the generated corpus of earlier runs

grep --include='*_test.go' -rlE '^func Fuzz[A-Za-z0-9_]+' . | xargs -n 1 dirname | sort -u | while read -r package; do
	go test -c -fuzz . -o "$work/test" "$package"
	path=$(go list "$package")
	for target in $(cd "$package" && "$work/test" -test.list '^Fuzz'); do
		echo "fuzz $package $target"
		(cd "$package" && "$work/test" -test.run '^$' -test.fuzz "^$target\$" -test.fuzztime "$time" \
			-test.fuzzcachedir "$corpus/$path") >"$work/out" 2>&1 || {
			cat "$work/out" >&2
			# Go sometimes reports the end of the fuzzing time as a failure. A real failure has an input.
			grep -q '^    context deadline exceeded$' "$work/out" && ! grep -q 'Failing input' "$work/out" || exit 1
		}
	done
done
