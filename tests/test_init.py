"""`migsafe init` makes a project that works at once."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import make_url

from migsafe.cli.init import template_names
from migsafe.server import sqlalchemy_url

MODELS = """
from sqlalchemy import Enum, MetaData, String
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from migrations.naming import NAMING_CONVENTION


class Base(DeclarativeBase):
    metadata = MetaData(naming_convention=NAMING_CONVENTION)


class User(Base):
    __tablename__ = "users"
    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str] = mapped_column(String(200), unique=True)
    role: Mapped[str] = mapped_column(Enum("admin", "member", name="role"))
"""


def run(folder: Path, *command: str, **environment: str) -> subprocess.CompletedProcess[str]:
    programs = str(Path(sys.executable).parent)
    path = programs + os.pathsep + os.environ["PATH"]
    return subprocess.run(
        command, cwd=folder, capture_output=True, text=True,
        env={**os.environ, "PATH": path, **environment},
    )  # fmt: skip


@pytest.mark.parametrize("template", template_names())
def test_a_new_project_goes_through_its_life(tmp_path: Path, db: str, template: str) -> None:
    """init, autogenerate, upgrade, alembic check, migsafe check, downgrade: all clean."""
    made = run(tmp_path, "migsafe", "init", "migrations", "-t", template)
    assert made.returncode == 0, made.stderr
    env = tmp_path / "migrations" / "env.py"
    text = env.read_text()
    start = text.index("NAMING_CONVENTION = {")
    convention = text[start : text.index("}", start) + 1]
    (tmp_path / "migrations" / "naming.py").write_text(convention + "\n")
    (tmp_path / "models.py").write_text(MODELS)
    own = "target_metadata = MetaData(naming_convention=NAMING_CONVENTION)"
    assert own in text
    env.write_text(text.replace(own, "from models import Base\ntarget_metadata = Base.metadata"))
    for command in (
        ("alembic", "revision", "--autogenerate", "-m", "first"),
        ("alembic", "upgrade", "head"),
        ("alembic", "check"),
        ("migsafe", "check"),
        ("alembic", "downgrade", "base"),
        ("alembic", "upgrade", "head"),
    ):
        ended = run(tmp_path, *command, DATABASE_URL=sqlalchemy_url(db))
        assert ended.returncode == 0, f"{command}\n{ended.stdout}\n{ended.stderr}"


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    """A folder with files in it is refused, with one message and exit code 2."""
    (tmp_path / "migrations").mkdir()
    (tmp_path / "migrations" / "env.py").write_text("mine")
    refused = run(tmp_path, "migsafe", "init", "migrations")
    assert refused.returncode == 2
    assert refused.stderr == (
        "migsafe: migrations exists and is not empty; choose another folder\n"
    )
    assert (tmp_path / "migrations" / "env.py").read_text() == "mine"
    assert not (tmp_path / "alembic.ini").exists()


def test_an_alembic_ini_that_is_there_stays(tmp_path: Path) -> None:
    """init says so, and leaves it as it is."""
    (tmp_path / "alembic.ini").write_text("[alembic]\nscript_location = elsewhere\n")
    made = run(tmp_path, "migsafe", "init", "migrations")
    assert made.returncode == 0, made.stderr
    assert "set its script_location" in made.stdout
    assert (tmp_path / "alembic.ini").read_text() == "[alembic]\nscript_location = elsewhere\n"
    assert (tmp_path / "migrations" / "env.py").exists()


def test_compose_starts_what_the_settings_name(tmp_path: Path) -> None:
    """--compose writes a compose file and settings for it, and overwrites neither."""
    made = run(tmp_path, "migsafe", "init", "migrations", "--compose")
    assert made.returncode == 0, made.stderr
    assert "Created compose.yaml.\nCreated .env.example.\n" in made.stdout
    compose = (tmp_path / "compose.yaml").read_text()
    settings = dict(
        line.split("=", 1)
        for line in (tmp_path / ".env.example").read_text().splitlines()
        if "=" in line and not line.startswith("#")
    )
    url = make_url(settings["DATABASE_URL"])
    assert f"POSTGRES_USER: {url.username}\n" in compose
    assert f"POSTGRES_DB: {url.database}\n" in compose
    assert f'"127.0.0.1:{url.port}:5432"' in compose
    assert url.password == settings["POSTGRES_PASSWORD"]
    (tmp_path / "compose.yaml").write_text("mine")
    again = run(tmp_path, "migsafe", "init", "more", "--compose")
    assert "compose.yaml was there already and is unchanged." in again.stdout
    assert (tmp_path / "compose.yaml").read_text() == "mine"
