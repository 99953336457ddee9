"""What a real upgrade sends, revision by revision, and how it differs from what was captured."""

from __future__ import annotations

import re
import sys
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any

import sqlalchemy as sa
from alembic.config import Config
from alembic.runtime.environment import EnvironmentContext
from alembic.script import ScriptDirectory

from migsafe.capture import Migration
from migsafe.capture.location import Location
from migsafe.server import sqlalchemy_url
from migsafe.sql import parse

# Functions of SQLAlchemy and Alembic that send statements of their own, which no migration asked
# for: the version table, reflection, and what a driver asks of a new connection.
_OWN = {
    ("migration.py", "_ensure_version_table"),
    ("migration.py", "_has_version_table"),
    ("migration.py", "get_current_heads"),
    ("migration.py", "_insert_version"),
    ("migration.py", "_delete_version"),
    ("migration.py", "_update_version"),
    ("default.py", "initialize"),
    ("default.py", "do_begin"),
}
_REFLECTION = "dialects/postgresql/base.py"


@dataclass
class Upgrade:
    """What an upgrade sent for each revision that it reached, and what ended it before its time."""

    sent: dict[str, list[str]] = field(default_factory=dict)
    failed: str | None = None
    error: str = ""


def upgraded(location: Location, url: str, naming: Sequence[tuple[str, str]] = ()) -> Upgrade:
    """Upgrade the database at *url* to the heads; *naming* is the convention of the project.

    One revision after the other, each by a run of its own, as a database in use meets them: within
    one run Alembic remembers the enum types that it has made. The project's env.py is not run.
    """
    folder = location.script_location or location.versions[0].parent
    scripts = ScriptDirectory(
        str(folder),
        version_locations=[str(path) for path in location.versions],
        recursive_version_locations=location.recursive,
    )
    found = Upgrade()
    now: list[str] = []
    with _recorded(now), _searched(location), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            for step in scripts._upgrade_revs("heads", ()):
                found.failed = step.revision.revision
                _run(scripts, step, url, naming)
                found.sent[step.revision.revision] = list(now)
                now.clear()
        except Exception as error:
            found.error = str(error).partition("\n")[0]
        else:
            found.failed = None
    return found


def _run(scripts: ScriptDirectory, step: Any, url: str, naming: Sequence[tuple[str, str]]) -> None:
    engine = sa.create_engine(sqlalchemy_url(url), poolclass=sa.pool.NullPool)
    environment = EnvironmentContext(Config(), scripts, fn=lambda revision, context: [step])
    with environment, engine.connect() as connection:
        environment.configure(
            connection=connection,
            target_metadata=sa.MetaData(naming_convention=dict(naming) or None),
        )
        with environment.begin_transaction():
            environment.run_migrations()


def differences(migration: Migration, sent: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Pairs of a captured and a sent statement that are not the same, empty where there is none."""
    captured = [normal(step.sql) for step in migration.upgrade if not step.conditional]
    real = [normal(one.sql) for text in sent for one in parse(text)]
    for n in range(max(len(captured), len(real))):
        pair = (captured[n : n + 1] or [""])[0], (real[n : n + 1] or [""])[0]
        if pair[0] != pair[1]:
            yield pair


def normal(text: str) -> str:
    """*text* in one spelling of parameters and of what SQLAlchemy numbers through."""
    text = re.sub(r"%\((\w+)\)s", r":\1", text)
    text = re.sub(r"(:\w+)::[A-Za-z_]\w*(?: \w+)*?(?=[,)\s\[;]|$)", r"\1", text)
    text = re.sub(r"sa_savepoint_\d+", "sa_savepoint", text)
    return " ".join(text.replace("%%", "%").split())


@contextmanager
def _recorded(texts: list[str]) -> Iterator[None]:
    def record(connection: object, cursor: object, statement: str, *args: object) -> None:
        if not _is_own(sys._getframe(1)):
            texts.append(statement)

    sa.event.listen(sa.Engine, "before_cursor_execute", record)
    try:
        yield
    finally:
        sa.event.remove(sa.Engine, "before_cursor_execute", record)


def _is_own(frame: FrameType | None) -> bool:
    while frame is not None:
        code = frame.f_code
        if (Path(code.co_filename).name, code.co_name) in _OWN:
            return True
        if code.co_filename.endswith(_REFLECTION) and code.co_name != "fire_sequence":
            return True
        frame = frame.f_back
    return False


@contextmanager
def _searched(location: Location) -> Iterator[None]:
    before = list(sys.path)
    sys.path[:0] = [str(path) for path in (*location.search, location.root)]
    try:
        yield
    finally:
        sys.path[:] = before
