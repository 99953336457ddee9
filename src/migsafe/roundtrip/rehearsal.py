"""One trip of a revision in a copy of the database that has rows: how far it gets."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from migsafe.catalog import Catalog
from migsafe.names import Name
from migsafe.roundtrip.digest import Digest, digests, losses
from migsafe.roundtrip.model import Result
from migsafe.roundtrip.own import Own
from migsafe.roundtrip.project import Project
from migsafe.roundtrip.runner import message
from migsafe.server.databases import connect
from migsafe.values import dataclass

Fill = Callable[[Any], object]
"""Puts rows into the database of a connection."""

_SHOWN = 200  # characters; the server quotes a value in full


@dataclass(frozen=True)
class Rehearsal:
    """A database *like* that before a revision, to be copied, and the catalogs around it.

    It can be used just *once* when the revision makes or drops roles, which a server has but once.
    """

    project: Project
    like: str
    before: Catalog
    after: Catalog
    once: bool = False


@dataclass(frozen=True)
class Run:
    """How one trip with rows went: the *step* that failed, if any, or what was *lost*."""

    step: str = ""
    error: Exception | None = None
    lost: tuple[str, ...] = ()

    def told(self, when: str) -> str:
        """What failed, *when*, and why."""
        why = message(self.error) if self.error else ""
        return f"{self.step} {when}: {why[:_SHOWN]}{'…' if why[_SHOWN:] else ''}"


def rehearse(
    rehearsal: Rehearsal,
    result: Result,
    fill: Fill,
    *,
    own: Own | None = None,
    down_too: bool = True,
    tables: frozenset[Name] | None = None,
) -> Run:
    """Up, and *down_too* and up again, in a copy that *fill* and *own* have put rows into.

    The contents of *tables*, of all if None, are compared.
    """
    project, before = rehearsal.project, rehearsal.before
    with project.database(like=rehearsal.like) as url:
        with connect(url) as connection:
            fill(connection)
        failed = project.failure(_moment(own, "before", url))
        if failed is not None:
            return Run("putting them in", failed)
        lost, is_round = list[str](), down_too and result.down == "ok"
        held = _digests(url, before, tables) if is_round else {}

        def compare() -> None:
            lost.extend(_lost(url, before, held, tables))

        steps: list[tuple[str, Callable[[], object]]] = [
            ("the upgrade", lambda: project.runner.upgrade(result.revision))
        ]
        steps += [("the upgrade", _moment(own, "after_upgrade", url))]
        if is_round:
            steps += [
                ("the downgrade", lambda: project.runner.downgrade(result.revision)),
                ("the downgrade", _moment(own, "after_downgrade", url)),
                ("the downgrade", compare),
                ("the second upgrade", lambda: project.runner.upgrade(result.revision)),
            ]
        return replace(_run(project, steps), lost=tuple(lost))


def _run(project: Project, steps: list[tuple[str, Callable[[], object]]]) -> Run:
    """Take *steps* up to the first that fails."""
    for name, step in steps:
        failed = project.failure(step)
        if failed is not None:
            return Run(name, failed)
    return Run()


def rehearse_down(rehearsal: Rehearsal, result: Result, fill: Fill) -> Run:
    """Down from a copy that was filled behind the upgrade."""
    project, revision = rehearsal.project, result.revision
    runner = project.runner
    with project.database(like=rehearsal.like) as url:
        runner.upgrade(revision)
        with connect(url) as connection:
            fill(connection)
        return Run("the downgrade", project.failure(lambda: runner.downgrade(revision)))


def _moment(own: Own | None, moment: str, url: str) -> Callable[[], object]:
    return lambda: own.run(moment, url) if own is not None else None


def _digests(url: str, catalog: Catalog, tables: frozenset[Name] | None) -> dict[Name, Digest]:
    with connect(url) as connection:
        return digests(connection, catalog, tables)


def _lost(
    url: str, before: Catalog, held: dict[Name, Digest], tables: frozenset[Name] | None
) -> Iterator[str]:
    """What the tables of *before* have *held* and do not hold any more."""
    from psycopg.errors import UndefinedColumn, UndefinedTable

    try:
        yield from losses(held, _digests(url, before, tables))
    except (UndefinedColumn, UndefinedTable) as error:
        yield f"with rows in the tables not even the schema comes back: {error}".splitlines()[0]
