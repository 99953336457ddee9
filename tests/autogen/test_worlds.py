"""Any change of any small world of tables passes the checks of the harness.

`MIGSAFE_EXAMPLES=3000 pytest tests/autogen/test_worlds.py` looks further than CI does, and with
`MIGSAFE_MAJOR=14` at another PostgreSQL.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, Phase, given, settings

from autogen.harness import Case, prove
from autogen.worlds import (
    CONDITIONS,
    KEYS,
    SETTINGS,
    WORLDS,
    Making,
    Setting,
    World,
    dressing,
    objects_of,
    rows_of,
)
from migsafe.server import Server


def case(old: World, new: World, setting: Setting, major: int) -> Case:
    """The change from *old* to *new*."""
    before, after = Making(old, new, setting, major), Making(new, old, setting, major)
    return Case(
        before,
        after,
        setup=('create schema "App s"',),
        a_objects=tuple(dressing(before())),
        b_objects=tuple(dressing(after())),
        objects=objects_of(old, new, setting),
        rows=rows_of(old, new, setting),
        options={"include_schemas": True},
        lacks=("CASCADE;", "%%"),
    )


# What SQLAlchemy and Alembic say of what they have no word for.
pytestmark = [
    pytest.mark.filterwarnings("ignore::sqlalchemy.exc.SAWarning"),
    pytest.mark.filterwarnings("ignore:Expression #"),
]
# What such a search has found, as small as it could be told.
FOUND: dict[str, tuple[World, World, Setting]] = {
    "a primary key of a new table is deferrable": (
        {(0, "absent"): True},
        {(0, "key"): {"deferrable": True}},
        Setting(),
    ),
    "a CHECK that is not enforced is dropped, with its comment": (
        {(1, "ck"): {"not_enforced": True, "of": CONDITIONS[8]}},
        {},
        Setting(commented=True),
    ),
    "a new UNIQUE has a comment": (
        {},
        {(1, "uq"): {"together": True, "columns": ("n",), "include": ("id",)}},
        Setting(commented=True),
    ),
    "a column gets another type and keeps its storage": (
        {(0, "p"): {"storage": "MAIN", "type": 3}},
        {(0, "p"): {"storage": "EXTERNAL", "type": 1}, (0, "ix"): {"keys": KEYS[6]}},
        Setting(objects=frozenset({"policy", "view"})),
    ),
    "a column comes back with its storage and its privileges": (
        {(1, "p"): {"storage": "MAIN", "type": 0}},
        {(1, "p"): {"absent": True, "type": 0}},
        Setting(objects=frozenset({"grant"})),
    ),
    "a key of two columns becomes one of numbers": (
        {(1, "key"): {"columns": ("id", "n")}},
        {},
        Setting(),
    ),
    "the storage of a new column comes after it, where a foreign key goes first": (
        {(1, "fk"): {}, (1, "p"): {"absent": True, "type": 0, "storage": "MAIN"}},
        {},
        Setting(),
    ),
    "a foreign key that is not enforced any more keeps its comment": (
        {(1, "fk"): {"match": "FULL"}},
        {(1, "fk"): {"not_enforced": True}},
        Setting(commented=True),
    ),
    "an index that is spelled otherwise keeps its comment": (
        {(0, "ix"): {"keys": KEYS[8]}},
        {(0, "ix"): {"keys": KEYS[8]}},
        Setting(commented=True),
    ),
    "a column gets another type, NOT NULL and another storage at once": (
        {(0, "p"): {"storage": "EXTERNAL", "type": 1, "required": True}},
        {(0, "p"): {"storage": "MAIN", "type": 0}},
        Setting(),
    ),
}

UNNAMED = Setting(unnamed=frozenset({"uq"}))
FOUND |= {
    "a UNIQUE without a name includes a column": (
        {},
        {(1, "uq"): {"columns": ("n",), "include": ("id",)}},
        UNNAMED,
    ),
    "an index with an operator class changes and has a comment": (
        {(1, "ox"): {"keys": (("j jsonb_path_ops",), ("j",)), "using": "gin"}},
        {(1, "ox"): {"keys": (("j",), ("j",)), "using": "gin"}},
        Setting(commented=True),
    ),
    "a generated column comes with another type of its base": (
        {(0, "n"): {"type": 2}},
        {(0, "g"): {"of": "n + 1"}, (0, "T s"): {"type": 0}},
        Setting(objects=frozenset({"view"})),
    ),
}
EVERYTHING: World = {
    (1, "ck"): {"of": CONDITIONS[3], "not_enforced": True},
    (1, "ex"): {"where": ("p <> '%x'", ("p",)), "deferrable": True},
    (1, "uq"): {"columns": ("n",), "include": ("id",), "together": True, "deferrable": True},
    (1, "p"): {"type": 3, "storage": "MAIN", "default": "'a%b:c'", "required": True},
    (1, "id"): {"type": sa.BigInteger, "numbers": "options"},
    (1, "ix"): {"keys": KEYS[4], "where": CONDITIONS[5], "with": {"fillfactor": 50}},
    (1, "ox"): {"keys": (("j jsonb_path_ops",), ("j",)), "using": "gin"},
    (1, "unlogged"): True,
    (1, "row_security"): True,
    (1, "comment"): "it's 50% :x",
    (1, "g"): {"virtual": True},
}
LEANING: World = {
    (1, "fk"): {"not_enforced": True, "match": "FULL", "ondelete": "SET NULL"},
    (1, "id"): {"type": sa.Integer, "numbers": "sequence"},
    (1, "key"): {"columns": ("id", "n"), "deferrable": True},
    (1, "Uq:2"): {"columns": ("p", "n"), "deferrable": True},
}
NOTHING: World = {(1, "absent"): True}
FOUND |= {
    "a new table has everything": (NOTHING, EVERYTHING, Setting(commented=True)),
    "a dropped table comes back with everything": (EVERYTHING, NOTHING, Setting(commented=True)),
    "a new table leans on another": (NOTHING, LEANING, Setting(commented=True)),
    "a dropped table leans again": (LEANING, NOTHING, Setting(commented=True)),
}
SHORT: World = {(0, "p"): {"type": 3}, (0, "ix"): {"keys": KEYS[5]}}
FOUND |= {
    "an expression is over a new column of a new domain": (
        {(0, "p"): {"absent": True, "type": 0}},
        {**SHORT, (0, "ck"): {"of": CONDITIONS[5]}, (0, "ex"): {"where": ("p <> '%x'", ("p",))}},
        Setting(),
    ),
    "an expression over a domain is over its type now": (
        SHORT,
        {(0, "ix"): {"keys": KEYS[5]}},
        Setting(commented=True),
    ),
    "an expression of numbers is one of integers now, and back": (
        {(0, "n"): {"type": 2}, (0, "ix"): {"keys": KEYS[4]}, (0, "ck"): {"of": CONDITIONS[4]}},
        {(0, "n"): {"type": 0}, (0, "ix"): {"keys": KEYS[4]}, (0, "ck"): {"of": CONDITIONS[4]}},
        Setting(commented=True),
    ),
    "a new table has a foreign key to a key that becomes what it needs": (
        {(1, "absent"): True, (0, "key"): {"columns": ("id", "n")}},
        {(1, "fk"): {"not_enforced": True}},
        Setting(commented=True),
    ),
    "a foreign key goes with its table, and its key becomes deferrable": (
        {(0, "fk"): {}},
        {(0, "absent"): True, (1, "key"): {"deferrable": True}},
        Setting(commented=True),
    ),
    "a foreign key that is not enforced goes before its key": (
        {(1, "fk"): {"not_enforced": True}},
        {(0, "key"): {"columns": ("id", "n")}},
        Setting(),
    ),
    "two tables that refer to each other are dropped": (
        {(0, "fk"): {}, (1, "fk"): {"not_enforced": True}},
        {(0, "absent"): True, (1, "absent"): True},
        Setting(),
    ),
    "a column with a sequence becomes an identity column": (
        {(1, "id"): {"numbers": "sequence", "type": sa.Integer}},
        {(1, "id"): {"numbers": "options", "type": sa.BigInteger}},
        Setting(),
    ),
    "a column of an unlogged table becomes SERIAL": (
        {(0, "id"): {"numbers": "none", "type": sa.Integer}},
        {(0, "unlogged"): True},
        Setting(),
    ),
    "an identity column counts otherwise and is narrower": (
        {(0, "id"): {"numbers": "identity", "type": sa.Integer}},
        {(0, "id"): {"numbers": "options", "type": sa.SmallInteger}},
        Setting(),
    ),
    "a UNIQUE goes from a column that another one takes the place of": (
        {(0, "p"): {"type": 2}, (0, "uq"): {"columns": ("n", "p"), "include": ("id",)}},
        {(0, "uq"): {"columns": ("n",)}},
        Setting(),
    ),
}
COLLATED: World = {
    (0, "p"): {"type": 2},
    (0, "ix"): {"keys": KEYS[5]},
    (0, "ox"): {"keys": KEYS[3]},
}


def test_expressions_over_collated_columns_are_what_they_are(
    server: Server, tmp_path: Path
) -> None:
    """They have the collation of the column, which nobody has to say."""
    unchanged = case(COLLATED, COLLATED, Setting(commented=True), server.major)
    prove(replace(unchanged, unchanged=True), server, tmp_path)


@pytest.mark.parametrize("name", FOUND)
def test_found(name: str, server: Server, tmp_path: Path) -> None:
    """What such a search has found once stays right."""
    prove(case(*FOUND[name], server.major), server, tmp_path)


@settings(
    max_examples=int(os.environ.get("MIGSAFE_EXAMPLES", "30")),
    deadline=None,
    derandomize="MIGSAFE_EXAMPLES" not in os.environ,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    database=None,
    phases=(Phase.explicit, Phase.generate),  # Each try takes a second; the worlds are small.
    report_multiple_bugs=False,
)
@given(WORLDS, WORLDS, SETTINGS)
def test_any_world_becomes_any_other(
    server: Server,
    server_of: Callable[[int], Server],
    old: World,
    new: World,
    setting: Setting,
) -> None:
    """All of it is the wanted one, both ways, rows too."""
    if "MIGSAFE_MAJOR" in os.environ:
        server = server_of(int(os.environ["MIGSAFE_MAJOR"]))
    with tempfile.TemporaryDirectory() as folder:
        prove(case(old, new, setting, server.major), server, Path(folder))
