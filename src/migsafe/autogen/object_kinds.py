"""Declared objects as SQL: the statements that make one, and what the catalog has for it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from migsafe import declare
from migsafe.autogen import creation, derived
from migsafe.catalog import Catalog, Domain, Extension, Function, Schema, Statistics, View
from migsafe.names import Name, quote_ident, quote_literal
from migsafe.values import replace

_SIGNATURE = re.compile(r'\s*(?P<name>"(?:[^"]|"")+"|[\w$]+)\s*(?P<arguments>\(.*)\Z', re.DOTALL)
_TEMPORARY = re.compile(r"\bpg_temp(?:_\d+)?\.")


@dataclass(frozen=True)
class Wanted:
    """A declared object; *name* is its own, for triggers and policies with the table's schema.

    *table* is what it hangs on, of triggers, policies and statistics.
    """

    item: Any
    name: Name
    table: Name | None = None

    @property
    def kind(self) -> str:
        """The words of its kind in SQL: "MATERIALIZED VIEW"."""
        return word(type(self.item))

    def display(self) -> str:
        """What a title or a message calls it: "view app.active"."""
        on = f" on {self.table.display()}" if self.table is not None else ""
        own = self.name.name if self.is_attached else self.name.display()
        return f"{self.kind.lower()} {own}{on}"

    @property
    def is_attached(self) -> bool:
        """Whether its name counts on its table only."""
        return isinstance(self.item, (declare.Trigger, declare.Policy))


def word(kind: type[Any]) -> str:
    """Return the words of a kind in SQL."""
    return "MATERIALIZED VIEW" if kind is declare.MaterializedView else kind.__name__.upper()


def wanted(item: Any, schema: str) -> Wanted:
    """Return *item* with its names, in *schema* where it says none."""
    if isinstance(item, (declare.Schema, declare.Extension)):
        return Wanted(item, Name(None, item.name))
    own = item.schema or schema
    table = Name(own, item.table) if hasattr(item, "table") else None
    if isinstance(item, declare.Function):
        return Wanted(item, Name(own, _signature(item)[0]), table)
    return Wanted(item, Name(own, item.name), table)


def _signature(item: declare.Function) -> tuple[str, str]:
    match = _SIGNATURE.match(item.signature)
    if match is None:
        raise ValueError(f"the signature {item.signature!r} is no name with arguments: total(int)")
    name = match["name"]
    plain = name[1:-1].replace('""', '"') if name.startswith('"') else name.lower()
    return plain, match["arguments"].strip()


def make(item: Any, name: Name, table: Name | None = None) -> Iterator[str]:
    """Yield the statements that create *item* as *name*, on *table*."""
    if isinstance(item, declare.Schema):
        yield f"CREATE SCHEMA IF NOT EXISTS {name}"
    elif isinstance(item, declare.Extension):
        place = f" SCHEMA {quote_ident(item.schema)}" if item.schema else ""
        yield f"CREATE EXTENSION IF NOT EXISTS {name}{place}"
    elif isinstance(item, declare.Domain):
        yield f"CREATE DOMAIN {name} AS {item.definition}"
    elif isinstance(item, declare.Function):
        text = item.definition.strip().rstrip(";")
        yield f"CREATE {word(type(item))} {name}{_signature(item)[1]} {text}"
    elif isinstance(item, declare.View):
        options = ", ".join(f"{key}={value}" for key, value in item.options)
        yield f"CREATE VIEW {name}{f' WITH ({options})' if options else ''} AS {_query(item)}"
    elif isinstance(item, declare.MaterializedView):
        yield f"CREATE MATERIALIZED VIEW {name} AS {_query(item)}"
        yield from (_index(index, quote_ident(index.name), name) for index in item.indexes)
    elif isinstance(item, declare.Statistics):
        yield f"CREATE STATISTICS {name} {item.definition} FROM {table}"
    else:
        yield _attached(item, table)


def _query(item: declare.View | declare.MaterializedView) -> str:
    return item.query.strip().rstrip(";")


def _index(index: declare.Index, name: str, table: Name) -> str:
    return f"CREATE {'UNIQUE ' * index.unique}INDEX {name} ON {table} {index.definition}"


def _attached(item: declare.Trigger | declare.Policy, table: Name | None) -> str:
    name = quote_ident(item.name)
    if isinstance(item, declare.Policy):
        return f"CREATE POLICY {name} ON {table} {item.definition}"
    constraint = "CONSTRAINT " * item.constraint
    return f"CREATE {constraint}TRIGGER {name} {item.event} ON {table} {item.action}"


def scratch(one: Wanted, number: int, *, on_view: bool = False) -> list[str]:
    """Return the statements that make a temporary copy of *one*, called after *number*.

    What hangs on a table hangs on an empty copy of it; *on_view* if that is a view.
    """
    own = stand_in(number)
    place = Name("pg_temp", own)
    if isinstance(one.item, declare.MaterializedView):
        rows = Name("pg_temp", f"{own}_rows")
        return [
            f"CREATE VIEW {place} AS {_query(one.item)}",
            f"CREATE TABLE {rows} AS SELECT * FROM {place} WITH NO DATA",
            *(_index(i, f"{own}_{n}", rows) for n, i in enumerate(one.item.indexes)),
        ]
    if one.table is None:
        return list(make(one.item, place))
    # Expressions may use the table's name, so the copy has it for as long as they are read.
    copy = Name("pg_temp", one.table.name)
    like = f"VIEW {copy} AS SELECT * FROM {one.table}"
    made = f"CREATE {like if on_view else f'TABLE {copy} (LIKE {one.table})'}"
    rename = f"ALTER {'VIEW' if on_view else 'TABLE'} {copy} RENAME TO {own}"
    return [made, *make(one.item, place, copy), rename]


def stand_in(number: int) -> str:
    """Return the name of the temporary copy of an object."""
    return f"migsafe_{number}"


def found_value(catalog: Catalog, one: Wanted, arguments: tuple[str, ...] | None = None) -> Any:
    """Return the catalog's value for *one*, or None; *arguments* of a function where known."""
    if isinstance(one.item, declare.Schema):
        return catalog.schemas.get(one.name.name)
    if isinstance(one.item, declare.Extension):
        return catalog.extensions.get(one.name.name)
    if isinstance(one.item, declare.Function):
        named = [f for (name, _), f in catalog.functions.items() if name == one.name]
        if arguments is None:
            return named[0] if len(named) == 1 else None
        return catalog.functions.get((one.name, arguments))
    if one.is_attached and one.table is not None:
        holder: Any = catalog.tables.get(one.table) or catalog.views.get(one.table)
        part = "triggers" if isinstance(one.item, declare.Trigger) else "policies"
        values = getattr(holder, part, ()) if holder is not None else ()
        return next((value for value in values if value.name == one.name.name), None)
    if isinstance(one.item, declare.Statistics):
        return catalog.statistics.get(one.name)
    if isinstance(one.item, declare.Domain):
        return catalog.domain(one.name)
    return catalog.views.get(one.name)


