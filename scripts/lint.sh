#!/usr/bin/env bash
# Checks formatting, go vet and staticcheck, and that no generated code or vendored file is stale.
set -euo pipefail
cd "$(dirname "$0")/.."

echo "gofmt"
unformatted=$(git ls-files --cached --others --exclude-standard '*.go' | xargs gofmt -l)
if [[ -n $unformatted ]]; then
	printf 'not formatted:\n%s\nhint: run gofmt -w on them\n' "$unformatted" >&2
	exit 1
fi

echo "go.mod"
go mod tidy -diff

echo "go vet"
go vet ./...

echo "staticcheck"
go tool -modfile="$PWD/tools/go.mod" staticcheck ./...

echo "generated code"
scripts/generate.sh --check

echo "vendored assets"
scripts/vendor-assets.sh --check
