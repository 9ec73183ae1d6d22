#!/usr/bin/env bash
# Measures Usher beside what bounds it; bench/README.md says how to read the table.
#
#   scripts/bench.sh                            an hour
#   BENCH=quick scripts/bench.sh                ten minutes, and too little to say much
#   scripts/bench.sh -rows '^whoami' [...]      some rows; the flags are those of bench/load
#
# The table stays in .cache/bench/table.md.
set -euo pipefail
cd "$(dirname "$0")/.."

case ${BENCH:-full} in
full) flags=() ;;
quick) flags=(-rounds 2 -time 1s -users 20000 -many 20000 -tries 100) ;;
*)
	echo "BENCH is quick or full, not '$BENCH'" >&2
	exit 2
	;;
esac

out=$PWD/.cache/bench
mkdir -p "$out"
built=$(mktemp -d)
trap 'rm -rf "$built"' EXIT

make --no-print-directory build
go build -o "$built/load" ./bench/load
"$built/load" -usher "$PWD/usher" -o "$out/table.md" "${flags[@]}" "$@"