def copied_value(catalog: Catalog, one: Wanted, number: int) -> Any:
    """Return the value of the temporary copy of *one* under the name of *one*; None without."""
    own = stand_in(number)
    schema = next((n.schema for n in (*catalog.tables, *catalog.views) if n.name == own), None)
    if one.is_attached:
        copy = Wanted(one.item, one.name, Name(schema, own))
        return _renamed(found_value(catalog, copy), one, own)
    pools: tuple[Any, ...] = (catalog.views, catalog.types, catalog.statistics)
    values = [value for pool in pools for value in pool.values() if value.name.name == own]
    values += [f for f in catalog.functions.values() if f.name.name == own]
    return _renamed(values[0], one, own) if values else None


def _renamed(value: Any, one: Wanted, own: str) -> Any:
    """Return *value*, which a temporary object called *own* has given, as one of the real name."""
    if isinstance(value, Function):
        text = re.sub(
            _TEMPORARY.pattern + rf"{own}\(", lambda _: f"{one.name}(", value.definition or ""
        )
        return replace(value, name=one.name, definition=text)
    if isinstance(value, View):
        materialized = isinstance(one.item, declare.MaterializedView)
        return replace(value, name=one.name, materialized=materialized)
    if isinstance(value, Domain):
        checks = (replace(c, name=_own(c.name, one, own)) for c in value.constraints)
        return replace(value, name=one.name, constraints=tuple(checks))
    if isinstance(value, Statistics):
        return replace(value, name=one.name, table=one.table or value.table)
    return value


