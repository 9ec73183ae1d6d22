#!/usr/bin/env bash
# Runs the benchmarks; bench/README.md says how to read them.
#
#   scripts/bench.sh               two to four minutes
#   BENCH=long scripts/bench.sh    about twenty minutes
#
# What was measured stays in .cache/bench: go.txt as `go test -bench` prints it,
# for benchstat, and the tables go.md and load.md.
set -euo pipefail
cd "$(dirname "$0")/.."

case ${BENCH:-quick} in
quick) rounds=3 length=500ms creates=1 load=(-rounds 3 -time 1s) ;;
long) rounds=10 length=2s creates=3 load=(-rounds 10 -time 5s -creates 3) ;;
*)
	echo "BENCH is quick or long, not '$BENCH'" >&2
	exit 2
	;;
esac

out=$PWD/.cache/bench
mkdir -p "$out"
built=$(mktemp -d)
trap 'rm -rf "$built"' EXIT

CGO_ENABLED=0 go build -trimpath -ldflags '-s -w' -o "$built/usher" ./cmd/usher
go build -o "$built" ./bench/load ./bench/compare
go test -c -o "$built/bench.test" ./bench

# One run a round, so that what is compared takes turns: -count would run all
# rounds of one benchmark before the next.
benchmark() {
	"$built/bench.test" -test.run '^$' -test.bench "$1" -test.benchtime "$length" >>"$out/go.txt"
}
: >"$out/go.txt"
for ((i = 1; i <= rounds; i++)); do
	echo "Go benchmarks, round $i of $rounds" >&2
	benchmark '^Benchmark(Whoami|Get|List1000|Login)$'
done
for ((i = 1; i <= creates; i++)); do
	echo "Go benchmarks, bulk create, round $i of $creates" >&2
	benchmark '^BenchmarkCreate1000$'
done
"$built/compare" <"$out/go.txt" | tee "$out/go.md"

echo "load on built binaries" >&2
echo
"$built/load" -usher "$built/usher" -o "$out/load.md" "${load[@]}"
