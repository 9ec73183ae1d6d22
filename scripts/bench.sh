#!/usr/bin/env bash
# Measures Usher and, in the same run, what bounds it. bench/README.md explains the table.
#
#   scripts/bench.sh                            an hour
#   BENCH=quick scripts/bench.sh                ten minutes, too short for reliable figures
#   scripts/bench.sh -rows '^whoami' [...]      some rows; the flags are those of bench/load
#
# It writes the table to .cache/bench/table.md.
set -euo pipefail
cd "$(dirname "$0")/.."

case ${BENCH:-full} in
full) flags=() ;;
quick) flags=(-rounds 2 -time 1s -users 5000 -many 20000 -tries 100) ;;
*)
	echo "BENCH is quick or full, not '$BENCH'" >&2
	exit 2
	;;
esac

out=$PWD/.cache/bench
mkdir -p "$out"
bin=$(mktemp -d)
trap 'rm -rf "$bin"' EXIT

make --no-print-directory build
go build -o "$bin/load" ./bench/load
"$bin/load" -usher "$PWD/usher" -o "$out/table.md" "${flags[@]}" "$@"
