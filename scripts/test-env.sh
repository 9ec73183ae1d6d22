#!/usr/bin/env bash
# Installs the Debian packages that the tests use, where they are missing. The
# tests' other needs (the Python environment, the generator of the Python client)
# are installed by the scripts that use them.
set -euo pipefail

declare -A packages=([zsh]=zsh [fish]=fish [python3]=python3)
missing=()
for command in "${!packages[@]}"; do
	command -v "$command" >/dev/null || missing+=("${packages[$command]}")
done
# Not in the PATH: any version that is there will do.
compgen -G '/usr/lib/postgresql/*/bin/pg_amcheck' >/dev/null || missing+=(postgresql)
((${#missing[@]})) || exit 0
echo "installing ${missing[*]}"
apt-get update -qq
DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
