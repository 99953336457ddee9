"""Other sessions in the way of a statement, so that it waits where it can be looked at.

A statement that commits by itself gives its locks back before anybody can read them. Each relation
that it may touch gets a gate: a session that holds ACCESS EXCLUSIVE, on which its first request
waits. A table's gate then steps down to ROW EXCLUSIVE, as a session that writes would hold it, and
so do those that follow it: CONCURRENTLY waits for every one of them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from migsafe.measure.state import INDEXES, Relation, State

if TYPE_CHECKING:
    import psycopg

Connect = Callable[[], "psycopg.Connection[Any]"]

# Each gate is a connection, of which a server allows 100 unless it is told otherwise.
MOST_GATES = 60


class Gate:
    """A session that holds a lock on *relation*; it is gone when both levels are given up."""

    def __init__(self, connection: psycopg.Connection[Any], relation: Relation):
        self.connection = connection
        self.relation = relation
        self.level = 0

    @property
    def pid(self) -> int:
        """The number of its server process."""
        return self.connection.info.backend_pid

    def shut(self) -> None:
        """Hold ACCESS EXCLUSIVE; below it, on a table, ROW EXCLUSIVE."""
        self._run("BEGIN")
        if self.relation.kind in ("r", "p"):
            self._run(f"LOCK TABLE ONLY {self.relation.name} IN ROW EXCLUSIVE MODE")
            self._run("SAVEPOINT above")
            self._run(f"LOCK TABLE ONLY {self.relation.name} IN ACCESS EXCLUSIVE MODE")
            self.level = 2
        else:
            # LOCK takes no index and no materialised view; a RENAME locks nothing else.
            self._run(f"ALTER TABLE {self.relation.name} RENAME TO migsafe_gate_{self.pid}")
            self.level = 1

    def follow(self) -> bool:
        """Hold ROW EXCLUSIVE and a snapshot, as the next writer; False if that is not to be had."""
        import psycopg

        self._run("BEGIN ISOLATION LEVEL REPEATABLE READ")
        with suppress(psycopg.Error):
            self._run(f"LOCK TABLE ONLY {self.relation.name} IN ROW EXCLUSIVE MODE NOWAIT")
            self._run("SELECT 1")
            self.level = 1
        return self.level == 1

    def step_down(self) -> None:
        """Give up the strongest lock that is left."""
        self._run("ROLLBACK TO above" if self.level == 2 else "ROLLBACK")
        self.level -= 1

    def _run(self, sql: str) -> None:
        self.connection.execute(sql.encode())


class Gates:
    """All gates of one statement, by server process."""

    def __init__(self, connect: Connect):
        self._connect = connect
        self._gates: dict[int, Gate] = {}

    def shut(self, relations: list[Relation]) -> None:
        """Put a gate before each of *relations*, tables first while there are connections."""
        for relation in sorted(relations, key=lambda r: (r.kind in INDEXES, r.oid))[:MOST_GATES]:
            self._add(relation).shut()

    def open(self, pids: list[int], *, for_good: bool) -> bool:
        """Let the statement pass those with *pids*; False when it waits for none of ours.

        Unless *for_good*, a table's gate is followed by another one before it goes.
        """
        mine = [self._gates[pid] for pid in pids if pid in self._gates]
        for gate in mine:
            if not for_good and gate.level == 1 and gate.relation.kind in ("r", "p"):
                self._add(gate.relation).follow()
            gate.step_down()
            if gate.level == 0:
                self._gates.pop(gate.pid).connection.close()
        return bool(mine)

    def relation_of(self, pids: list[int]) -> Relation | None:
        """The relation before which the statement waits."""
        return next((self._gates[pid].relation for pid in pids if pid in self._gates), None)

    def close(self) -> None:
        """Take all away."""
        for gate in self._gates.values():
            gate.connection.close()
        self._gates.clear()

    def _add(self, relation: Relation) -> Gate:
        gate = Gate(self._connect(), relation)
        self._gates[gate.pid] = gate
        return gate


def touched(state: State, sql: str) -> list[Relation]:
    """The relations that *sql* names with their indexes and partitions; all if it names none."""
    relations = state.relations.values()
    found: dict[int, Relation] = {}
    for named in (r for r in relations if _is_named(r.name.name, sql)):
        for table in state.below(named.owner or named.oid):
            for member in _with_parent(state, table):
                found[member.oid] = member
                found.update({index.oid: index for index in state.indexes_of(member.oid)})
    return [r for r in found.values() or relations if r.kind in ("r", "p", "m", "i")]


def _is_named(name: str, sql: str) -> bool:
    return bool(re.search(rf"(?<![\w$]){re.escape(name)}(?![\w$])", sql, re.IGNORECASE))


def _with_parent(state: State, table: Relation) -> Iterator[Relation]:
    yield table
    if table.parent in state.relations:
        yield state.relations[table.parent]
