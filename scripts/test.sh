#!/bin/sh
# The whole suite. Arguments go to pytest.
set -eu
cd "$(dirname "$0")/.."
scripts/venv.sh embedded,fix,sqlmodel test
exec .venv/bin/python -m pytest -n "${MIGSAFE_TEST_PROCESSES:-auto}" "$@"
