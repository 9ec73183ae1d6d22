#!/usr/bin/env bash
# Runs the Go benchmarks of this tree and of another revision in alternation, and compares
# them with benchstat. It compares the benchmarks that both revisions have.
#
#   scripts/bench-compare.sh REVISION [BENCHMARKS]
#
# BENCHMARKS is a regular expression; without it all but the bulk create run.
set -euo pipefail
cd "$(dirname "$0")/.."

base=${1:?the revision to compare with, as in: make bench-compare BASE=HEAD~1}
benchmarks=${2:-'^Benchmark(Whoami|Get|List1000|Login|Patch)$/usher'}
rounds=${ROUNDS:-8}

out=$PWD/.cache/bench
mkdir -p "$out"
tree=$(mktemp -d)
trap 'git worktree remove --force "$tree/base" 2>/dev/null || true; rm -rf "$tree"' EXIT
git worktree add --quiet --detach "$tree/base" "$base"
(cd "$tree/base" && go test -c -o "$tree/old" ./bench)
go test -c -o "$tree/new" ./bench

: >"$out/old.txt"
: >"$out/new.txt"
for ((i = 1; i <= rounds; i++)); do
	echo "round $i of $rounds" >&2
	for side in old new; do
		(cd bench && "$tree/$side" -test.run '^$' -test.bench "$benchmarks" -test.benchtime 1s) >>"$out/$side.txt"
	done
done
go tool -modfile="$PWD/tools/go.mod" benchstat "$base=$out/old.txt" "this tree=$out/new.txt"
