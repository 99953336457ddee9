"""Comparing expressions of the metadata with those of the database, by PostgreSQL's own reading.

The declared text is first read on the columns as they are: equal there means unchanged. Where it
names a column or a label that does not exist yet, it is read on the columns as they are wanted.
Most texts are equal when the server has read each of them once, so they are read again, up to a
fixed point, only where they are not.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import sqlalchemy as sa

from migsafe.autogen.canonical import Clone, Expression, Reading, read_back, unqualified
from migsafe.autogen.dependents import ColumnKey, mentions
from migsafe.autogen.enum_types import wanted_enums
from migsafe.autogen.found import Found, found
from migsafe.autogen.wanted import bare, native_enum, type_text
from migsafe.catalog import Enum, Table

if TYPE_CHECKING:
    from alembic.autogenerate.api import AutogenContext


RETYPED = "migsafe.retyped"
_OTHER_TYPES = " of other types"
"""Key of the run's memo: the columns that get or lose an enum type, as a set of ColumnKeys."""


@dataclass(frozen=True)
class Sides:
    """The expressions of one table: those the metadata wants and those found, by any keys."""

    table: sa.Table
    found: Table
    wanted: Mapping[str, Expression] = field(default_factory=dict)
    live: Mapping[str, Expression] = field(default_factory=dict)


@dataclass(frozen=True)
class Texts:
    """Both sides as the server reads them; comparable with `==`, None where it cannot."""

    wanted: Mapping[str, Reading]
    live: Mapping[str, Reading]


def read(context: AutogenContext, sides: Sequence[Sides]) -> list[Texts]:
    """Return the readings of *sides*, one for each of them, in order."""
    state = found(context)
    connection = context.connection
    assert connection is not None
    apart = [_told_apart(side) for side in sides]
    asked = [n for n, side in enumerate(apart) if side.wanted or side.live]
    answers = iter(_read(context, state, connection, [apart[n] for n in asked]))
    texts = [next(answers) if n in asked else Texts({}, {}) for n in range(len(sides))]
    whole = [_with_equal(*pair) for pair in zip(sides, texts, strict=True)]
    retyped = context.migration_context.impl.memo.get(RETYPED, set())
    return [_told_by_types(*pair, retyped) for pair in zip(sides, whole, strict=True)]


def _told_by_types(side: Sides, texts: Texts, retyped: Set[ColumnKey]) -> Texts:
    """Return *texts* with those marked that another type of a column makes another expression.

    A constant that is compared with the column is of the column's type: it cannot stay.
    """
    columns = {column for table, column in retyped if table == side.found.name}
    live = {
        key: replace(reading, text=f"{reading.text}{_OTHER_TYPES}")
        if reading.text
        and ("'" in reading.text or "::" in reading.text)
        and mentions(reading.text, columns)
        else reading
        for key, reading in texts.live.items()
    }
    return Texts(texts.wanted, live)


def is_of_other_types(reading: Reading | None) -> bool:
    """Whether *reading* is of a live expression over a column that gets another type."""
    return reading is not None and (reading.text or "").endswith(_OTHER_TYPES)


def _told_apart(side: Sides) -> Sides:
    """Return *side* without what has one text, but for the word of the default method."""
    wanted = {key: _plain(value) for key, value in side.wanted.items()}
    live = {key: _plain(value) for key, value in side.live.items()}
    both = set(wanted.values()) & set(live.values())
    return Sides(
        side.table,
        side.found,
        {key: value for key, value in side.wanted.items() if wanted[key] not in both},
        {key: value for key, value in side.live.items() if live[key] not in both},
    )


def _plain(expression: Expression) -> str:
    text = expression.text.removeprefix("USING btree ")
    inner = text[len("CHECK (") : -1]
    if text.startswith("CHECK ((") and text.endswith("))") and _is_one(inner):
        return f"CHECK {inner}"
    return text


def _is_one(text: str) -> bool:
    """Whether *text* is in one pair of parentheses; no where it has quotes, to be certain."""
    depth = 0
    for place, character in enumerate(text, 1):
        depth += (character == "(") - (character == ")")
        if depth == 0:
            return place == len(text) and not set(text) & set("'\"$")
    return False


