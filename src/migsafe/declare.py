"""Database objects that SQLAlchemy has no word for, attached to a MetaData for autogenerate.

A model module imports this in production: it needs nothing but the standard library, and an object
is the text of its own DDL. `migsafe.objects`, a part of the plugin, compares what is declared here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

INFO = "migsafe"


@dataclass(frozen=True)
class Schema:
    """`CREATE SCHEMA name`."""

    name: str
    comment: str | None = None


@dataclass(frozen=True)
class Extension:
    """`CREATE EXTENSION name`; *schema* counts only when the extension is created."""

    name: str
    schema: str | None = None


@dataclass(frozen=True)
class Domain:
    """`CREATE DOMAIN schema.name AS definition`: `Domain("email", "text CHECK (VALUE ~ '@')")`."""

    name: str
    definition: str
    schema: str | None = None
    comment: str | None = None


@dataclass(frozen=True)
class Function:
    """`CREATE FUNCTION schema.signature definition`.

    *signature* is the name, quoted where SQL needs it, with the arguments: `total(integer)`. Every
    overload is a Function of its own.
    """

    signature: str
    definition: str
    schema: str | None = None
    comment: str | None = None


@dataclass(frozen=True)
class Procedure(Function):
    """`CREATE PROCEDURE schema.signature definition`."""


@dataclass(frozen=True)
class View:
    """`CREATE VIEW schema.name WITH (options) AS query`."""

    name: str
    query: str
    schema: str | None = None
    comment: str | None = None
    options: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Index:
    """`CREATE INDEX name ON … definition`: `Index("by_day", "(day)", unique=True)`."""

    name: str
    definition: str
    unique: bool = False


@dataclass(frozen=True)
class MaterializedView:
    """`CREATE MATERIALIZED VIEW schema.name AS query`, with its indexes."""

    name: str
    query: str
    schema: str | None = None
    comment: str | None = None
    indexes: tuple[Index, ...] = ()


@dataclass(frozen=True)
class Trigger:
    """`CREATE TRIGGER name event ON schema.table action`.

    `Trigger("touch", "users", "BEFORE UPDATE", "FOR EACH ROW EXECUTE FUNCTION touch()")`; *table*
    may be a view, for `INSTEAD OF`.
    """

    name: str
    table: str
    event: str
    action: str
    schema: str | None = None
    comment: str | None = None
    constraint: bool = False


@dataclass(frozen=True)
class Policy:
    """`CREATE POLICY name ON schema.table definition`.

    `Policy("own", "orders", "FOR SELECT USING (owner = current_user)")`. That the table has row
    security is said by its `info={"migsafe": {"row_security": True}}`.
    """

    name: str
    table: str
    definition: str
    schema: str | None = None
    comment: str | None = None


@dataclass(frozen=True)
class Statistics:
    """`CREATE STATISTICS schema.name definition FROM schema.table`.

    `Statistics("city_zip", "addresses", "(dependencies) ON city, zip")`.
    """

    name: str
    table: str
    definition: str
    schema: str | None = None
    comment: str | None = None


Declared = (
    Schema
    | Extension
    | Domain
    | Function
    | Procedure
    | View
    | MaterializedView
    | Trigger
    | Policy
    | Statistics
)
KINDS: tuple[type[Any], ...] = (
    Schema,
    Extension,
    Domain,
    Function,
    Procedure,
    View,
    MaterializedView,
    Trigger,
    Policy,
    Statistics,
)


@dataclass(frozen=True)
class Objects:
    """What a MetaData declares, and the kinds of which it declares all."""

    declared: tuple[Declared, ...] = ()
    owned: tuple[type[Any], ...] = ()


def objects(metadata: Any, *declared: Declared, owned: Iterable[type[Any]] = ()) -> None:
    """Attach *declared* to *metadata* (an SQLAlchemy MetaData), besides those it has already.

    What is not declared is left alone, unless its kind is *owned* (`owned=[View, Function]`): then
    autogenerate drops what the database has of that kind in the schemas of the metadata. Raises
    TypeError for what is no object, ValueError for two objects of one name.
    """
    kinds = tuple(owned)
    for item in declared:
        if type(item) not in KINDS:
            raise TypeError(f"{item!r} cannot be declared; expected a View, Function, … of declare")
    for kind in kinds:
        if kind not in KINDS:
            raise TypeError(f"{kind!r} cannot be owned; expected View, Function, … of declare")
    before = of(metadata)
    everything = (*before.declared, *declared)
    _refuse_twins(everything)
    said = dict(metadata.info.get(INFO, {}))
    said["objects"] = Objects(everything, tuple(dict.fromkeys((*before.owned, *kinds))))
    metadata.info[INFO] = said


def of(metadata: Any) -> Objects:
    """Return what *metadata* declares."""
    found: Objects = metadata.info.get(INFO, {}).get("objects", Objects())
    return found


def _refuse_twins(declared: Iterable[Declared]) -> None:
    seen = set()
    for key in map(_key, declared):
        if key in seen:
            raise ValueError(f"{' '.join(filter(None, key))} is declared twice")
        seen.add(key)


def _key(item: Declared) -> tuple[str, ...]:
    return tuple(_parts(item))


def _parts(item: Any) -> Iterator[str]:
    kind = type(item).__name__.lower()
    yield {"procedure": "function", "materializedview": "view"}.get(kind, kind)
    yield getattr(item, "schema", None) or "" if kind != "extension" else ""
    if kind in ("trigger", "policy"):
        yield item.table
    yield getattr(item, "name", None) or item.signature
