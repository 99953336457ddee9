#!/bin/sh
# Makes .venv beside this folder and installs the package in it, with what is asked for.
# Usage: scripts/venv.sh EXTRAS [GROUP …]      e.g. scripts/venv.sh embedded,fix test lint
set -eu
cd "$(dirname "$0")/.."
python="${PYTHON:-python3}"
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 10))' || {
    echo "migsafe needs Python 3.10 or newer; $python is older. Set PYTHON to a newer one." >&2
    exit 2
}
[ -x .venv/bin/python ] || "$python" -m venv .venv
extras="$1"
shift
groups=""
for group in "$@"; do groups="$groups --group $group"; done
# dependency groups need pip 25.1
.venv/bin/python -m pip install --quiet --disable-pip-version-check --upgrade "pip>=25.1"
# shellcheck disable=SC2086
.venv/bin/python -m pip install --quiet --disable-pip-version-check -e ".[$extras]" $groups
