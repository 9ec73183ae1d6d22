#!/usr/bin/env bash
# Draws the flame graphs of docs/performance.md from CPU profiles of the Go benchmarks, on
# SQLite. They show the server's part of a request, without the client in the same process.
set -euo pipefail
cd "$(dirname "$0")/.."

out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
go test -c -o "$out/bench" ./bench
go build -o "$out/flame" ./bench/flame
server='net/http\.\(\*conn\)\.serve$|sqlite\.\(\*writer\)\.loop$'

draw() { # NAME BENCHMARK TITLE [ROOT]
	(cd bench && "$out/bench" -test.run '^$' -test.bench "^Benchmark$2\$/^usher\$" -test.benchtime 5s -test.cpuprofile "$out/$1")
	"$out/flame" -root "${4:-$server}" -title "$3" "$out/$1" >"docs/images/flame-$1.svg"
}
draw whoami Whoami 'GET /api/users/whoami'
draw user Get 'GET /api/users/{id}, one of 1,000 users after the other'
draw list List1000 'GET /api/users, 1,000 users'
draw patch Patch 'PATCH /api/users/{id}, a change of one field'
draw sign-in Login 'POST /api/login' "$server|argon2\.processBlocks\.func1\$"
