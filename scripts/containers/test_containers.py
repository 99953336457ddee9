"""The provider testcontainers, against a Docker engine; `make test-containers` runs this."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest

from migsafe.errors import ServerError
from migsafe.server import start

IMAGE, MAJOR = os.environ["MIGSAFE_TEST_IMAGE"], int(os.environ["MIGSAFE_TEST_MAJOR"])
SETTINGS = f"""
[tool.migsafe.server]
provider = "testcontainers"
image = "{IMAGE}"
major = {MAJOR}
"""
MIGRATION = '''"""One."""
from alembic import op

revision, down_revision = "one", None


def upgrade():
    op.execute("CREATE TABLE t (id int)")


def downgrade():
    op.execute("DROP TABLE t")
'''


def containers() -> set[str]:
    """The containers of the image that there are, running or not."""
    command = ["docker", "ps", "--all", "--quiet", "--filter", f"ancestor={IMAGE}"]
    return set(subprocess.run(command, check=True, capture_output=True, text=True).stdout.split())


def test_a_server_in_a_container_is_one_like_any_other() -> None:
    """Databases come and go, settings are those of throwaway servers, and the container goes."""
    before = containers()
    with start(provider="testcontainers", image=IMAGE, major=MAJOR) as server:
        assert server.major == MAJOR
        assert len(containers() - before) == 1
        with server.database() as url, psycopg.connect(url) as connection:
            connection.execute("CREATE TABLE t (id int)")
            assert connection.execute("SHOW fsync").fetchone() == ("off",)
        with server.database() as url, psycopg.connect(url) as connection:
            assert connection.execute("SELECT to_regclass('t')").fetchone() == (None,)
    assert containers() == before


def test_a_round_trip_in_a_container(tmp_path: Path) -> None:
    """Named in pyproject.toml, it is used by commands."""
    versions = tmp_path / "migrations" / "versions"
    versions.mkdir(parents=True)
    (versions / "one.py").write_text(MIGRATION)
    (tmp_path / "alembic.ini").write_text("[alembic]\nscript_location = %(here)s/migrations\n")
    (tmp_path / "pyproject.toml").write_text(SETTINGS)
    before = containers()
    command = [sys.executable, "-m", "migsafe", "roundtrip", "--format", "json", "--data"]
    ended = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr
    told = json.loads(ended.stdout)
    assert told["postgres"] == MAJOR
    assert [one["restored"] for one in told["revisions"]] == ["exact"]
    assert containers() == before


def test_an_image_that_is_not_there_is_one_message() -> None:
    """Whatever the engine answers."""
    name = "migsafe-test-no-such-image:1"
    told = pytest.raises(ServerError, match=f"cannot start a container of {name}")
    with told, start(provider="testcontainers", image=name, major=MAJOR):
        pass


def test_another_version_than_asked_for_is_one_message() -> None:
    """The image decides what runs, so it is compared with --postgres."""
    asked = 14 if MAJOR != 14 else 15
    told = pytest.raises(ServerError, match=f"PostgreSQL {asked} is asked for")
    with told, start(provider="testcontainers", image=IMAGE, major=asked):
        pass
