"""The schema objects that are neither tables nor hang on one."""

from __future__ import annotations

from collections.abc import Hashable
from typing import TYPE_CHECKING

from migsafe.catalog.attached import Options, Rule, Trigger
from migsafe.names import Name
from migsafe.pgtypes import TypeRef
from migsafe.values import dataclass, kept_of

if TYPE_CHECKING:
    from migsafe.catalog.table import Column


@dataclass(frozen=True)
class Schema:
    """A schema (namespace).

    In all objects *acl* is empty while the privileges are those of a new object of the same owner,
    else the sorted items as PostgreSQL writes them; the single item ``=`` stands for no privileges
    at all.
    """

    name: str
    owner: str | None = None
    acl: tuple[str, ...] = ()
    comment: str | None = None


@dataclass(frozen=True)
class Enum:
    """An enumerated type; *labels* in sort order."""

    name: Name
    labels: tuple[str, ...]
    owner: str | None = None
    acl: tuple[str, ...] = ()
    comment: str | None = None


@dataclass(frozen=True)
class DomainConstraint:
    """A CHECK of a domain."""

    name: str
    expression: str
    validated: bool = True
    comment: str | None = None


@dataclass(frozen=True)
class Domain:
    """A domain over *base*."""

    name: Name
    base: TypeRef
    not_null: bool = False
    default: str | None = None
    collation: Name | None = None
    constraints: tuple[DomainConstraint, ...] = ()
    owner: str | None = None
    acl: tuple[str, ...] = ()
    comment: str | None = None


@dataclass(frozen=True)
class Composite:
    """A stand-alone composite type; *attributes* are (name, type, collation)."""

    name: Name
    attributes: tuple[tuple[str, TypeRef, Name | None], ...]
    owner: str | None = None
    acl: tuple[str, ...] = ()
    comment: str | None = None
    attribute_comments: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Range:
    """A range type and its multirange."""

    name: Name
    subtype: TypeRef
    opclass: str | None = None
    collation: Name | None = None
    canonical: str | None = None
    subtype_diff: str | None = None
    multirange: str | None = None
    owner: str | None = None
    acl: tuple[str, ...] = ()
    comment: str | None = None


Type = Enum | Domain | Composite | Range


@dataclass(frozen=True)
class Sequence:
    """A sequence; *owned_by* is (table, column), *identity* is set for GENERATED … AS IDENTITY."""

    name: Name
    type: TypeRef
    start: int = 1
    increment: int = 1
    minimum: int = 1
    maximum: int = 2**63 - 1
    cache: int = 1
    cycle: bool = False
    owned_by: tuple[Name, str] | None = None
    identity: bool = False
    persistence: str = "p"
    owner: str | None = None
    acl: tuple[str, ...] = ()
    comment: str | None = None

    @property
    def marks(self) -> frozenset[Hashable]:
        """What it is looked up by: the table that owns it."""
        return frozenset(() if self.owned_by is None else (self.owned_by[0],))


@dataclass(frozen=True)
class View:
    """A view or materialised view.

    *columns* are (name, type); *uses* are the (relation, column) pairs it depends on, with None for
    a relation as a whole; *definition* is ``pg_get_viewdef()``; *access_method* is None for a plain
    view. *details* are the columns of which more is known than name and type: a default, a comment,
    privileges, for a materialised view storage settings.
    """

    name: Name
    definition: str
    columns: tuple[tuple[str, TypeRef], ...] = ()
    uses: frozenset[tuple[Name, str | None]] = frozenset()
    materialized: bool = False
    populated: bool = True
    options: Options = ()
    access_method: str | None = None
    tablespace: str | None = None
    triggers: tuple[Trigger, ...] = ()
    rules: tuple[Rule, ...] = ()
    owner: str | None = None
    acl: tuple[str, ...] = ()
    comment: str | None = None
    details: tuple[Column, ...] = ()

    @kept_of("uses")
    def marks(self) -> frozenset[Hashable]:
        """What it is looked up by: the relations it reads."""
        return frozenset(relation for relation, _ in self.uses)


@dataclass(frozen=True)
class Function:
    """A function, procedure or aggregate; identified by *name* and *arguments*.

    *arguments* are the input types as `pg_get_function_identity_arguments()` without names;
    *definition* is ``pg_get_functiondef()``; *uses* relations a SQL-standard body depends on.
    """

    name: Name
    arguments: tuple[str, ...] = ()
    kind: str = "f"  # pg_proc.prokind
    returns: str | None = None
    language: str = "sql"
    volatility: str = "v"  # pg_proc.provolatile
    body: str | None = None
    definition: str | None = None
    uses: frozenset[tuple[Name, str | None]] = frozenset()
    owner: str | None = None
    acl: tuple[str, ...] = ()
    comment: str | None = None

    @kept_of("arguments", "returns")
    def signature(self) -> str:
        """The types it takes and returns, as one text."""
        return "\n".join([*self.arguments, self.returns or ""])


@dataclass(frozen=True)
class Extension:
    """An installed extension; objects that belong to it are not listed by themselves."""

    name: str
    schema: str
    version: str | None = None
    comment: str | None = None


@dataclass(frozen=True)
class PublicationTable:
    """One table of a publication."""

    table: Name
    columns: tuple[str, ...] = ()
    where: str | None = None


@dataclass(frozen=True)
class Publication:
    """A publication for logical replication."""

    name: str
    all_tables: bool = False
    tables: tuple[PublicationTable, ...] = ()
    schemas: tuple[str, ...] = ()
    operations: tuple[str, ...] = ("insert", "update", "delete", "truncate")
    via_root: bool = False
    owner: str | None = None
    comment: str | None = None
    generated_columns: str = "n"  # pg_publication.pubgencols, since PostgreSQL 18


@dataclass(frozen=True)
class Statistics:
    """Extended statistics (CREATE STATISTICS); *columns* and *kinds* in alphabetical order.

    *kinds* are of dependencies, mcv and ndistinct.
    """

    name: Name
    table: Name
    columns: tuple[str, ...] = ()
    expressions: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    target: int | None = None
    owner: str | None = None
    comment: str | None = None


@dataclass(frozen=True)
class Collation:
    """A collation of the user's."""

    name: Name
    provider: str
    deterministic: bool = True
    locale: str | None = None
    rules: str | None = None
    owner: str | None = None
    comment: str | None = None


@dataclass(frozen=True)
class Other:
    """An object of a rare class (cast, operator, text search configuration, event trigger, …)."""

    kind: str
    identity: str
    attributes: Options = ()
