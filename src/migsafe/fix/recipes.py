"""From one statement as it is emitted to the statements that do the same online."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from migsafe.effects.not_null import is_proven
from migsafe.fix.emitted import Emitted
from migsafe.names import Name, quote_ident
from migsafe.sql.ast import (
    AddColumn,
    AddConstraint,
    AddEnumValue,
    AlterTable,
    ColumnDef,
    ConstraintDef,
    ConstraintKind,
    CreateIndex,
    Drop,
    ObjectKind,
    SetNotNull,
)
from migsafe.sql.online import (
    OnlineForm,
    column_alone,
    column_filled,
    constraint_dropped,
    index_built,
    index_dropped,
    key_added,
    may_run_again,
    not_null_set,
    validated_later,
)

_FAILING = frozenset(("MS401", "MS402", "MS404"))
_KEYS = (ConstraintKind.UNIQUE, ConstraintKind.PRIMARY_KEY)
_LATER = (ConstraintKind.FOREIGN_KEY, ConstraintKind.CHECK)


@dataclass(frozen=True)
class Recipe:
    """The online form of a statement.

    *keywords* make the author's call the main statement; None when there is no such call.
    *later* are for the next deployment, and *undone* what a downgrade takes back of them.
    """

    form: OnlineForm
    keywords: Mapping[str, str] | None = field(default=None)
    later: tuple[str, ...] = ()
    undone: str | None = None


def recipe(one: Emitted, *, major: int, named: bool) -> Recipe | str:
    """The safe form of *one*, or why there is none.

    *major* is the oldest server; *named* says whether the project's naming convention is known.
    """
    if not named and _is_named_by_convention(one):
        return "the naming convention of the project could not be read"
    if one.effects.fails and one.effects.fails.certain and not one.codes & _FAILING:
        return f"it fails: {one.effects.fails.why}"
    statement = one.step.statement
    if isinstance(statement, CreateIndex):
        return _index(statement, one)
    if isinstance(statement, Drop) and statement.kind is ObjectKind.INDEX:
        return _index_drop(statement)
    if isinstance(statement, AddEnumValue):
        return _label(statement, one)
    if isinstance(statement, AlterTable) and len(statement.actions) == 1:
        return _altered(statement, one, major)
    if "MS404" in one.codes:
        return Recipe(OnlineForm(one.step.sql), {})
    return "there is no online form of this statement"


def _is_named_by_convention(one: Emitted) -> bool:
    """Whether a convention that cannot be read may give or change a name."""
    op = one.step.op
    if op is None or op.name == "execute":
        return False
    statement = one.step.statement
    if isinstance(statement, CreateIndex):
        return op.index_name is None
    names = [
        a.constraint for a in getattr(statement, "actions", ()) if isinstance(a, AddConstraint)
    ]
    return any(
        c.name is None or (c.kind is ConstraintKind.CHECK and not op.is_final) for c in names
    )


def _index(statement: CreateIndex, one: Emitted) -> Recipe | str:
    catalog = one.context.catalog
    table = catalog.table(statement.table)
    if table is not None and catalog.partitions_of(table.name):
        return "an index of a partitioned table cannot be built concurrently"
    form = index_built(statement, one.step.sql)
    if form is None:
        return "the index has no name"
    return Recipe(form, {"postgresql_concurrently": "True"})


def _index_drop(statement: Drop) -> Recipe | str:
    if statement.cascade:
        return "DROP INDEX CONCURRENTLY knows no CASCADE"
    *before, last = [index_dropped(name) for name in statement.names]
    return Recipe(
        OnlineForm(last, tuple(before)), {"postgresql_concurrently": "True", "if_exists": "True"}
    )


def _label(statement: AddEnumValue, one: Emitted) -> Recipe | str:
    sql = one.step.sql
    if not statement.if_not_exists:
        head, marker, tail = _split(sql, "ADD VALUE")
        if not marker:
            return "the statement is not written as ADD VALUE"
        sql = f"{head}{marker} IF NOT EXISTS{tail}"
    return Recipe(OnlineForm(sql))


def _split(sql: str, words: str) -> tuple[str, str, str]:
    position = sql.upper().find(words)
    if position < 0:
        return sql, "", ""
    end = position + len(words)
    return sql[:position], sql[position:end], sql[end:]


def _altered(statement: AlterTable, one: Emitted, major: int) -> Recipe | str:
    (action,) = statement.actions
    table = statement.name
    found = one.context.catalog.table(table)
    if found is not None and one.context.catalog.partitions_of(found.name):
        return "a partitioned table needs it for each partition"
    if isinstance(action, SetNotNull):
        return Recipe(not_null_set(table, action.column, major=major), {})
    if isinstance(action, AddConstraint):
        return _constraint(action.constraint, table, one, major)
    if isinstance(action, AddColumn):
        return _column(action.column, table, one, major)
    if one.codes <= {"MS110", "MS404"}:
        return Recipe(OnlineForm(one.step.sql), {})
    return "there is no online form of this statement"


def _column(column: ColumnDef, table: Name, one: Emitted, major: int) -> Recipe | str:
    """A column whose value or NOT NULL comes after it."""
    if column.generated or column.serial or column.identity or column.type is None:
        return "the values of this column can only be made with it"
    texts: list[str] = []
    if "MS202" in one.codes:
        if column.default is None or one.context.catalog.domain(column.type.name):
            return "the values of this column can only be made with it"
        texts += column_filled(table, column.name, str(column.default))
    required = not_null_set(table, column.name, major=major).statements if column.not_null else ()
    main = may_run_again(column_alone(one.step.sql))
    if "MS401" in one.codes:
        nullable = f"ALTER TABLE {table} ALTER COLUMN {quote_ident(column.name)} DROP NOT NULL"
        return Recipe(OnlineForm(main), later=required, undone=nullable)
    return Recipe(OnlineForm(main, after=(*texts, *required)))


def _constraint(constraint: ConstraintDef, table: Name, one: Emitted, major: int) -> Recipe | str:
    name = constraint.name or chosen_name(constraint, one)
    if name is None:
        return "the name of the constraint is not known"
    if constraint.not_valid:
        return Recipe(OnlineForm(one.step.sql, (constraint_dropped(table, name),)), {})
    if constraint.kind in _LATER:
        keywords = {"postgresql_not_valid": "True"} if constraint.name else None
        return Recipe(validated_later(one.step.sql, table, name), keywords)
    if constraint.kind is ConstraintKind.NOT_NULL:
        return Recipe(not_null_set(table, constraint.columns[0], major=18))
    if constraint.kind not in _KEYS or constraint.using_index:
        return "there is no online form of this constraint"
    form = key_added(table, constraint, name)
    if form is None:
        return "USING INDEX takes no options of the index"
    if constraint.kind is ConstraintKind.PRIMARY_KEY:
        form = OnlineForm(form.main, (*_required(constraint, table, one, major), *form.before))
    return Recipe(form)


def _required(constraint: ConstraintDef, table: Name, one: Emitted, major: int) -> tuple[str, ...]:
    """What makes the columns of a primary key NOT NULL before."""
    found = one.context.catalog.table(table)
    nullable = [
        name
        for name in constraint.columns
        if found is None or not ((c := found.column(name)) and c.not_null)
    ]
    texts: list[str] = []
    for column in nullable:
        if found is not None and is_proven(found, column):
            continue
        texts += not_null_set(table, column, major=major).statements
    return tuple(texts)


def chosen_name(constraint: ConstraintDef, one: Emitted) -> str | None:
    """The name that PostgreSQL gives to a constraint without one."""
    before = one.context.catalog.table(one.step.statement.name)  # type: ignore[attr-defined]
    if before is None:
        return None
    after = one.context.after.tables.get(before.name)
    known = {c.name for c in before.constraints}
    kind = constraint.kind.name
    names = [
        c.name
        for c in (after.constraints if after else ())
        if c.name not in known and c.kind.name == kind
    ]
    return names[0] if len(names) == 1 else None
