"""The round trip itself on trial: downgrades that are known to be broken, and known to be right."""

from __future__ import annotations

import os
from itertools import islice
from pathlib import Path

import pytest
from mutations import BASE, MUTATIONS, UNDONE, known, pairs
from projects import write_project

from migsafe.capture import find_history
from migsafe.roundtrip import Trip, roundtrip
from migsafe.server import Server

SIZE = 14  # revisions of one history: behind each that is broken, those before it are run again
# Each is seen by the comparison of catalogs (test_introspect.py); here some stand for all of them.
ORDER_ALONE = "alter table users drop column age, add column age posint"  # told, and no finding
BREAKING = tuple(one for one in known(MUTATIONS, 18) if one != ORDER_ALONE)
STATEMENTS = BREAKING[:: 1 if "MIGSAFE_EXAMPLES" in os.environ else 7]
PARTS = [STATEMENTS[start : start + SIZE] for start in range(0, len(STATEMENTS), SIZE)]

SHOP = """
create table customer (id int primary key, name text not null, phone text, born date,
  nick text);
create table orders (id int primary key, customer int references customer on delete cascade,
  total numeric(10,2), state text not null default 'new', tags text[], extra jsonb,
  weight numeric(10,2));
"""
# An upgrade and a downgrade that restores the schema; what is lost is told of the table named.
LOSSES = (
    ("customer", "update customer set name = lower(name) || id", ""),
    ("customer", "update customer set phone = null", ""),
    ("customer", "alter table customer drop phone", "alter table customer add phone text"),
    ("customer", "delete from customer where id % 2 = 0", ""),
    ("orders", "truncate orders", ""),
    (
        "customer",
        "alter table customer alter born type text using 'x'",
        "alter table customer alter born type date using null",
    ),
    (
        "orders",
        "alter table orders alter total type int using total::int",
        "alter table orders alter total type numeric(10,2)",
    ),
    (
        "orders",
        "alter table orders rename tags to labels",
        "alter table orders drop labels, add tags text[]",
    ),
    (
        "orders",
        "create table old as select * from orders; delete from orders",
        "insert into orders select * from old where state <> 'new'; drop table old",
    ),
    (
        "orders",
        "alter table orders alter extra type text",
        "alter table orders alter extra type jsonb using '{}'",
    ),
)
KEPT = (
    ("alter table customer rename nick to nicks", "alter table customer rename nicks to nick"),
    (
        "alter table orders alter weight type numeric(12,3)",
        "alter table orders alter weight type numeric(10,2)",
    ),
    (
        "create table kept as select * from orders; delete from orders",
        "insert into orders select * from kept; drop table kept",
    ),
    ("update customer set name = name || '!'", "update customer set name = left(name, -1)"),
)


def trip_of(
    folder: Path, server: Server, base: str, steps: list[tuple[str, str]], *, data: bool = False
) -> Trip:
    """The trip of a history that makes *base* and then takes *steps*, up and down."""
    bodies = {"start": (_driver_sql(base), "raise NotImplementedError")}
    for number, (up, down) in enumerate(steps):
        bodies[f"r{number}"] = (_driver_sql(up), _driver_sql(down))
    project = write_project(folder, bodies, env=None)
    ini = project / "alembic.ini"
    ini.write_text(ini.read_text() + "sqlalchemy.url = postgresql+psycopg:///none\n")
    return roundtrip(find_history([project]), server, data=data)


def _driver_sql(text: str) -> str:
    doubled = text.replace("%", "%%") or "select 1"
    return f"op.get_bind().exec_driver_sql({doubled!r})"


@pytest.mark.parametrize("part", PARTS, ids=[f"from-{part[0][:30]}" for part in PARTS])
def test_each_broken_downgrade_is_found(
    tmp_path: Path, server: Server, part: tuple[str, ...]
) -> None:
    """A downgrade that ends in another schema is no restoration, whatever is different in it."""
    trip = trip_of(tmp_path, server, BASE, [("", statement) for statement in part])
    found = {one.revision: one for one in islice(trip.results, 1, None)}
    missed = [part[n] for n in range(len(part)) if not found[f"r{n}"].differences]
    assert not missed
    assert [one.restored for one in found.values()] == ["no"] * len(part)


def test_no_right_downgrade_is_refused(tmp_path: Path, server: Server) -> None:
    """Changes of the same kinds that are undone."""
    steps = [("", f"{do}; {undo}") for do, undo in pairs(UNDONE, 18)]
    trip = trip_of(tmp_path, server, BASE, steps)
    assert [(one.revision, one.differences, one.error) for one in trip.results if one.failed] == []
    assert [one.restored for one in trip.results[1:]].count("exact") >= len(steps) - 1


def test_each_loss_of_data_is_found_and_nothing_else(tmp_path: Path, server: Server) -> None:
    """With rows in the tables: the schema is the same in all of them."""
    steps = [*KEPT, *((up, down) for _, up, down in LOSSES)]
    trip = trip_of(tmp_path, server, SHOP, steps, data=True)
    results = trip.results[1:]
    told = [[text.partition(".")[0].partition(":")[0] for text in one.data_loss] for one in results]
    assert told[: len(KEPT)] == [[]] * len(KEPT)
    for (table, up, _), tables in zip(LOSSES, told[len(KEPT) :], strict=True):
        assert table in tables, up
    assert {one.restored for one in results} <= {"exact", "benign"}
