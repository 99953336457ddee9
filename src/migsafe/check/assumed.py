"""What a history uses but has not created: it is there, from before or from elsewhere."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import islice

from migsafe.capture.model import History, Migration, Step
from migsafe.catalog import Catalog, Column, Enum, Index, Schema, Table
from migsafe.fold.once import changed
from migsafe.names import Name
from migsafe.pgtypes import TypeRef
from migsafe.rule.later import comes_back
from migsafe.session import Session
from migsafe.sql import ast, needed, parse
from migsafe.values import replace

_REASON = "this history does not create "
_DOUBTFUL = ("error", "import", "timeout")
_SYSTEM = ("pg_catalog", "information_schema")
_ENUM_VALUES = (ast.AddEnumValue, ast.RenameEnumValue)
_KINDS = ("tables", "views", "indexes", "sequences", "types")


class Assumptions:
    """Which objects a history has known so far; adds those that it takes for given.

    An upgrade that has run anywhere found its tables. So a table that no revision has created, and
    none has dropped, is taken to exist with columns and rows that are not known; so is a schema
    that no revision creates, as env.py or an administrator often does. Of other objects the catalog
    says that it may lack some.
    """

    def __init__(self, history: History, *, known: frozenset[Name] = frozenset()):
        self._known: dict[Name, None] = dict.fromkeys(known)
        self._noted: tuple[object, ...] = ()
        statements = [step.statement for m in history.migrations for step in m.upgrade]
        self._made = {s.name for s in statements if isinstance(s, ast.CreateSchema)}
        # A history that creates no table did not start from nothing.
        self.starts_empty = any(
            isinstance(s, ast.CreateTable | ast.CreateTableAs) for s in statements
        )

    @property
    def known(self) -> frozenset[Name]:
        """What has existed so far."""
        return frozenset(self._known)

    @property
    def extent(self) -> int:
        """How much has existed so far; it only ever grows."""
        return len(self._known)

    def since(self, extent: int) -> tuple[Name, ...]:
        """What has existed since *extent* was all."""
        return tuple(islice(reversed(self._known), len(self._known) - extent))

    def add(self, names: Iterable[Name]) -> None:
        """Remember *names* of what has existed."""
        self._known.update(dict.fromkeys(names))

    @staticmethod
    def is_reason(unknown: str) -> bool:
        """Whether *unknown* says no more than that an object was made elsewhere."""
        return _REASON in unknown

    def note(self, catalog: Catalog) -> None:
        """Remember what exists, so that its absence later on is no reason to assume it."""
        kinds = tuple(getattr(catalog, kind) for kind in _KINDS)
        for kind, noted in zip(kinds, self._noted or ((),) * len(kinds), strict=True):
            if kind is not noted:
                self.add(kind)
        self._noted = kinds

    def note_change(self, before: Catalog, statement: ast.Statement, after: Catalog) -> None:
        """The same behind *statement*: of *before* all is noted but what was taken for given."""
        if self._noted and after is before:
            return
        change = changed(before, statement)
        if not self._noted or change.after is not after:
            self.note(after)
            return
        for kind, keys in change.keys.items():
            if kind in _KINDS:
                there = getattr(after, kind)
                self._known.update([(key, None) for key in keys if key in there])

    def admit(self, session: Session, migration: Migration, direction: str) -> Session:
        """The session with the doubt that *migration* leaves, when it could not be read in full.

        What goes wrong in a downgrade leaves none about the upgrade.
        """
        directions = (None, "upgrade", direction)
        if not [p for p in migration.problems if p.kind in _DOUBTFUL and p.direction in directions]:
            return session
        reason = f"revision {migration.revision} could not be read in full"
        return replace(session, catalog=session.catalog.with_gap(reason))

    def complete(self, session: Session, step: Step, later: Sequence[Step]) -> Session:
        """The session with the objects that *step* takes for given.

        What IF EXISTS drops and a *later* step creates is a scratch table, not taken for given;
        another table is, as nobody would drop one that no database has.
        """
        catalog = self._with_schema(session.catalog, step)
        optional = bool(getattr(step.statement, "if_exists", False))
        if not (optional and self.starts_empty) or _drops_table(step):
            for written in needed.tables(step.statement):
                name = self._foreign(written, catalog)
                if name is not None and not (optional and comes_back(name, later)):
                    catalog = catalog.with_table(Table(name, unknown=f"{_REASON}{name.display()}"))
                    catalog = _with_gap(catalog, name)
            for written in needed.others(step.statement):
                name = self._foreign(written, catalog)
                if name is not None:
                    catalog = _with_index(_with_gap(catalog, name), name, step)
            catalog = self._with_enum(catalog, step)
        catalog = _with_existing_column(catalog, step)
        if catalog is session.catalog:
            return session
        self._noted = ()
        return replace(session, catalog=catalog)

    def _with_schema(self, catalog: Catalog, step: Step) -> Catalog:
        """*catalog* with the schema that *step* puts something into, if no revision creates it."""
        statement = step.statement
        name = getattr(statement, "name", None)
        schema = name.schema if isinstance(name, Name) else None
        if isinstance(statement, ast.SetSchema):
            schema = statement.schema
        if schema is None or schema in (*catalog.schemas, *self._made, *_SYSTEM, "pg_temp"):
            return catalog
        if isinstance(statement, ast.Drop):
            return catalog
        return catalog.having("schemas", schema, Schema(schema))

    def _foreign(self, written: Name, catalog: Catalog) -> Name | None:
        """The full name of what is not there, and has never been in this history."""
        name = catalog.qualify(written)
        if name in self._known or name.schema in _SYSTEM or name.name.startswith("pg_"):
            return None
        there = catalog.relation(written) is not None or catalog.type(written) is not None
        return None if there else name

    def _with_enum(self, catalog: Catalog, step: Step) -> Catalog:
        """*catalog* with the enum that *step* changes, whose other values are not known."""
        statement = step.statement
        if not isinstance(statement, _ENUM_VALUES):
            return catalog
        name = self._foreign(statement.type, catalog)
        if name is None:
            return catalog
        given = [getattr(statement, "before", None), getattr(statement, "after", None)]
        if isinstance(statement, ast.RenameEnumValue):
            given.append(statement.value)
        labels = tuple(label for label in given if label)
        return _with_gap(catalog.having("types", name, Enum(name, labels)), name)


def _drops_table(step: Step) -> bool:
    return isinstance(step.statement, ast.Drop) and step.statement.kind is ast.ObjectKind.TABLE


def _with_gap(catalog: Catalog, name: Name) -> Catalog:
    return catalog.with_gap(f"{_REASON}{name.display()}")


def _with_index(catalog: Catalog, name: Name, step: Step) -> Catalog:
    """*catalog* with the index *name*, when an operation says whose it is."""
    table = step.op.table_name if step.op else None
    if table is None or not isinstance(step.statement, ast.Drop):
        return catalog
    owner = Name(name.schema, table)
    if owner not in catalog.tables:
        catalog = catalog.with_table(Table(owner, unknown=f"{_REASON}{owner.display()}"))
    return catalog.with_index(Index(name, owner, ()))


def _with_existing_column(catalog: Catalog, step: Step) -> Catalog:
    """*catalog* with what ``existing_type=`` says about a column that nobody has described."""
    op = step.op
    statement = step.statement
    if op is None or op.existing_type is None or op.column_name is None:
        return catalog
    if not isinstance(statement, ast.AlterTable):
        return catalog
    table = catalog.table(statement.name)
    found = table.column(op.column_name) if table else None
    if table is None or (found is None and not table.unknown):
        return catalog
    if found is not None and _is_known(found.type, catalog):
        return catalog
    type_ = _type_ref(op.existing_type)
    if type_ is None:
        return catalog
    if found is None:
        found = Column(op.column_name, type_, not_null=op.existing_nullable is False)
    return catalog.with_table(table.with_column(replace(found, type=type_)))


def _is_known(type_: TypeRef, catalog: Catalog) -> bool:
    return type_.is_builtin or catalog.type(type_.name) is not None


def _type_ref(text: str) -> TypeRef | None:
    """The type that PostgreSQL writes as *text*, None when that is none."""
    found = parse(f"ALTER TABLE t ADD COLUMN c {text}")
    for action in getattr(found[0].statement, "actions", ()) if found else ():
        if isinstance(action, ast.AddColumn):
            return action.column.type
    return None
