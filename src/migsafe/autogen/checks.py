"""`migsafe.checks`: CHECK constraints are compared by what they say, unnamed ones too."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import sqlalchemy as sa
from alembic.autogenerate.render import renderers
from alembic.operations import ops
from alembic.util.sqla_compat import _get_constraint_final_name
from sqlalchemy.sql.elements import conv

from migsafe.autogen.canonical import Expression, Reading
from migsafe.autogen.clones import Sides
from migsafe.autogen.creation import constraint_body, validated
from migsafe.autogen.expressions import Texts, read
from migsafe.autogen.found import Found, found, notice, wanted_tables
from migsafe.autogen.info import said
from migsafe.autogen.naming import comment_with, rename_constraint
from migsafe.autogen.operations import DropConstraintSqlOp, SqlOp, constraint_sql, text_sql
from migsafe.autogen.placing import operations_on
from migsafe.autogen.readable import readable
from migsafe.autogen.rendering import render_check
from migsafe.autogen.wanted import sql_text
from migsafe.catalog import Constraint, ConstraintKind, Table
from migsafe.names import Name

if TYPE_CHECKING:
    from alembic.autogenerate.api import AutogenContext


renderers.dispatch_for(ops.CreateCheckConstraintOp, replace=True)(render_check)


@dataclass(frozen=True)
class Wanted:
    """A CHECK of the metadata; *name* is None where PostgreSQL chooses it."""

    name: str | None
    text: str
    constraint: sa.CheckConstraint


def compare(context: AutogenContext, upgrade_ops: ops.UpgradeOps) -> None:
    """Add the operations on CHECK constraints of tables that exist."""
    state = found(context)
    tables = [(t, live) for t in wanted_tables(context) if (live := state.table(t)) is not None]
    work = []
    for table, live in tables:
        wanted = list(wanted_checks(table, state))
        there = {c.name: c for c in live.constraints_of(ConstraintKind.CHECK) if c.local}
        if wanted or there:
            work.append((_sides(table, live, wanted, there), wanted, there))
    for (sides, wanted, there), texts in zip(
        work, read(context, [sides for sides, _, _ in work]), strict=True
    ):
        names = frozenset(check.name for check in wanted if check.name is not None)
        name = sides.found.name
        _Comparison(context, state, upgrade_ops, sides.table, name, there, texts, names).run(wanted)


def wanted_checks(table: sa.Table, state: Found) -> Iterator[Wanted]:
    """Yield the CHECKs that `CREATE TABLE` would write, those of columns and types too."""
    compiler = state.dialect.ddl_compiler(state.dialect, None)  # type: ignore[arg-type]
    held = [*table.constraints, *(c for column in table.columns for c in column.constraints)]
    seen = []
    for constraint in held:
        if not isinstance(constraint, sa.CheckConstraint) or constraint in seen:
            continue
        seen.append(constraint)
        if not constraint._should_create_for_compiler(compiler):
            continue
        name = _get_constraint_final_name(constraint, state.dialect)
        text = f"CHECK ({sql_text(constraint.sqltext, state.dialect)})"
        yield Wanted(None if name is None else str(name), text, constraint)


def _sides(
    table: sa.Table, live: Table, wanted: list[Wanted], there: dict[str, Constraint]
) -> Sides:
    return Sides(
        table,
        live,
        {str(n): Expression("check", check.text) for n, check in enumerate(wanted)},
        {name: Expression("check", f"CHECK ({c.expression})") for name, c in there.items()},
    )


@dataclass(frozen=True)
class _Comparison:
    """The CHECKs of one table."""

    context: AutogenContext
    state: Found
    upgrade_ops: ops.UpgradeOps
    table: sa.Table
    live: Name
    there: dict[str, Constraint]
    texts: Texts
    names: frozenset[str]

    def run(self, wanted: list[Wanted]) -> None:
        """Change the operations on the table."""
        container = operations_on(self.upgrade_ops, self.table)
        container.ops[:] = [op for op in container.ops if not _is_check(op)]
        left = dict(self.there)
        unmatched: list[tuple[Wanted, Reading]] = []
        certain = True
        for n, check in sorted(enumerate(wanted), key=lambda item: item[1].name is None):
            reading = self.texts.wanted[str(n)]
            match = self._match(check, reading, left)
            if match is not None:
                self._adjust(container, check, left.pop(match))
                continue
            if reading.text is None:
                self._unknown(check, reading)
                certain = certain and check.name is not None
                left.pop(check.name or "", None)
                continue
            unmatched.append((check, reading))
        dropped = [self.there[name] for name in left if certain or not name.endswith("_check")]
        missing: list[tuple[str, Wanted]] = []
        taken = set(self.there) - {old.name for old in dropped}
        for check, reading in unmatched:
            missing.append((check.name or self._chosen(reading, taken), check))
            taken.add(missing[-1][0])
        self._write(container, dropped, missing)
        if not container.ops:
            self.upgrade_ops.ops.remove(container)

    def _match(self, check: Wanted, reading: Reading, left: dict[str, Constraint]) -> str | None:
        if reading.text is None:
            return None
        names = [check.name] if check.name in left else sorted(left)
        taken = self.names if check.name is not None else frozenset[str]()
        for name in names:
            enforced = self.there[name].enforced == (
                said(check.constraint, "enforced") is not False
            )
            same = enforced and self.texts.live[name].text == reading.text
            if same and (name == check.name or name not in taken):
                return name
        return None

    def _adjust(self, container: ops.ModifyTableOps, check: Wanted, old: Constraint) -> None:
        """Change what can be changed without dropping the constraint."""
        new = replace(old, name=check.name or old.name, comment=check.constraint.comment)
        container.ops += rename_constraint(self.state.written(self.live), old, new)
        old = replace(old, name=new.name)
        stays = check.constraint.dialect_options["postgresql"]["not_valid"]
        if not old.validated and old.enforced and not stays:
            container.ops.append(validated(self.state.written(self.live), old))

    def _unknown(self, check: Wanted, reading: Reading) -> None:
        notice(
            f"{check.name or check.text} on {self.table.fullname} is not compared: "
            f"PostgreSQL cannot read it ({reading.error})"
        )

    def _chosen(self, reading: Reading, taken: set[str]) -> str:
        """The name PostgreSQL gives an unnamed constraint, made unique as it does."""
        name = reading.name or f"{self.table.name}_check"
        number = 0
        while (chosen := name + (str(number) if number else "")) in taken:
            number += 1
        return chosen

    def _write(
        self,
        container: ops.ModifyTableOps,
        dropped: list[Constraint],
        missing: list[tuple[str, Wanted]],
    ) -> None:
        table = self.state.written(self.live)
        drops: list[ops.MigrateOperation] = []
        for old in dropped:
            constraint = self._restored(old)
            if self.context.run_object_filters(
                constraint, old.name, "check_constraint", True, None
            ):
                drops += comment_with(table, old, up=False)
                drops.append(self._dropped(old, constraint))
        creates: list[ops.MigrateOperation] = []
        for name, check in missing:
            if self.context.run_object_filters(
                check.constraint, name, "check_constraint", False, None
            ):
                creates.append(self._created(name, check))
                new = Constraint(name, ConstraintKind.CHECK, comment=check.constraint.comment)
                creates += comment_with(table, new, up=True)
        container.ops[:] = [*drops, *container.ops, *creates]

    def _dropped(self, old: Constraint, constraint: sa.CheckConstraint) -> ops.MigrateOperation:
        if old.validated and old.enforced and not old.no_inherit:
            return ops.DropConstraintOp.from_constraint(constraint)
        table = self.state.written(self.live)  # Alembic has no word for such a one.
        return DropConstraintSqlOp(table, old.name, constraint_body(old, None))

    def _created(self, name: str, check: Wanted) -> ops.MigrateOperation:
        if said(check.constraint, "enforced") is False:  # Alembic has no word for it.
            table, body = self.state.written(self.live), f"{check.text} NOT ENFORCED"
            up, down = (constraint_sql(table, name, text) for text in (body, None))
            return SqlOp(f"add {name}", [up], [down])
        text = sa.text(text_sql(sql_text(check.constraint.sqltext, self.state.dialect)))
        return ops.CreateCheckConstraintOp(
            conv(name), self.table.name, text, schema=self.table.schema
        )

    def _restored(self, old: Constraint) -> sa.CheckConstraint:
        owner = sa.Table(self.table.name, sa.MetaData(), schema=self.table.schema)
        constraint = sa.CheckConstraint(
            sa.text(text_sql(readable(old.expression or ""))), name=conv(old.name)
        )
        owner.append_constraint(constraint)
        return constraint


def _is_check(op: ops.MigrateOperation) -> bool:
    return isinstance(op, ops.CreateCheckConstraintOp) or (
        isinstance(op, ops.DropConstraintOp) and op.constraint_type == "check"
    )
