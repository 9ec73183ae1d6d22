#!/bin/sh
# Vendors the third-party files of the web pages into the repository.
#
#   scripts/vendor-assets.sh           take them from the npm package, check and write them
#   scripts/vendor-assets.sh --check   check the files in the repository; needs no network
#
# To upgrade: change `version`, run the script, review the change upstream, and write the
# checksums that it printed below.
set -eu

cd "$(dirname "$0")/.."
package=rapidoc
version=9.3.8
target=internal/apidocs/assets

# sha256, file in the repository, file in the package
files='
affbd173a65e870e18f392cca963113bcdafb6e50e88cd2f6a834a65b22db94d rapidoc-min.js dist/rapidoc-min.js
b6366d212427ca41732dd93ce56a47ceaf7a0902edc2e90b22ca6a9d6feff20e rapidoc-min.js.LICENSE.txt dist/rapidoc-min.js.LICENSE.txt
92682ac573adb5e1357f1f41dd0eaa2f0e9dd6116b569218978c2469c1cd085c rapidoc-LICENSE.txt LICENSE.txt
'

# check DIRECTORY compares the files there with the checksums above.
check() {
	echo "$files" | while read -r sum name _; do
		[ -z "$name" ] || echo "$sum  $1/$name"
	done | sha256sum --check --strict
}

case "${1-}" in
--check)
	check "$target"
	;;
'')
	fresh=$(mktemp -d)
	trap 'rm -rf "$fresh"' EXIT
	npm pack --silent --pack-destination "$fresh" "$package@$version" >/dev/null
	tar -xzf "$fresh/$package-$version.tgz" -C "$fresh"
	echo "$files" | while read -r _ name source; do
		[ -z "$name" ] || mv "$fresh/package/$source" "$fresh/$name"
	done
	if ! check "$fresh"; then
		echo "the checksums found:" >&2
		(cd "$fresh" && sha256sum -- *.js *.txt) >&2
		exit 1
	fi
	mkdir -p "$target"
	echo "$files" | while read -r _ name _; do
		[ -z "$name" ] || install -m 0644 "$fresh/$name" "$target/$name"
	done
	;;
*)
	echo "usage: $0 [--check]" >&2
	exit 2
	;;
esac
