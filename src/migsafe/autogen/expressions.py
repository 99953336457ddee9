"""Comparing expressions of the metadata with those of the database, by PostgreSQL's own reading.

The declared text is first read on the columns as they are: equal there means unchanged. Where it
names a column, a label or a domain that does not exist yet, it is read on the columns as they are
wanted. Over a column that gets another type both sides are read as they are wanted, since that is
how PostgreSQL takes the expression along.
Most texts are equal when the server has read each of them once, so they are read again, up to a
fixed point, only where they are not.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import sqlalchemy as sa

from migsafe.autogen.canonical import Clone, Expression, Reading, read_back
from migsafe.autogen.clones import (
    Sides,
    bare_reading,
    live_clone,
    of_stand_ins,
    schemas_of,
    stand_ins,
    wanted_clone,
)
from migsafe.autogen.convert import resolved, same
from migsafe.autogen.dependents import ColumnKey, mentions
from migsafe.autogen.found import Found, found
from migsafe.autogen.wanted import collation, type_ref
from migsafe.catalog import Enum

if TYPE_CHECKING:
    from alembic.autogenerate.api import AutogenContext


RETYPED = "migsafe.retyped"
"""Key of the run's memo: the columns that get or lose an enum type, as a set of ColumnKeys."""
_OTHER_TYPES = " of other types"
_TAKEN_ALONG = ("check", "exclude", "index")  # by ALTER COLUMN … TYPE


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
    whole = _as_they_come(context, state, connection, sides, whole)
    retyped = _retyped(context)
    return [_told_by_types(*pair, retyped) for pair in zip(sides, whole, strict=True)]


def _retyped(context: AutogenContext) -> Set[ColumnKey]:
    retyped: Set[ColumnKey] = context.migration_context.impl.memo.get(RETYPED, frozenset())
    return retyped


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


def _as_they_come(
    context: AutogenContext,
    state: Found,
    connection: sa.Connection,
    sides: Sequence[Sides],
    whole: list[Texts],
) -> list[Texts]:
    """Return *whole* with what is about columns of another type as it is read on the new ones."""
    enums = stand_ins(context, state)
    clones = {}
    for n, side in enumerate(sides):
        columns = _of_new_types(state, side, _retyped(context))
        about = dict(_about(side, columns)) if columns else {}
        if about:
            clones[n] = wanted_clone(side, state, enums, about)
    answers = read_back(connection, list(clones.values()))
    texts = list(whole)
    for (n, clone), readings in zip(clones.items(), answers, strict=True):
        texts[n] = _better(texts[n], of_stand_ins(clone, readings, enums))
    returns = [_there_and_back(sides[n], clones[n], texts[n]) for n in clones]
    for n, readings in zip(clones, read_back(connection, returns), strict=True):
        texts[n] = _without_lost(texts[n], readings)
    return texts


def _there_and_back(side: Sides, there: Clone, texts: Texts) -> Clone:
    """Return the table as it is, with what it would have after a change of types and back."""
    live = {f"l{key}": side.live[key] for key in side.live if f"l{key}" in there.expressions}
    back = {
        f"b{key[1:]}": replace(expression, text=texts.live[key[1:]].text or "")
        for key, expression in live.items()
    }
    return replace(live_clone(side, rounds=5), expressions={**live, **back})


def _without_lost(texts: Texts, readings: Mapping[str, Reading]) -> Texts:
    """Return *texts* with those marked that the way back would not bring back as they were."""
    live = {
        key: replace(reading, text=_OTHER_TYPES)
        if f"b{key}" in readings and readings[f"b{key}"].text != readings[f"l{key}"].text
        else reading
        for key, reading in texts.live.items()
    }
    return Texts(texts.wanted, live)


def _of_new_types(state: Found, side: Sides, retyped: Set[ColumnKey]) -> list[str]:
    """Return the columns that get another type or collation, where no enum is one of the types."""
    found = []
    for column in side.table.columns:
        there = side.found.column(str(column.name))
        wanted = type_ref(column.type, state.dialect)
        if there is None or wanted is None or (side.found.name, there.name) in retyped:
            continue
        live = there.collation.name if there.collation is not None else None
        told = collation(column.type, state.dialect)
        if not same(state, resolved(state, wanted), there.type) or live != told:
            found.append(there.name)
    return found


def _about(side: Sides, columns: list[str]) -> Iterator[tuple[str, Expression]]:
    for letter, expressions in (("w", side.wanted), ("l", side.live)):
        for key, expression in expressions.items():
            if expression.kind in _TAKEN_ALONG and mentions(expression.text, columns):
                yield f"{letter}{key}", expression


def _read(
    context: AutogenContext, state: Found, connection: sa.Connection, sides: Sequence[Sides]
) -> list[Texts]:
    enums = stand_ins(context, state)
    first = read_back(connection, [live_clone(side, rounds=1) for side in sides])
    texts = [_texts(side, readings, enums) for side, readings in zip(sides, first, strict=True)]
    open_ = [n for n, text in enumerate(texts) if _undecided(text)]
    again = read_back(connection, [live_clone(sides[n], rounds=5) for n in open_])
    for n, readings in zip(open_, again, strict=True):
        texts[n] = _texts(sides[n], readings, enums)
    open_ = [n for n, text in enumerate(texts) if _undecided(text)]
    clones = [wanted_clone(sides[n], state, enums, _open_ones(sides[n], texts[n])) for n in open_]
    for n, clone, readings in zip(open_, clones, read_back(connection, clones), strict=True):
        texts[n] = _better(texts[n], of_stand_ins(clone, readings, enums))
    return texts


def _better(texts: Texts, later: Mapping[str, Reading]) -> Texts:
    """Return *texts* with the readings *later*, by keys of both sides, where they can be read."""
    wanted, live = dict(texts.wanted), dict(texts.live)
    read = any(r.text is not None for key, r in later.items() if key.startswith("w"))
    for key, reading in later.items():
        if key.startswith("w") and (reading.text is not None or wanted[key[1:]].text is None):
            wanted[key[1:]] = reading
        elif key.startswith("l") and reading.text is not None:
            live[key[1:]] = reading
        elif key.startswith("l") and read:  # It cannot stay.
            live[key[1:]] = replace(live[key[1:]], text=_OTHER_TYPES)
    return Texts(wanted, live)


def _texts(side: Sides, readings: Mapping[str, Reading], enums: Mapping[str, Enum]) -> Texts:
    schemas = schemas_of(enums)
    plain = {key: bare_reading(reading, schemas) for key, reading in readings.items()}
    return Texts(
        {key: plain[f"w{key}"] for key in side.wanted},
        {key: plain[f"l{key}"] for key in side.live},
    )


def _open_ones(side: Sides, texts: Texts) -> dict[str, Expression]:
    return {f"w{key}": value for key, value in side.wanted.items() if _open(key, texts)}


def _open(key: str, texts: Texts) -> bool:
    text = texts.wanted[key].text
    return text is None or all(text != live.text for live in texts.live.values())


def _undecided(texts: Texts) -> bool:
    return any(_open(key, texts) for key in texts.wanted)
