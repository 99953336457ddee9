"""Statements that make and change types: enums, domains, composites and ranges."""

from __future__ import annotations

from migsafe.names import Name
from migsafe.pgtypes import TypeRef
from migsafe.sql.parts import ColumnDef, ConstraintDef, Expression, Option, Statement
from migsafe.values import dataclass


@dataclass(frozen=True)
class CreateEnum(Statement):
    name: Name
    values: tuple[str, ...]


@dataclass(frozen=True)
class AddEnumValue(Statement):
    """ALTER TYPE … ADD VALUE, at the end unless *before* or *after* names a neighbour."""

    type: Name
    value: str
    before: str | None = None
    after: str | None = None
    if_not_exists: bool = False


@dataclass(frozen=True)
class RenameEnumValue(Statement):
    type: Name
    value: str
    new_value: str


@dataclass(frozen=True)
class CreateDomain(Statement):
    """CREATE DOMAIN; *not_null* is None when nothing was said."""

    name: Name
    type: TypeRef
    default: Expression | None = None
    not_null: bool | None = None
    collation: Name | None = None
    constraints: tuple[ConstraintDef, ...] = ()


@dataclass(frozen=True)
class AlterDomain(Statement):
    """ALTER DOMAIN; *action* is one of SET DEFAULT, DROP DEFAULT, SET NOT NULL, DROP NOT NULL,
    ADD CONSTRAINT, DROP CONSTRAINT, VALIDATE CONSTRAINT and says which of the others is filled."""

    name: Name
    action: str
    default: Expression | None = None
    constraint: ConstraintDef | None = None
    constraint_name: str | None = None
    if_exists: bool = False
    cascade: bool = False


@dataclass(frozen=True)
class CreateComposite(Statement):
    name: Name
    attributes: tuple[ColumnDef, ...]


@dataclass(frozen=True)
class CreateRange(Statement):
    """CREATE TYPE … AS RANGE; *subtype* and the multirange's name, None for the default."""

    name: Name
    subtype: TypeRef | None
    multirange: Name | None = None
    options: tuple[Option, ...] = ()
