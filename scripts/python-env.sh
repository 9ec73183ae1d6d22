#!/usr/bin/env bash
# Creates the Python environment of the end-to-end tests: .cache/venv, with the packages that e2e/python/requirements.txt
# pins and the client clients/python. Installs Debian's python3 and python3-venv when they are missing. Does nothing when
# the environment is up to date. A lock serializes concurrent runs. On success it prints nothing on standard output.
set -euo pipefail

cd "$(dirname "$0")/.."

requirements=e2e/python/requirements.txt
client=clients/python
venv=.cache/venv

mkdir -p .cache
echo '*' >.cache/.gitignore
exec 9>.cache/venv.lock
flock 9

# have_python succeeds if there is a Python that can create an environment. ensurepip installs pip there; Debian ships it in
# python3-venv.
have_python() { python3 -c 'import ensurepip, venv' 2>/dev/null; }

if ! have_python; then
	apt-get update -qq
	DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends python3 python3-venv >/dev/null
fi
python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))' || {
	echo "$(python3 --version) is too old. hint: put Python 3.11 or newer first in PATH as python3" >&2
	exit 1
}

# inputs_checksum prints a checksum of everything that the environment is built from.
inputs_checksum() {
	{
		python3 -c 'import sys; print(sys.base_prefix, sys.version)'
		pwd
		cat "$requirements" scripts/python-env.sh
		find "$client" \( -name __pycache__ -o -name build -o -name '*.egg-info' \) -prune -o -type f -print | LC_ALL=C sort | xargs sha256sum
	} | sha256sum
}

stamp=$venv/stamp
if [[ -f $stamp && $(<"$stamp") == "$(inputs_checksum)" ]]; then
	exit 0
fi

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
rm -rf "$venv"
python3 -m venv "$venv" >&2
pip=("$venv/bin/python" -m pip install --quiet --disable-pip-version-check)
"${pip[@]}" --requirement "$requirements" >&2
# setuptools writes into the source directory, so it builds a copy.
cp -R "$client" "$work/client"
"${pip[@]}" --no-deps --no-build-isolation "$work/client" >&2
inputs_checksum >"$stamp"
