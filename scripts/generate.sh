#!/usr/bin/env bash
# Generates Go code from api/openapi.yaml: the server's wire types in internal/wire (with api/go.overlay.yaml) and
# the public types of the Go SDK in client/types.gen.go (with client/codegen).
#
#   scripts/generate.sh           write both
#   scripts/generate.sh --check   write nothing; fail if a file in the tree differs from what this script generates
set -euo pipefail

cd "$(dirname "$0")/.."

packages=(internal/wire client)
outputs=(internal/wire/wire.gen.go client/types.gen.go)

case ${1-} in
--check)
	# The generators run on a copy, so that the check doesn't change the tree.
	work=$(mktemp -d)
	trap 'rm -rf "$work"' EXIT
	cp --parents -R go.mod go.sum tools api client/codegen "$work"
	for package in "${packages[@]}"; do
		cp --parents "$package"/*.go "$package/oapi-codegen.yaml" "$work"
	done
	for output in "${outputs[@]}"; do
		mkdir -p "$work/$(dirname "$output")"
		rm -f "$work/$output" # the copy must come from the generator, not from the tree
	done
	for package in "${packages[@]}"; do
		(cd "$work" && go generate "./$package")
	done
	for output in "${outputs[@]}"; do
		if ! diff --unified "$output" "$work/$output"; then
			echo "$output is stale. hint: run scripts/generate.sh and commit the result" >&2
			exit 1
		fi
	done
	;;
'')
	for package in "${packages[@]}"; do
		go generate "./$package"
	done
	;;
*)
	echo "usage: scripts/generate.sh [--check]" >&2
	exit 2
	;;
esac
