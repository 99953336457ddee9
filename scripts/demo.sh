#!/bin/sh
# The story of README.md, on a copy of examples/shop in a temporary directory.
set -eu
cd "$(dirname "$0")/.."
scripts/venv.sh embedded,sqlmodel
exec .venv/bin/python scripts/demo.py
