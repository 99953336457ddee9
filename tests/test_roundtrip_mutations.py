"""The round trip itself on trial: downgrades that are known to be broken, and known to be right."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import pytest
from losses import KEPT, LOSSES, SHOP
from mutations import BASE, MUTATIONS, UNDONE, known, pairs
from projects import write_project

from migsafe.capture import find_history
from migsafe.roundtrip import Trip, roundtrip
from migsafe.server import Server

# Each is seen by the comparison of catalogs (test_introspect.py); here some stand for all of them.
ALL = "MIGSAFE_EXAMPLES" in os.environ
ORDER_ALONE = "alter table users drop column age, add column age posint"  # told, and no finding
BREAKING = [one for one in known(MUTATIONS, 18) if one != ORDER_ALONE][:: 1 if ALL else 14]
SIZE = 14  # revisions of one history: behind each that is broken, those before it are run again
PARTS = [BREAKING[start : start + SIZE] for start in range(0, len(BREAKING), SIZE)]
RIGHT = pairs(UNDONE, 18)[:: 1 if ALL else 4]
LOST = LOSSES[:: 1 if ALL else 3]
SURVIVING = KEPT[:: 1 if ALL else 3]


def trip_of(
    folder: Path,
    server: Server,
    base: str,
    steps: Sequence[tuple[str, str]],
    *,
    data: bool = False,
) -> Trip:
    """The trip of a history that takes *steps*, up and down, in what *base* makes.

    With *data* each step finds what *base* makes anew.
    """
    bodies = {}
    for number, (up, down) in enumerate(steps):
        if data or not number:
            bodies[f"start{number}"] = (_driver_sql(base), "raise NotImplementedError")
        bodies[f"r{number}"] = (_driver_sql(up), _driver_sql(down))
    project = write_project(folder, bodies, env=None)
    ini = project / "alembic.ini"
    ini.write_text(ini.read_text() + "sqlalchemy.url = postgresql+psycopg:///none\n")
    tried = [f"r{number}" for number in range(len(steps))]
    return roundtrip(find_history([project]), server, only=tried, data=data)


def _driver_sql(text: str) -> str:
    doubled = text.replace("%", "%%") or "select 1"
    return f"op.get_bind().exec_driver_sql({doubled!r})"


@pytest.mark.parametrize("part", PARTS, ids=[f"from-{part[0][:30]}" for part in PARTS])
def test_each_broken_downgrade_is_found(tmp_path: Path, server: Server, part: list[str]) -> None:
    """A downgrade that ends in another schema is no restoration, whatever is different in it."""
    trip = trip_of(tmp_path, server, BASE, [("", statement) for statement in part])
    missed = [part[n] for n, one in enumerate(trip.results) if not one.differences]
    assert not missed
    assert [one.restored for one in trip.results] == ["no"] * len(part)


def test_no_right_downgrade_is_refused(tmp_path: Path, server: Server) -> None:
    """Changes of the same kinds that are undone."""
    steps = [("", f"{do}; {undo}") for do, undo in RIGHT]
    trip = trip_of(tmp_path, server, BASE, steps)
    assert [(one.revision, one.differences, one.error) for one in trip.results if one.failed] == []
    assert [one.restored for one in trip.results].count("exact") >= len(steps) - 1


def test_each_loss_of_data_is_found_and_nothing_else(tmp_path: Path, server: Server) -> None:
    """With rows in the tables: the schema is the same in all of them."""
    steps = [*SURVIVING, *((up, down) for _, up, down in LOST)]
    trip = trip_of(tmp_path, server, SHOP, steps, data=True)
    told = [
        [text.partition(".")[0].partition(":")[0] for text in r.data_loss] for r in trip.results
    ]
    assert told[: len(SURVIVING)] == [[]] * len(SURVIVING)
    for (table, up, _), tables in zip(LOST, told[len(SURVIVING) :], strict=True):
        assert table in tables, up
    assert {one.restored for one in trip.results} <= {"exact", "benign"}
    assert not any(one.error or one.data_error for one in trip.results)