def _own(text: str, one: Wanted, own: str) -> str:
    return text.replace(own, one.name.name, 1)


def canonical(value: Any, one: Wanted, indexes: Any = (), own: str = "") -> tuple[str, ...]:
    """Return what *value* says in the server's words, less its owner, privileges and comment.

    *own* is the name of the temporary copy that it comes from.
    """
    plain = value
    if hasattr(value, "comment"):
        plain = replace(value, comment=None)
    if isinstance(value, View):
        bare = replace(plain, acl=(), details=(), triggers=(), rules=(), populated=True)
        indexes = tuple(replace(i, comment=None) for i in indexes)
        plain = replace(bare, options=tuple(sorted(bare.options)))
    elif hasattr(value, "acl"):
        plain = replace(plain, acl=())
    statements = created_again(plain, one, tuple(indexes))
    if not own or one.table is None:
        return tuple(statements)
    table = quote_ident(one.table.name)
    return tuple(re.sub(rf"\b{own}\b", lambda _: table, _TEMPORARY.sub("", s)) for s in statements)


def created_again(value: Any, one: Wanted, indexes: tuple[Any, ...] = ()) -> list[str]:
    """Return the statements that create the object *value* of the catalog exactly."""
    if isinstance(value, View):
        return list(creation.create_view(value, indexes))
    if isinstance(value, Function):
        return list(creation.create_function(value))
    if isinstance(value, Domain):
        return list(derived.create(value))
    if isinstance(value, Statistics):
        return list(_statistics(value))
    if isinstance(value, Extension):
        place = quote_ident(value.schema)
        return [f"CREATE EXTENSION IF NOT EXISTS {quote_ident(value.name)} SCHEMA {place}"]
    if isinstance(value, Schema):
        what = f"SCHEMA {quote_ident(value.name)}"
        granted = creation.granted(what, value.acl, value.owner)
        comment = creation.commented(what, value.comment)
        return [f"CREATE SCHEMA IF NOT EXISTS {quote_ident(value.name)}", *comment, *granted]
    assert one.table is not None
    if isinstance(one.item, declare.Policy):
        return list(creation.create_policy(value, one.table))
    return list(creation.create_trigger(value, one.table))


def _statistics(value: Statistics) -> Iterator[str]:
    kinds = f" ({', '.join(value.kinds)})" if value.kinds else ""
    keys = [quote_ident(c) for c in value.columns] + [f"({e})" for e in value.expressions]
    yield f"CREATE STATISTICS {value.name}{kinds} ON {', '.join(keys)} FROM {value.table}"
    if value.target is not None:
        yield f"ALTER STATISTICS {value.name} SET STATISTICS {value.target}"
    yield from creation.commented(f"STATISTICS {value.name}", value.comment)


def target(one: Wanted, value: Any = None) -> tuple[str, str]:
    """Return what COMMENT ON calls it: ("FUNCTION", "app.total(integer)")."""
    if one.is_attached:
        return one.kind, f"{quote_ident(one.name.name)} ON {one.table}"
    if isinstance(value, Function):
        kind = "PROCEDURE" if value.kind == "p" else "FUNCTION"
        return kind, f"{one.name}({', '.join(value.arguments)})"
    return one.kind, str(one.name)


def comment_on(one: Wanted, value: Any, comment: str | None) -> str:
    """Return the statement that sets the comment."""
    text = "NULL" if comment is None else quote_literal(comment)
    return f"COMMENT ON {' '.join(target(one, value))} IS {text}"


def drop(one: Wanted, value: Any = None) -> str:
    """Return the statement that drops the object, which may be gone already."""
    return "DROP {} IF EXISTS {}".format(*target(one, value))
