"""The statements of a new body, and the body that they make."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import libcst as cst

from migsafe.fix.emitted import Emitted
from migsafe.sql.ast import Set

EXPLAINED = "# Each of these steps is committed by itself. If one fails, run the migration again."


@dataclass(frozen=True)
class Unit:
    """A statement of the new body.

    *apart* is one that has to be committed by itself, *block* the author's own block of such;
    *begins* is the first one of the next deployment, and has what a downgrade of that takes back;
    *outside* one that has left the batch it stood in; *lasting* one that cannot be run again once
    it was committed. *emitted* is what it comes from.
    """

    node: Any
    line: int
    apart: bool = False
    block: bool = False
    outside: bool = False
    lasting: bool = False
    begins: str | None = None
    emitted: tuple[Emitted, ...] = ()

    @property
    def ends_transaction(self) -> bool:
        """Whether what comes before it is committed."""
        return self.apart or self.block


def hurried(units: Sequence[Unit], timeout: str) -> list[Unit]:
    """*units* of which each transaction that stops others waits for its locks no longer.

    *timeout* is a duration as PostgreSQL writes it. What runs in blocks is left out: a concurrent
    build waits for old transactions, which a lock_timeout would end.
    """
    if any(isinstance(one.step.statement, Set) for unit in units for one in unit.emitted):
        return list(units)
    made: list[Unit] = []
    is_set = False
    for unit in units:
        is_set = is_set and not unit.ends_transaction
        if not (unit.ends_transaction or is_set) and any(map(_stops_others, unit.emitted)):
            setting = cst.parse_statement(f"op.execute(\"SET LOCAL lock_timeout = '{timeout}'\")")
            made.append(Unit(setting, unit.line))
            is_set = True
        made.append(unit)
    return made


def _stops_others(one: Emitted) -> bool:
    return any(one.effects.blocks().values())


def assembled(units: Sequence[Unit]) -> list[Any]:
    """The statements of a body: what has to be committed by itself stands in blocks."""
    nodes: list[Any] = []
    for apart, group in groupby(units, key=lambda unit: unit.apart):
        members = [unit.node for unit in group]
        nodes += [_block(members)] if apart else members
    return nodes


def _block(members: list[Any]) -> cst.With:
    block = cst.parse_statement("with op.get_context().autocommit_block():\n    pass\n")
    assert isinstance(block, cst.With)
    leading = [*members[0].leading_lines, cst.EmptyLine(comment=cst.Comment(EXPLAINED))]
    members = [members[0].with_changes(leading_lines=[]), *members[1:]]
    return block.with_changes(leading_lines=leading, body=cst.IndentedBlock(body=members))