def _with_equal(side: Sides, texts: Texts) -> Texts:
    """Return *texts* with those of *side* that nobody had to ask for."""
    live = {key: Reading(_plain(value)) for key, value in side.live.items()}
    wanted = {key: Reading(_plain(value)) for key, value in side.wanted.items()}
    return Texts({**wanted, **texts.wanted}, {**live, **texts.live})


def _read(
    context: AutogenContext, state: Found, connection: sa.Connection, sides: Sequence[Sides]
) -> list[Texts]:
    enums = _stand_ins(context, state)
    first = read_back(connection, [_live_clone(side, rounds=1) for side in sides])
    texts = [_texts(side, readings, enums) for side, readings in zip(sides, first, strict=True)]
    open_ = [n for n, text in enumerate(texts) if _undecided(text)]
    again = read_back(connection, [_live_clone(sides[n], rounds=5) for n in open_])
    for n, readings in zip(open_, again, strict=True):
        texts[n] = _texts(sides[n], readings, enums)
    open_ = [n for n, text in enumerate(texts) if _undecided(text)]
    clones = [_wanted_clone(sides[n], texts[n], state, enums) for n in open_]
    for n, readings in zip(open_, read_back(connection, clones), strict=True):
        later = {key: _bare(reading, enums) for key, reading in readings.items()}
        better = {k: r for k, r in later.items() if r.text is not None or k not in texts[n].wanted}
        texts[n] = Texts({**texts[n].wanted, **better}, texts[n].live)
    return texts


def _live_clone(side: Sides, *, rounds: int) -> Clone:
    expressions = {f"w{key}": value for key, value in side.wanted.items()}
    expressions |= {f"l{key}": value for key, value in side.live.items()}
    columns = tuple((column.name, str(column.type)) for column in side.found.columns)
    return Clone(side.found.name.name, columns, expressions=expressions, rounds=rounds)


def _wanted_clone(side: Sides, texts: Texts, state: Found, enums: Mapping[str, Enum]) -> Clone:
    schemas = {name: enum.name.schema or "" for name, enum in enums.items()}
    open_ = {
        key: replace(expression, text=unqualified(expression.text, schemas))
        for key, expression in side.wanted.items()
        if _open(key, texts)
    }
    columns = []
    needed: dict[str, tuple[str, ...]] = {}
    for column in side.table.columns:
        try:
            type_ = type_text(column.type, state.dialect)
        except sa.exc.CompileError:
            continue
        enum = native_enum(column.type, state.dialect)
        name = str(enum.name) if enum is not None else ""
        if name in enums:
            needed[name] = enums[name].labels
            array = "[]" if isinstance(bare(column.type, state.dialect), sa.ARRAY) else ""
            type_ = f"pg_temp.{state.dialect.identifier_preparer.quote(name)}{array}"
        columns.append((str(column.name), type_))
    return Clone(side.found.name.name, tuple(columns), needed, open_)


def _stand_ins(context: AutogenContext, state: Found) -> dict[str, Enum]:
    """Return the enums that are not in the database as they are wanted, by bare name."""
    return {
        name.name: mine.enum
        for name, mine in wanted_enums(context, state).items()
        if not isinstance(old := state.catalog.types.get(name), Enum)
        or old.labels != mine.enum.labels
    }


def _texts(side: Sides, readings: Mapping[str, Reading], enums: Mapping[str, Enum]) -> Texts:
    plain = {key: _bare(reading, enums) for key, reading in readings.items()}
    return Texts(
        {key: plain[f"w{key}"] for key in side.wanted},
        {key: plain[f"l{key}"] for key in side.live},
    )


def _bare(reading: Reading, enums: Mapping[str, Enum]) -> Reading:
    if reading.text is None:
        return reading
    schemas = {name: enum.name.schema or "" for name, enum in enums.items()}
    return Reading(unqualified(reading.text, schemas), None, reading.name)


def _open(key: str, texts: Texts) -> bool:
    text = texts.wanted[key].text
    return text is None or all(text != live.text for live in texts.live.values())


def _undecided(texts: Texts) -> bool:
    return any(_open(key, texts) for key in texts.wanted)
