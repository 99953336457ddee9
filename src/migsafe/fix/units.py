"""The statements of a new body, and the body that they make."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Any

import libcst as cst

from migsafe.fix import calls
from migsafe.fix.emitted import Emitted
from migsafe.names import Name
from migsafe.sql import parse
from migsafe.sql.ast import AlterTable, CreateIndex, Set, Statement, ValidateConstraint
from migsafe.sql.online import index_dropped

EXPLAINED = "# Each of these steps is committed by itself. If one fails, run the migration again."


@dataclass(frozen=True)
class Unit:
    """A statement of the new body.

    *apart* is one that has to be committed by itself, *block* the author's own block of such;
    *begins* is the first one of the next deployment, and has what a downgrade of that takes back;
    *outside* one that has left the batch it stood in; *queued* one apart behind whose lock others
    queue, although it has it for a moment only; *lasting* one that cannot be run again once
    it was committed. *emitted* is what it comes from.
    """

    node: Any
    line: int
    apart: bool = False
    block: bool = False
    outside: bool = False
    queued: bool = False
    lasting: bool = False
    begins: str | None = None
    emitted: tuple[Emitted, ...] = ()

    @property
    def ends_transaction(self) -> bool:
        """Whether what comes before it is committed."""
        return self.apart or self.block


def hurried(units: Sequence[Unit], timeout: str) -> list[Unit]:
    """*units* of which whatever stops others waits for its locks no longer.

    *timeout* is a duration as PostgreSQL writes it. What others do not queue behind is left out: a
    concurrent build waits for old transactions, which a lock_timeout would end.
    """
    if any(isinstance(one.step.statement, Set) for unit in units for one in unit.emitted):
        return list(units)
    made: list[Unit] = []
    is_set = is_local = False
    for unit in units:
        if unit.queued and not is_set:
            setting = calls.executing(f"SET lock_timeout = '{timeout}'")
            made.append(Unit(led(setting, unit.node.leading_lines), unit.line, apart=True))
            unit = replace(unit, node=unit.node.with_changes(leading_lines=[]))
        elif is_set and not unit.queued:
            made.append(_reset(made[-1].line))
        is_set = unit.queued
        is_local = is_local and not unit.ends_transaction
        if not (unit.ends_transaction or is_local) and any(map(_stops_others, unit.emitted)):
            made.append(Unit(calls.executing(f"SET LOCAL lock_timeout = '{timeout}'"), unit.line))
            is_local = True
        made.append(unit)
    return [*made, _reset(made[-1].line)] if is_set else made


def _reset(line: int) -> Unit:
    return Unit(calls.executing("RESET lock_timeout"), line, apart=True)


def step_apart(sql: str, line: int, emitted: tuple[Emitted, ...]) -> Unit:
    """The statement *sql* as a step that is committed by itself."""
    queued = _is_queued_behind(parse(sql)[0].statement)
    return Unit(calls.executing(sql), line, apart=True, queued=queued, emitted=emitted)


def _is_queued_behind(statement: Statement) -> bool:
    return isinstance(statement, AlterTable) and not all(
        isinstance(action, ValidateConstraint) for action in statement.actions
    )


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


def led(node: Any, leading: Sequence[cst.EmptyLine]) -> Any:
    """The statement *node* behind the comments and empty lines *leading*."""
    return node.with_changes(leading_lines=[*leading, *node.leading_lines])


def is_concurrent(one: Emitted) -> bool:
    """Whether *one* builds an index without stopping others."""
    statement = one.step.statement
    return isinstance(statement, CreateIndex) and statement.concurrently


def leftovers_dropped(unit: Unit) -> Iterator[Unit]:
    """*unit*, of a block of the author's, behind what drops the index that an attempt has left."""
    node = unit.node
    for statement in (one.step.statement for one in filter(is_concurrent, unit.emitted)):
        assert isinstance(statement, CreateIndex)
        dropped = calls.executing(index_dropped(Name(statement.table.schema, statement.name or "")))
        yield Unit(led(dropped, node.leading_lines), unit.line)
        node = node.with_changes(leading_lines=[])
    yield replace(unit, node=node)
