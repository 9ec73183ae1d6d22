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
# Servers of PostgreSQL are started by the tests. The package would start one more,
# unless told not to before it is there.
if ! compgen -G '/usr/lib/postgresql/*/bin/pg_amcheck' >/dev/null; then
	missing+=(postgresql)
	settings=/etc/postgresql-common/createcluster.conf
	if [[ ! -e $settings ]]; then
		mkdir -p "$(dirname "$settings")"
		echo 'create_main_cluster = false' >"$settings"
	fi
fi
((${#missing[@]})) || exit 0
echo "installing ${missing[*]}"
apt-get update -qq
DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends -o Dpkg::Options::=--force-confold "${missing[@]}" >/dev/null
