"""Alembic's own tests of autogenerate on PostgreSQL, without the plugin and with it.

`python benchmarks/alembic_suite.py [TEST_FILE ...]` downloads the source of the Alembic that is
installed, runs its tests twice and prints which fail only with the plugin. By default these are the
files `test_autogen_*.py` and `test_postgresql.py`.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Sequence
from pathlib import Path

import alembic
import psycopg

from migsafe.server import sqlalchemy_url, start

ACTIVATED = """\
from alembic.autogenerate.api import AutogenContext

PLUGINS = ["alembic.autogenerate.*", "migsafe.*"]
plain = AutogenContext.__init__


def __init__(self, migration_context, metadata=None, opts=None, autogenerate=True):
    migration_context.opts.setdefault("autogenerate_plugins", PLUGINS)
    plain(self, migration_context, metadata, opts, autogenerate)


AutogenContext.__init__ = __init__
"""
# README.unittests.rst of Alembic
SETUP = ("CREATE SCHEMA test_schema", "CREATE SCHEMA test_schema_2", "CREATE EXTENSION citext")
FAILED = re.compile(r"^(?:FAILED|ERROR) (\S+)", re.MULTILINE)


def main() -> None:
    """Run both, and compare."""
    with tempfile.TemporaryDirectory() as folder:
        source = download(Path(folder))
        (source / "activated.py").write_text(ACTIVATED)
        files = sys.argv[1:] or [
            *sorted(str(p.relative_to(source)) for p in source.glob("tests/test_autogen_*.py")),
            "tests/test_postgresql.py",
        ]
        without, summary = run(source, files, [])
        print(f"without the plugin: {summary}")
        with_, summary = run(source, files, ["-p", "activated"])
        print(f"with the plugin: {summary}")
    more = sorted(with_ - without)
    print(f"{len(more)} fail with the plugin alone", *more, sep="\n")
    sys.exit(bool(more))


def download(folder: Path) -> Path:
    """Get the source distribution; return its directory."""
    wanted = f"alembic=={alembic.__version__}"
    options = ["--quiet", "--no-deps", "--no-binary", ":all:", "--dest", str(folder)]
    subprocess.run([sys.executable, "-m", "pip", "download", *options, wanted], check=True)
    archive = next(folder.glob("*.tar.gz"))
    with tarfile.open(archive) as tar:
        tar.extractall(folder, filter="data")
    return folder / archive.name.removesuffix(".tar.gz")


def run(source: Path, files: Sequence[str], options: Sequence[str]) -> tuple[set[str], str]:
    """Run the tests on a database of their own; return those that fail and pytest's last line."""
    with start() as server, server.database() as url:
        with psycopg.connect(url, autocommit=True) as connection:
            for statement in SETUP:
                connection.execute(statement)
        command = [sys.executable, "-m", "pytest", "-q", "--tb=no", "-p", "no:cacheprovider"]
        command += [*options, "--dburi", sqlalchemy_url(url), "--color=no", "-rfE", *files]
        answer = subprocess.run(command, cwd=source, capture_output=True, text=True, check=False)
    if not answer.stdout.strip():
        raise SystemExit(answer.stderr)
    return set(FAILED.findall(answer.stdout)), answer.stdout.strip().splitlines()[-1]


if __name__ == "__main__":
    main()
