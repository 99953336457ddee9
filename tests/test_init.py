"""`migsafe init` makes a project that works at once."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from alembic.util import CommandError
from sqlalchemy import make_url

from migsafe.autogen.written import check_written
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

SQLMODELS = """
from enum import Enum

from sqlmodel import Field, SQLModel


class Role(Enum):
    admin = "admin"
    member = "member"


class User(SQLModel, table=True):
    __tablename__ = "users"
    id: int | None = Field(default=None, primary_key=True)
    email: str = Field(max_length=200, unique=True)
    role: Role
"""


def run(folder: Path, *command: str, **environment: str) -> subprocess.CompletedProcess[str]:
    programs = str(Path(sys.executable).parent)
    path = programs + os.pathsep + os.environ["PATH"]
    return subprocess.run(
        command, cwd=folder, capture_output=True, text=True,
        env={**os.environ, "PATH": path, **environment},
    )  # fmt: skip


def with_models(folder: Path, template: str) -> None:
    """Do what `migsafe init` says comes next: put the models into env.py."""
    env = folder / "migrations" / "env.py"
    text = env.read_text()
    if template == "sqlmodel":
        (folder / "models.py").write_text(SQLMODELS)
        own, wanted = "#     from app import models", "import models"
    else:
        start = text.index("NAMING_CONVENTION = {")
        convention = text[start : text.index("}", start) + 1]
        (folder / "migrations" / "naming.py").write_text(convention + "\n")
        (folder / "models.py").write_text(MODELS)
        own = "target_metadata = MetaData(naming_convention=NAMING_CONVENTION)"
        wanted = "from models import Base\ntarget_metadata = Base.metadata"
    assert own in text
    env.write_text(text.replace(own, wanted))


DRIVERS = {
    "generic": ("psycopg",),
    "async": ("asyncpg", "psycopg"),
    "sqlmodel": ("psycopg", "asyncpg"),
}
LIMITED = "    op.execute(\"DO 'BEGIN ASSERT current_setting(''lock_timeout'') = ''5s''; END'\")\n"


@pytest.mark.parametrize(
    ("template", "driver"),
    [(template, driver) for template in template_names() for driver in DRIVERS[template]],
)
def test_a_new_project_goes_through_its_life(
    tmp_path: Path, db: str, template: str, driver: str
) -> None:
    """init, autogenerate, upgrade, alembic check, migsafe check, downgrade: all clean."""
    made = run(tmp_path, "migsafe", "init", "migrations", "-t", template)
    assert made.returncode == 0, made.stderr
    with_models(tmp_path, template)
    for command in (
        ("alembic", "revision", "--autogenerate", "-m", "first"),
        ("alembic", "upgrade", "head"),
        ("alembic", "check"),
        ("migsafe", "check"),
        ("alembic", "downgrade", "base"),
    ):
        if "downgrade" in command:
            [script] = (tmp_path / "migrations" / "versions").glob("*.py")
            text = script.read_text()
            script.write_text(f"{text.rstrip()}\n{LIMITED}")
        ended = run(tmp_path, *command, DATABASE_URL=sqlalchemy_url(db, driver))
        assert ended.returncode == 0, f"{command}\n{ended.stdout}\n{ended.stderr}"
        if "revision" in command:
            assert "post write hook 'migsafe'" in ended.stdout
            assert "No findings" in ended.stdout
    assert "uq_users_email" in text
    assert "sqlmodel" not in text
    linted = run(tmp_path, "ruff", "check", "--isolated", "--select=F,I,UP", "migrations/versions")
    assert linted.returncode == 0, linted.stdout


def test_sqlmodel_without_greenlet(tmp_path: Path) -> None:
    """SQLAlchemy 2.1 brings it for async drivers alone; psycopg does without."""
    run(tmp_path, "migsafe", "init", "migrations", "-t", "sqlmodel")
    program = (
        "import sys; sys.modules['greenlet'] = None\n"
        "from alembic.config import main; main(['upgrade', 'head', '--sql'])"
    )
    ended = run(tmp_path, sys.executable, "-c", program, DATABASE_URL="postgresql+psycopg://h/d")
    assert ended.returncode == 0, ended.stderr
    assert "Generating static SQL" in ended.stderr


def test_options_of_the_hook_that_are_not_understood() -> None:
    """A quotation mark that nobody closes is an error of the settings, in one line."""
    with pytest.raises(CommandError, match=r"hook's options .* are not understood"):
        check_written("one.py", {"options": '--format "json'})


def test_alembic_init_takes_a_template_too(tmp_path: Path) -> None:
    """`alembic init -t` with a folder below `migsafe init --templates` makes the same project."""
    folder = run(tmp_path, "migsafe", "init", "--templates").stdout.strip()
    made = run(tmp_path, "alembic", "init", "-t", f"{folder}/sqlmodel", "migrations")
    assert made.returncode == 0, made.stderr
    assert "migsafe.*" in (tmp_path / "migrations" / "env.py").read_text()
    assert "[tool.alembic]" in (tmp_path / "pyproject.toml").read_text()


def test_a_pyproject_that_is_there_gets_a_section(tmp_path: Path) -> None:
    """What it says already stays; a section that is there is not written twice."""
    project = tmp_path / "pyproject.toml"
    project.write_text('[project]\nname = "shop"')
    made = run(tmp_path, "migsafe", "init", "migrations", "-t", "sqlmodel")
    assert made.returncode == 0, made.stderr
    assert "has a section [tool.alembic] now" in made.stdout
    text = project.read_text()
    assert text.startswith('[project]\nname = "shop"\n\n[tool.alembic]\n')
    again = run(tmp_path, "migsafe", "init", "other", "-t", "sqlmodel")
    assert again.returncode == 0, again.stderr
    assert project.read_text() == text
    assert "unchanged; set its script_location" in again.stdout


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
