#!/usr/bin/env bash
# Generates the Python client clients/python from api/openapi.yaml.
#
#   scripts/python-client.sh           write clients/python
#   scripts/python-client.sh --check   write nothing; fail when clients/python is stale
#
# The generator is swagger-codegen 3, the tool behind api/testdata/UserApi.md. The Python code of this version works with
# current urllib3. Maven fetches it once into .cache/.
#
# Four files of clients/python are written by hand: .swagger-codegen-ignore (which lists them and the files to leave out),
# .gitignore, README.md and pyproject.toml. The generator owns all others, and the script removes those that it no longer
# generates.
set -euo pipefail

cd "$(dirname "$0")/.."

version=3.0.52
sha256=6c18844cdce0c92ace485501eb7e7a8e2c03870437e10ace7f629d3f996fdd88
jar=.cache/swagger-codegen-cli-$version.jar
client=clients/python
by_hand=(.swagger-codegen-ignore .gitignore README.md pyproject.toml)

# need COMMAND PACKAGE installs the Debian package when the command is missing.
need() {
	command -v "$1" >/dev/null && return
	apt-get update -qq
	DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$2" >/dev/null
}

# fetch downloads the generator into .cache/, which git ignores, and checks its checksum.
fetch() {
	if [[ ! -f $jar ]]; then
		need mvn maven
		mkdir -p .cache
		echo '*' >.cache/.gitignore
		mvn -B -q org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy \
			-Dartifact=io.swagger.codegen.v3:swagger-codegen-cli:$version -DoutputDirectory="$PWD/.cache"
	fi
	echo "$sha256  $jar" | sha256sum --check --quiet
}

# seed_contract prints the contract without the query parameters that it adds to operations of api/testdata/UserApi.md, so
# that the generated page stays equal to that one. Such a parameter is a list entry whose first line is
# `- x-beyond-seed: true`; its other lines are indented further. The function drops lines instead of parsing YAML, since the
# generator's output has the order of its input, and awk is everywhere.
seed_contract() {
	awk '
		/^ *- x-beyond-seed: true$/ { dash = index($0, "-"); next }
		dash && match($0, /[^ ]/) > dash { next }
		{ dash = 0; print }
	' api/openapi.yaml
}

# generate DIR generates the whole client into DIR, which must not exist.
generate() {
	mkdir -p "$1"
	for file in "${by_hand[@]}"; do
		cp "$client/$file" "$1/$file"
	done
	seed_contract >"$1.yaml"
	java -Dfile.encoding=UTF-8 -jar "$jar" generate --lang python --input-spec "$1.yaml" --output "$1" \
		--additional-properties packageName=ad,hideGenerationTimestamp=true >"$1.log" 2>&1 || {
		cat "$1.log" >&2
		return 1
	}
	find "$1" -type d -empty -delete
}

need java default-jre-headless
fetch
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
generate "$work/python"

case ${1-} in
--check)
	if ! diff --recursive --unified --exclude=__pycache__ --exclude='*.egg-info' --exclude=build "$client" "$work/python"; then
		echo "$client is stale. hint: run scripts/python-client.sh and commit the result" >&2
		exit 1
	fi
	;;
'')
	rm -rf "$client"
	mv "$work/python" "$client"
	;;
*)
	echo "usage: scripts/python-client.sh [--check]" >&2
	exit 2
	;;
esac
