"""Any change of any small world of enums passes the checks of the harness.

`MIGSAFE_EXAMPLES=3000 pytest tests/autogen/test_enum_worlds.py` looks further than CI does.
"""

from __future__ import annotations

import os
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from autogen.harness import Case, prove
from migsafe.names import Name, quote_literal
from migsafe.server import Server

LABELS = ("a", "b", "c", "it's", "50%", "x:y", "ü ß", 'q"q', "$$", "\\n", "A" * 63)
NAMES = (("mood", None), ("feeling", None), ('My "Mood', "App"), ("m" * 63, None))


@dataclass(frozen=True)
class Use:
    """A column of an enum: of which, as an array, with a default, and what hangs on it."""

    enum: int
    array: bool
    default: bool
    check: bool
    index: str
    unique: bool


@dataclass(frozen=True)
class World:
    """The labels of each enum, and the columns of each table."""

    enums: tuple[tuple[str, ...], ...]
    tables: tuple[tuple[tuple[str, Use], ...], ...]


USES = st.builds(
    Use,
    st.integers(0, 1),
    st.just(False),
    st.booleans(),
    st.booleans(),
    st.sampled_from(["", "plain", "partial", "expression"]),
    st.booleans(),
)
TABLES = st.dictionaries(st.sampled_from(["x", "y", "My Z"]), USES, max_size=2).map(
    # A scalar does not become an array.
    lambda columns: tuple((n, replace(columns[n], array=n == "y")) for n in sorted(columns))
)
ENUMS = st.lists(st.sampled_from(LABELS), min_size=1, max_size=5, unique=True).map(tuple)
WORLDS = st.builds(
    World, st.tuples(ENUMS, ENUMS), st.lists(TABLES, min_size=1, max_size=2).map(tuple)
)
PAIR = st.tuples(st.sampled_from(NAMES), st.sampled_from(NAMES)).filter(
    lambda two: two[0] != two[1]
)


def metadata_of(world: World, names: tuple[Any, Any], kept: tuple[frozenset[str], ...]) -> Any:
    """The models of *world*; defaults and conditions name the first of the labels *kept*."""

    def make() -> sa.MetaData:
        metadata = sa.MetaData()
        for number, columns in enumerate(world.tables):
            table = sa.Table(f"t{number}", metadata, sa.Column("id", sa.Integer, primary_key=True))
            for name, use in columns:
                add(table, name, use, world, names, kept)
        return metadata

    return make


def add(
    table: sa.Table,
    name: str,
    use: Use,
    world: World,
    names: tuple[Any, Any],
    kept: tuple[frozenset[str], ...],
) -> None:
    """Put the column and what hangs on it into *table*."""
    labels = world.enums[use.enum]
    label = next((label for label in labels if label in kept[use.enum]), labels[0])
    type_: Any = sa.Enum(*labels, name=names[use.enum][0], schema=names[use.enum][1])
    literal = sa.literal_column(quote_literal(label))
    enum_type = Name(names[use.enum][1], names[use.enum][0])
    if use.array:
        literal = sa.literal_column(f"ARRAY[{quote_literal(label)}]::{enum_type}[]")
        type_ = sa.ARRAY(type_)
    column = sa.Column(name, type_, server_default=literal if use.default else None)
    table.append_column(column)
    prefix = f"{table.name}_{name[:1].lower()}"
    if use.check:
        table.append_constraint(sa.CheckConstraint(column == literal, name=f"{prefix}_ck"))
    if use.unique:
        table.append_constraint(sa.UniqueConstraint(name, "id", name=f"{prefix}_uq"))
    if use.index == "plain":
        sa.Index(f"{prefix}_ix", column)
    elif use.index == "partial":
        sa.Index(f"{prefix}_ix", table.c.id, postgresql_where=column == literal)
    elif use.index == "expression":
        sa.Index(f"{prefix}_ix", sa.func.greatest(column, literal))


def rows_of(old: World, new: World, names: tuple[Any, Any]) -> tuple[str, ...]:
    """Rows of labels that their columns keep, whatever they are of afterwards."""
    statements = []
    for number, columns in enumerate(old.tables):
        values, fields = ["1"], ["id"]
        later = dict(new.tables[number]) if number < len(new.tables) else {}
        for name, use in columns:
            after = later.get(name, use)
            common = set(new.enums[after.enum]) & set(new.enums[use.enum])
            stays = [label for label in old.enums[use.enum] if label in common]
            literal = quote_literal(stays[-1]) if stays else "NULL"
            if stays and (use.check or after.check):
                literal = "NULL"
            if stays and use.array and literal != "NULL":
                literal = f"ARRAY[{literal}]::{Name(names[use.enum][1], names[use.enum][0])}[]"
            values.append(literal)
            fields.append(str(Name(None, name)))
        statements.append(
            f"insert into t{number} ({', '.join(fields)}) values ({', '.join(values)})"
        )
    return tuple(statements)


@settings(
    max_examples=int(os.environ.get("MIGSAFE_EXAMPLES", "25")),
    deadline=None,
    derandomize="MIGSAFE_EXAMPLES" not in os.environ,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    database=None,
    phases=(Phase.explicit, Phase.generate),  # Each try takes a second; the worlds are small.
    report_multiple_bugs=False,
)
@given(WORLDS, WORLDS, PAIR)
def test_any_world_becomes_any_other(
    server: Server, old: World, new: World, names: tuple[Any, Any]
) -> None:
    """Types, columns, defaults, CHECKs and indexes are the wanted ones, both ways, rows too."""
    kept = tuple(frozenset(a) & frozenset(b) for a, b in zip(old.enums, new.enums, strict=True))
    case = Case(
        metadata_of(old, names, kept),
        metadata_of(new, names, kept),
        setup=('create schema "App"',),
        rows=rows_of(old, new, names),
        options={"include_schemas": True},
        lacks=("CASCADE",),
    )
    with tempfile.TemporaryDirectory() as folder:
        prove(case, server, Path(folder))
