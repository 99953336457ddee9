"""The body of one direction, with its unsafe statements in their online form."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby
from typing import Any

import libcst as cst

from migsafe.fix import calls
from migsafe.fix.adding import added_column
from migsafe.fix.editing import called, comments, with_keywords
from migsafe.fix.emitted import Emitted
from migsafe.fix.recipes import Recipe, recipe
from migsafe.fix.source import SourceFile
from migsafe.fix.units import Unit, is_concurrent, led, leftovers_dropped, step_apart
from migsafe.rules.early_commit import lasts
from migsafe.sql import parse
from migsafe.sql.ast import AddColumn
from migsafe.sql.online import OnlineForm, may_run_again

DEPLOYED = "# Before this: the new code, which writes the column, runs, and old rows have a value."
_SHARED = "several statements stand on its line"
_KEPT = frozenset(
    ("create_index", "drop_index", "alter_column", "create_check_constraint", "create_foreign_key")
)
"""Operations that take the options of the online form."""

_OTHERWISE: dict[type[Any], str] = {
    cst.For: "it stands in a loop",
    cst.While: "it stands in a loop",
    cst.If: "it stands in a condition",
    cst.Match: "it stands in a condition",
    cst.Try: "it stands in a try",
    cst.With: "it stands in a with block",
    cst.FunctionDef: "it stands in a function of its own",
}


@dataclass
class Rewriter:
    """Rewrites the statements of one direction.

    Attributes:
        file: knows the lines of statements, and what names mean.
        emitted: all statements of the direction.
        parts: the parts of a statement that is several.
        allowed: whether the statement at a line may be changed.
        major: the oldest server.
        named: whether the naming convention is known.
        repeat_before: calls before this line get IF [NOT] EXISTS.
        refused: statements that stay as they are, and why.
        changed: by line those that do not, with the lines of what they emit.
    """

    file: SourceFile
    emitted: Sequence[Emitted]
    parts: Callable[[Emitted], tuple[Emitted, ...]]
    allowed: Callable[[int], bool]
    major: int
    named: bool = True
    repeat_before: int = 0
    refused: list[tuple[Emitted, str]] = field(default_factory=list)
    changed: dict[int, tuple[int, ...]] = field(default_factory=dict)

    def units(
        self, nodes: Sequence[Any], *, batch: str | None = None, within: bool = False
    ) -> list[Unit]:
        """The units of *nodes*, which stand in a batch of that name or *within* an own block."""
        return [unit for node in nodes for unit in self._of(node, batch, within)]

    def _of(self, node: Any, batch: str | None, within: bool) -> Iterator[Unit]:
        first, last = self.file.lines(node)
        mine = tuple(one for one in self.emitted if first <= one.line <= last)
        unit = Unit(
            node, first, block=any(one.step.autocommit for one in mine),
            lasting=any(map(_lasts, mine)), emitted=mine,
        )  # fmt: skip
        if isinstance(node, cst.With) and mine:
            yield from self._with(node, unit, batch, within)
        elif isinstance(node, cst.SimpleStatementLine):
            yield from self._simple(node, unit, batch, within)
        else:
            self._refuse(mine, _OTHERWISE.get(type(node), "it is not written as a plain call"))
            yield unit

    def _refuse(self, found: Sequence[Emitted], reason: str) -> None:
        self.refused += ((one, reason) for one in found if one.codes)

    def _with(self, node: cst.With, unit: Unit, batch: str | None, within: bool) -> Iterator[Unit]:
        kind = called(node.items[0].item) if len(node.items) == 1 else ""
        if kind == "autocommit_block" and isinstance(node.body, cst.IndentedBlock):
            inner = self.units(node.body.body, within=True)
            yield replace(unit, node=_with_body(node, [one.node for one in inner]))
        elif kind == "batch_alter_table" and isinstance(node.body, cst.IndentedBlock):
            name = node.items[0].asname
            alias = name.name.value if name and isinstance(name.name, cst.Name) else ""
            yield from self._batch(node, unit, alias)
        else:
            self._refuse(unit.emitted, _OTHERWISE[cst.With])
            yield unit

    def _batch(self, node: cst.With, unit: Unit, alias: str) -> Iterator[Unit]:
        assert isinstance(node.body, cst.IndentedBlock)
        inner = self.units(node.body.body, batch=alias)
        leading = node.leading_lines
        for outside, group in groupby(inner, key=lambda one: one.apart or one.outside):
            members = list(group)
            if outside:
                members[0] = replace(members[0], node=led(members[0].node, leading))
                yield from members
            else:
                whole = _with_body(node, [one.node for one in members])
                yield replace(
                    unit, node=whole.with_changes(leading_lines=leading), line=members[0].line,
                    lasting=any(one.lasting for one in members),
                    emitted=tuple(e for one in members for e in one.emitted),
                )  # fmt: skip
            leading = ()

    # -- plain statements -------------------------------------------------------------------

    def _simple(
        self, node: cst.SimpleStatementLine, unit: Unit, batch: str | None, within: bool
    ) -> Iterator[Unit]:
        wanted = any(one.codes for one in unit.emitted) and self.allowed(unit.line)
        call = calls.sole_call(node)
        if wanted and unit.emitted:
            made = self._rewritten(node, call, unit, batch)
            if isinstance(made, str):
                self._refuse(unit.emitted, made)
            else:
                self.changed[unit.line] = tuple(one.line for one in unit.emitted)
                yield from (
                    (replace(one, apart=False, queued=False) for one in made) if within else made
                )
                return
        yield from self._repeatable(unit, call, batch, within)

    def _repeatable(
        self, unit: Unit, call: cst.Call | None, batch: str | None, within: bool
    ) -> Iterator[Unit]:
        if call is None or not unit.lasting or unit.line >= self.repeat_before:
            yield unit
            return
        if within and any(map(is_concurrent, unit.emitted)):
            yield from leftovers_dropped(unit)
            return
        again = calls.repeatable(call, batch=batch is not None)
        if again is not call:
            lasting = any(
                lasts(one.step.statement) and not calls.covers(again, one.step.statement)
                for one in unit.emitted
            )
            yield replace(unit, node=calls.with_call(unit.node, again), lasting=lasting)
        elif batch:
            yield from (_as_text(one, unit) for one in unit.emitted)
        else:
            yield unit

    def _rewritten(
        self, node: cst.SimpleStatementLine, call: cst.Call | None, unit: Unit, batch: str | None
    ) -> list[Unit] | str:
        """The units that do what *node* does, or why there are none."""
        if call is None:
            several = len(node.body) > 1
            return _SHARED if several else "it is not written as a plain call"
        if any(one.step.via for one in unit.emitted):
            return "a helper function does it"
        if any(one.step.parameters for one in unit.emitted):
            return "it has bound values"
        if calls.is_formatted(call):
            return "its text is put together when it runs"
        if calls.is_executing(call) and (
            isinstance(call.func, cst.Attribute) or self.file.is_operation(call)
        ):
            if calls.literal(call) is None:
                return "its SQL is not written as a text there"
            return self.generated(node, unit)
        if not (calls.is_on(call, batch) if batch else self.file.is_operation(call)):
            return "a helper function does it"
        if called(call) == "add_column":
            return added_column(self, node, call, unit)
        return self._operation(node, call, unit, batch)

    def _operation(
        self, node: cst.SimpleStatementLine, call: cst.Call, unit: Unit, batch: str | None
    ) -> list[Unit] | str:
        """An operation whose call stays, with other statements around it, or is replaced."""
        coded = [one for one in unit.emitted if one.codes]
        found = recipe(coded[0], major=self.major, named=self.named)
        if isinstance(found, str):
            return found
        if (
            batch
            or found.keywords is None
            or called(call) not in _KEPT
            or any(one.codes or _lasts(one) for one in unit.emitted if one is not coded[0])
        ):
            return self.generated(node, unit)
        main = calls.with_call(node, with_keywords(call, found.keywords))
        form = found.form
        return self.around(node, main, form, unit)

    def around(
        self, node: cst.SimpleStatementLine, main: Any, form: OnlineForm, unit: Unit
    ) -> list[Unit]:
        """*main* between the statements of *form*, all to be committed by themselves."""
        made = [
            *(step_apart(text, unit.line, unit.emitted) for text in form.before),
            replace(
                step_apart(form.main, unit.line, unit.emitted),
                node=main.with_changes(leading_lines=[]),
            ),
            *(step_apart(text, unit.line, unit.emitted) for text in form.after),
        ]
        first = made[0].node.with_changes(leading_lines=node.leading_lines)
        return [replace(made[0], node=first), *made[1:]]

    def generated(self, node: cst.SimpleStatementLine, unit: Unit) -> list[Unit] | str:
        """Statements as SQL for all that *node* emits; its comments come first."""
        made: list[Unit] = []
        for one in (part for whole in unit.emitted for part in self.apart(whole)):
            units = self.as_sql(one, unit)
            if isinstance(units, str):
                return units
            made += units
        first = made[0].node
        spoken = [cst.EmptyLine(comment=cst.Comment(text)) for text in _inner_comments(node)]
        made[0] = replace(made[0], node=led(first, (*node.leading_lines, *spoken)))
        return made

    def apart(self, whole: Emitted) -> tuple[Emitted, ...]:
        """The parts of *whole*, when it is one to be changed."""
        return self.parts(whole) if whole.codes else (whole,)

    def as_sql(self, one: Emitted, unit: Unit) -> list[Unit] | str:
        """*one* as ``op.execute``, in its online form where it needs one."""
        if not one.codes:
            return [_as_text(one, unit)]
        found: Recipe | str = recipe(one, major=self.major, named=self.named)
        if isinstance(found, str):
            return found
        main = found.form.main if _is_column(one) else None
        steps = [(text, step_apart(text, unit.line, (one,))) for text in found.form.statements]
        made = [
            replace(step, outside=True, apart=text != main, queued=step.queued and text != main)
            for text, step in steps
        ]
        return [*made, *self.later(found, one, unit)]

    def later(self, found: Recipe, one: Emitted, unit: Unit) -> list[Unit]:
        """What *found* leaves for the next deployment."""
        made = [step_apart(text, unit.line, (one,)) for text in found.later]
        if made:
            spoken = cst.EmptyLine(comment=cst.Comment(DEPLOYED))
            node = led(made[0].node, [spoken])
            made[0] = replace(made[0], node=node, begins=found.undone)
        return made


def _lasts(one: Emitted) -> bool:
    return lasts(one.step.statement)


def _is_column(one: Emitted) -> bool:
    """Whether *one* adds a column, which needs no block of its own."""
    actions = getattr(one.step.statement, "actions", ())
    return any(isinstance(action, AddColumn) for action in actions)


def _as_text(one: Emitted, unit: Unit) -> Unit:
    """*one* as ``op.execute``, in a form that may run again where there is one."""
    text = may_run_again(one.step.sql)
    lasting = any(lasts(parsed.statement) for parsed in parse(text))
    return Unit(calls.executing(text), unit.line, outside=True, lasting=lasting, emitted=(one,))


def _inner_comments(node: cst.SimpleStatementLine) -> Iterator[str]:
    yield from comments(node.with_changes(leading_lines=[]))


def _with_body(node: cst.With, body: Sequence[Any]) -> cst.With:
    assert isinstance(node.body, cst.IndentedBlock)
    return node.with_changes(body=node.body.with_changes(body=list(body)))
