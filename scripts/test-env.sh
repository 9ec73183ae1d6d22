#!/usr/bin/env bash
# Installs missing dependencies of the tests: Debian packages, and axe-core into .cache/.
# The scripts that use the Python environment and the generator of the Python client
# install those themselves.
set -euo pipefail
cd "$(dirname "$0")/.."

declare -A packages=([zsh]=zsh [fish]=fish [python3]=python3 [chromium]=chromium [npm]=npm)
missing=()
for command in "${!packages[@]}"; do
	command -v "$command" >/dev/null || missing+=("${packages[$command]}")
done
# The tests start PostgreSQL servers of their own. This setting keeps the package from
# starting another one when it is installed.
if ! compgen -G '/usr/lib/postgresql/*/bin/pg_amcheck' >/dev/null; then
	missing+=(postgresql)
	settings=/etc/postgresql-common/createcluster.conf
	if [[ ! -e $settings ]]; then
		mkdir -p "$(dirname "$settings")"
		echo 'create_main_cluster = false' >"$settings"
	fi
fi
if ((${#missing[@]})); then
	echo "installing ${missing[*]}"
	apt-get update -qq
	DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends -o Dpkg::Options::=--force-confold "${missing[@]}" >/dev/null
fi

# axe-core checks pages for accessibility.
axe=4.14.1
axe_sum=29348999450cdf2849a8e70b7912fc2da85a849da39c0d0d5394f51d4a9ed95c
if ! sha256sum --check --status <<<"$axe_sum  .cache/axe-core/axe.min.js" 2>/dev/null; then
	echo "fetching axe-core $axe"
	mkdir -p .cache/axe-core
	npm pack --silent --pack-destination .cache/axe-core "axe-core@$axe" >/dev/null
	tar -xzf ".cache/axe-core/axe-core-$axe.tgz" -C .cache/axe-core --strip-components=1 package/axe.min.js
	rm ".cache/axe-core/axe-core-$axe.tgz"
	sha256sum --check --quiet <<<"$axe_sum  .cache/axe-core/axe.min.js"
fi
