"""What can go wrong before migsafe has an answer: one class, a few children, each says where."""

from __future__ import annotations

from pathlib import Path


class MigsafeError(Exception):
    """An input that migsafe cannot work with; the command line prints it and exits with 2.

    Args:
        message: what was expected and what to do, in one sentence or two.
        file: the file it is about, if any.
        line: the line in *file*, counted from 1.
    """

    def __init__(self, message: str, *, file: Path | str | None = None, line: int | None = None):
        super().__init__(message)
        self.message = message
        self.file = Path(file) if file is not None else None
        self.line = line

    def __str__(self) -> str:
        if self.file is None:
            return self.message
        where = f"{self.file}:{self.line}" if self.line else str(self.file)
        return f"{where}: {self.message}"


class ConfigError(MigsafeError):
    """A setting, an option or alembic.ini is wrong or missing."""


class HistoryError(MigsafeError):
    """The migrations folder is not a history: cycle, missing parent, file that does not load."""


class ServerError(MigsafeError):
    """PostgreSQL could not be started, reached or used."""


class SqlError(MigsafeError):
    """A text is not a PostgreSQL statement, or is too large or too deep to be read."""
