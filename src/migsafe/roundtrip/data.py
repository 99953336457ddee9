"""The trip of one revision once more, with rows in all tables: what fails, and what is lost."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from migsafe.capture.script import read_script
from migsafe.catalog import Catalog
from migsafe.errors import MigsafeError
from migsafe.roundtrip.digest import digests, losses
from migsafe.roundtrip.model import Result
from migsafe.roundtrip.runner import Runner, message
from migsafe.seed import seed
from migsafe.server.databases import connect

# Whether such errors come up is up to the rows: class 22 is "data exception", class 23 "integrity
# constraint violation" (manual, appendix A).
_BY_ROWS = ("22", "23")
_NOT_NULL = re.compile(r'column "(?P<column>.+)" of relation "(?P<table>.+)" contains null values')
# The rule lossy-downgrade of `migsafe check` says the same without running anything.
_DECLARED = re.compile(
    r"migsafe:\s*ignore\s*\[[^\]]*(?:\bMS503\b|\blossy-downgrade\b)[^\]]*\](?P<reason>[^\n]*)"
)


@dataclass(frozen=True)
class Copy:
    """A database that is a copy of the ride's, without the revision, and the catalogs around it.

    With *fitting* it gets rows whose values the types of *after* can hold, too.
    """

    url: str
    before: Catalog
    after: Catalog
    fitting: bool = False

    @property
    def changes_types(self) -> bool:
        """Whether the revision gives a column another type."""
        for name, table in self.before.tables.items():
            now = self.after.tables.get(name)
            for column in table.columns:
                found = now.column(column.name) if now is not None else None
                if found is not None and found.type != column.type:
                    return True
        return False


def with_rows(runner: Runner, copy: Copy, result: Result) -> Result:
    """Add to *result* what its trip is like in *copy*, once its tables are filled.

    The process' connections lead to the copy already.
    """
    with connect(copy.url) as connection:
        texts = _texts(result.file)
        seed(connection, copy.before, later=copy.after, fitting=copy.fitting, texts=texts)
        held = digests(connection, copy.before)
        revision = result.revision
        failed = _failure(lambda: runner.upgrade(revision), "the upgrade", copy.before)
        if failed is None:
            down = _failure(lambda: runner.downgrade(revision), "the downgrade", copy.after)
            if down is not None:
                return down.added(result)
            lost = tuple(losses(held, digests(connection, copy.before)))
            result = _with_losses(result, lost)
            failed = _failure(lambda: runner.upgrade(revision), "the second upgrade", copy.before)
    return failed.added(result) if failed is not None else result


@dataclass(frozen=True)
class _Failure:
    """A step that fails with rows; *by_chance* when other rows would let it pass."""

    text: str
    by_chance: bool

    def added(self, result: Result) -> Result:
        if self.by_chance:
            return replace(result, by_data=(*result.by_data, self.text))
        return replace(result, data_error=self.text)


def _failure(run: Callable[[], None], step: str, start: Catalog) -> _Failure | None:
    try:
        run()
    except MigsafeError:
        raise
    except Exception as error:
        by_chance = _is_by_chance(error, start)
        when = "may fail, by what the tables hold" if by_chance else "fails once tables hold rows"
        return _Failure(f"{step} {when}: {message(error)}", by_chance)
    return None


def _is_by_chance(error: Exception, start: Catalog) -> bool:
    cause = getattr(error, "orig", None) or error
    code = str(getattr(cause, "sqlstate", None) or getattr(cause, "pgcode", None) or "")
    missing = _NOT_NULL.search(str(cause))
    if missing is None:
        return code.startswith(_BY_ROWS)
    tables = (t for name, t in start.tables.items() if name.name == missing["table"])
    # A column that is new has no value in any row; one that was there may have.
    return any(table.column(missing["column"]) for table in tables)


def _with_losses(result: Result, lost: tuple[str, ...]) -> Result:
    declared = _DECLARED.search(result.file.read_text(encoding="utf-8", errors="replace"))
    if declared is not None and declared["reason"].strip():
        return replace(result, accepted=lost)
    return replace(result, data_loss=lost)


def _texts(file: Path) -> tuple[str, ...]:
    """The strings in a migration: its SQL speaks of values that rows should have."""
    import ast

    nodes = ast.walk(read_script(file).source.tree)
    return tuple(n.value for n in nodes if isinstance(n, ast.Constant) and isinstance(n.value, str))
