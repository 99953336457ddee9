"""The trip of one revision once more, with rows in all tables: what fails, and what is lost."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import replace
from typing import Any

from migsafe.catalog import Catalog
from migsafe.names import Name
from migsafe.roundtrip.concern import concerned, spoken_of, wording
from migsafe.roundtrip.declared import with_losses
from migsafe.roundtrip.model import Result
from migsafe.roundtrip.own import Own, Untrue
from migsafe.roundtrip.rehearsal import Fill, Rehearsal, Run, rehearse, rehearse_down
from migsafe.roundtrip.runner import message
from migsafe.seed import Hostile, seed

_MAY_FAIL = "may fail, by what the tables hold"
# Whether such errors come up is up to the rows: class 22 is "data exception", class 23 "integrity
# constraint violation" (manual, appendix A).
_BY_ROWS = ("22", "23")
# So are those of Python code that NULLs, and texts or documents of another form, lead to.
_ABOUT_VALUES = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError)
_NOT_NULL = re.compile(r'column "(?P<column>.+)" of relation "(?P<table>.+)" contains null values')
# What kind of row an error tells of: without them it may not come up, and another may.
_TOLD_BY = {
    "23502": Hostile.NULLS,
    "23505": Hostile.DUPLICATES,
    "23P01": Hostile.DUPLICATES,
    "21000": Hostile.DUPLICATES,
    "23503": Hostile.ORPHANS,
    "23514": Hostile.CHECKS,
    "22001": Hostile.EXTREMES,
    "22003": Hostile.EXTREMES,
    "22008": Hostile.EXTREMES,
    "54000": Hostile.EXTREMES,
    "22": Hostile.CASTS,
}


def with_rows(rehearsal: Rehearsal, result: Result, *, generated: bool, own: Own | None) -> Result:
    """Add to *result* what its trip is like with *generated* rows, and with the project's *own*.

    Only the way up is tried when there is none back.
    """
    if generated and rehearsal.before.tables and not (rehearsal.once and own is not None):
        said = wording(result.file)
        concern = concerned(said, rehearsal.before, rehearsal.after)
        if concern != frozenset():
            result = _with_ordinary(rehearsal, result, said.texts, concern)
        tables = spoken_of(said, rehearsal.before, rehearsal.after)
        if tables != frozenset() and not rehearsal.once:
            found = {_kind(t): t for t in _with_hostile(rehearsal, result, said.texts, tables)}
            found |= {_kind(told): told for told in result.by_data}
            result = replace(result, by_data=tuple(found.values()))
    return result if own is None else _with_own(rehearsal, result, own)


def _kind(told: str) -> tuple[str, ...]:
    """What stays the same of a text when other rows lead to the same error."""
    return tuple(told.split(": ")[:2])


def _with_ordinary(
    rehearsal: Rehearsal, result: Result, texts: tuple[str, ...], tables: frozenset[Name] | None
) -> Result:
    """With rows in *tables* that satisfy all constraints, of before and after."""
    before, after = rehearsal.before, rehearsal.after

    def run_with(*, fitting: bool) -> Run:
        def fill(connection: Any) -> None:
            seed(connection, before, later=after, texts=texts, fitting=fitting, tables=tables)

        return rehearse(rehearsal, result, fill, tables=tables)

    run = run_with(fitting=False)
    told: tuple[str, ...] = ()
    if run.error is not None:
        # The rows may just be none that the step can work with: once more with rows that are.
        told, run = (run.told(_MAY_FAIL),), run_with(fitting=True)
    if run.error is None:
        return with_losses(replace(result, by_data=told), run.lost)
    if _is_by_chance(run, rehearsal):
        return replace(result, by_data=tuple(dict.fromkeys((*told, run.told(_MAY_FAIL)))))
    return replace(result, data_error=run.told("fails once tables hold rows"))


def _with_hostile(
    rehearsal: Rehearsal, result: Result, texts: tuple[str, ...], tables: frozenset[Name] | None
) -> Iterator[str]:
    """Yield what fails when *tables* hold all that they may hold before the step."""
    before, after = rehearsal.before, rehearsal.after
    new = after.tables.keys() - before.tables.keys()  # a table may have another name now
    there = None if tables is None else tables | new

    def up(kinds: Collection[Hostile]) -> Run:
        fill = seeding(before, after, kinds, texts, tables)
        return rehearse(rehearsal, result, fill, down_too=False)

    def down(kinds: Collection[Hostile]) -> Run:
        return rehearse_down(rehearsal, result, seeding(after, before, kinds, texts, there))

    runs = [] if result.data_error else [up, down] if result.down == "ok" else [up]
    for run in runs:
        kinds = set(Hostile)
        while (failed := run(kinds)).error is not None:
            yield failed.told(_MAY_FAIL)
            told = _told_by(failed.error)
            if told not in kinds:
                break
            kinds.remove(told)


def seeding(
    catalog: Catalog,
    later: Catalog,
    kinds: Collection[Hostile],
    texts: tuple[str, ...],
    tables: frozenset[Name] | None,
) -> Fill:
    """What fills *tables* of *catalog* with rows of which those *kinds* do not suit *later*."""
    options: dict[str, Any] = {"later": later, "texts": texts, "tables": tables, "hostile": kinds}
    options["fitting"] = Hostile.CASTS not in kinds
    return lambda connection: seed(connection, catalog, **options)


def _with_own(rehearsal: Rehearsal, result: Result, own: Own) -> Result:
    """With the project's own rows: whatever fails then is a finding."""
    run = rehearse(rehearsal, result, lambda c: None, own=own)
    if run.error is not None:
        told = str(run.error) if isinstance(run.error, Untrue) else message(run.error)
        text = f"with the rows of {own.file.name}, {run.step} fails: {told}"
        if isinstance(run.error, Untrue):
            text = f"after {run.step}, {told}"
        return replace(result, data_error=result.data_error or text)
    lost = (*result.data_loss, *(one for one in run.lost if one not in result.data_loss))
    return with_losses(replace(result, data_loss=()), lost) if run.lost else result


def _is_by_chance(run: Run, rehearsal: Rehearsal) -> bool:
    """Whether *run*, which failed, would not have failed with other rows."""
    if run.error is None:
        return False
    if _is_about_values(getattr(run.error, "orig", None) or run.error):
        return True
    start = rehearsal.after if run.step == "the downgrade" else rehearsal.before
    missing = _NOT_NULL.search(message(run.error))
    if missing is None:
        return _sqlstate(run.error).startswith(_BY_ROWS)
    tables = (t for name, t in start.tables.items() if name.name == missing["table"])
    # A column that is new has no value in any row; one that was there may have.
    return any(table.column(missing["column"]) for table in tables)


def _is_about_values(error: Exception) -> bool:
    """Whether *error* of Python code tells of a value, and not of a name that nothing has."""
    if type(error).__module__.partition(".")[0] == "sqlalchemy":
        return False  # NoSuchColumnError is a KeyError
    if isinstance(error, AttributeError):
        return type(getattr(error, "obj", None)).__module__ == "builtins"
    return isinstance(error, _ABOUT_VALUES)


def _told_by(error: Exception) -> Hostile | None:
    state = _sqlstate(error)
    return _TOLD_BY.get(state) or _TOLD_BY.get(state[:2])


def _sqlstate(error: Exception) -> str:
    cause = getattr(error, "orig", None) or error
    return str(getattr(cause, "sqlstate", None) or getattr(cause, "pgcode", None) or "")
