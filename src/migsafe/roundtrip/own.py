"""Rows of a project's own for a revision, and what must be true of them afterwards.

``SEEDS/<revision>.sql`` holds statements that are run before the upgrade. What follows a line
``-- migsafe: after upgrade`` or ``-- migsafe: after downgrade`` is run then, and every value that
its queries return must be true. ``SEEDS/<revision>.py`` has functions instead, each called with an
SQLAlchemy connection: ``before``, and if wanted ``after_upgrade`` and ``after_downgrade``.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path
from typing import Any

from migsafe.errors import HistoryError, SqlError
from migsafe.roundtrip.model import Result
from migsafe.roundtrip.runner import message
from migsafe.server import sqlalchemy_url
from migsafe.server.databases import connect

FOLDER = Path("tests", "migrations", "seeds")
"""Where they are looked for below a project's root."""

MOMENTS = ("before", "after_upgrade", "after_downgrade")
_HEADING = re.compile(r"^[ \t]*--[ \t]*migsafe:[ \t]*after (upgrade|downgrade)[ \t]*$", re.M | re.I)


class Untrue(Exception):
    """Something that a project says of its rows is not so."""


@dataclass(frozen=True)
class Own:
    """The rows of one revision, in *file*."""

    file: Path

    def run(self, moment: str, url: str) -> None:
        """Do what the file has for *moment*, one of `MOMENTS`, in the database at *url*.

        Raises Untrue, HistoryError if the file cannot be read, or whatever its own code raises.
        """
        if self.file.suffix == ".py":
            self._call(moment, url)
        else:
            self._execute(moment, url)

    def _call(self, moment: str, url: str) -> None:
        from alembic.util import load_python_file
        from sqlalchemy import create_engine, pool

        try:
            module = load_python_file(str(self.file.parent), self.file.name)
        except Exception as error:
            line = error.lineno if isinstance(error, SyntaxError) else _line_of(error, self.file)
            told = f"it cannot be loaded: {type(error).__name__}: {getattr(error, 'msg', error)}"
            raise HistoryError(told, file=self.file, line=line) from error
        function = getattr(module, moment, None)
        if function is None:
            if moment == "before":
                raise HistoryError("there is no function before(connection)", file=self.file)
            return
        engine = create_engine(sqlalchemy_url(url), poolclass=pool.NullPool)
        try:
            with engine.begin() as connection:
                function(connection)
        except AssertionError as error:
            line = _line_of(error, self.file)
            raise Untrue(f"{self.file.name}:{line}: {error or 'not so'}") from error

    def _execute(self, moment: str, url: str) -> None:
        from psycopg.errors import SyntaxError as SyntaxError_

        from migsafe.sql import parse

        try:
            text, first = _section(self.file.read_text(encoding="utf-8"), moment)
            statements = parse(text)
        except UnicodeDecodeError as error:
            raise HistoryError("it is not UTF-8", file=self.file) from error
        except SqlError as error:
            raise HistoryError(str(error), file=self.file, line=first) from error
        with connect(url) as connection:
            for found in statements:
                try:
                    cursor = connection.execute(found.sql.encode())
                except SyntaxError_ as error:
                    line = first + found.line - 1
                    raise HistoryError(message(error), file=self.file, line=line) from error
                rows = cursor.fetchall() if cursor.description else []
                if moment != "before" and not all(all(row) for row in rows):
                    place = f"{self.file.name}:{first + found.line - 1}"
                    raise Untrue(f"{place}: not so: {' '.join(found.sql.split())}")


@dataclass(frozen=True)
class OwnRows:
    """The rows of a project's own, by revision."""

    by_revision: Mapping[str, Own]

    @classmethod
    def of(cls, folder: Path | None, revisions: Collection[str]) -> OwnRows:
        """Those in *folder*, none if None; raises HistoryError for a file of no revision."""
        found: dict[str, Own] = {}
        for file in _files(folder):
            if file.stem not in revisions:
                raise HistoryError(
                    f"there is no revision {file.stem!r}; rows for a revision are in a file of "
                    "its full id",
                    file=file,
                )
            if file.stem in found:
                raise HistoryError(f"{found[file.stem].file.name} is there, too", file=file)
            found[file.stem] = Own(file)
        return cls(found)

    def __contains__(self, revision: str) -> bool:
        return revision in self.by_revision

    def get(self, result: Result) -> Own | None:
        """The rows for the revision of *result*."""
        return self.by_revision.get(result.revision)


def _files(folder: Path | None) -> Iterator[Path]:
    if folder is None:
        return
    for file in sorted(folder.iterdir() if folder.is_dir() else ()):
        if file.suffix in (".sql", ".py") and file.name not in ("__init__.py", "conftest.py"):
            yield file


def _section(text: str, moment: str) -> tuple[str, int]:
    """What *text* has for *moment*, and on which line that begins."""
    headings = list(_HEADING.finditer(text))
    parts = {"before": (0, headings[0].start() if headings else len(text))}
    for heading, following in zip_longest(headings, headings[1:]):
        end = following.start() if following else len(text)
        parts[f"after_{heading[1].lower()}"] = (heading.end(), end)
    start, end = parts.get(moment, (0, 0))
    return text[start:end], text.count("\n", 0, start) + 1


def _line_of(error: BaseException, file: Path) -> int:
    line = 1
    trace: Any = error.__traceback__
    while trace is not None:
        if Path(trace.tb_frame.f_code.co_filename) == file:
            line = trace.tb_lineno
        trace = trace.tb_next
    return line
