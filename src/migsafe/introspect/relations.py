"""From rows to tables, views, sequences and what hangs on them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any

from migsafe.catalog import (
    Column,
    Constraint,
    ConstraintKind,
    Generated,
    Identity,
    Index,
    IndexKey,
    Policy,
    Rule,
    Sequence,
    Table,
    TableKind,
    Trigger,
    View,
)
from migsafe.names import Name
from migsafe.pgtypes import TypeRef

Row = Mapping[str, Any]
Rows = Mapping[str, list[Row]]
"""The rows that belong to one relation, by kind."""

_STORAGE = {"p": "PLAIN", "e": "EXTERNAL", "m": "MAIN", "x": "EXTENDED"}
_COMPRESSION = {"p": "pglz", "l": "lz4"}
_COMMANDS = {"*": "ALL", "r": "SELECT", "a": "INSERT", "w": "UPDATE", "d": "DELETE"}
# pg_trigger.h: TRIGGER_TYPE_*
_EVENTS = {4: "INSERT", 8: "DELETE", 16: "UPDATE", 32: "TRUNCATE"}
_ROW, _BEFORE, _INSTEAD = 1, 2, 64
_DESCENDING, _NULLS_FIRST = 1, 2  # pg_index.h: INDOPTION_*


@lru_cache(maxsize=1024)
def type_of(text: str) -> TypeRef:
    """The type that format_type() wrote; a schema has thousands of columns and few types."""
    return TypeRef.parse(text)


def name_of(pair: Any) -> Name:
    """The Name in a JSON array of schema and name."""
    return Name(pair[0], pair[1])


def name_or_none(pair: Any) -> Name | None:
    """As `name_of`, for what may be null."""
    return None if pair is None else Name(pair[0], pair[1])


def options_of(items: Iterable[str] | None) -> tuple[tuple[str, str], ...]:
    """Sorted pairs from ``name=value`` items."""
    pairs = (item.partition("=") for item in items or ())
    return tuple(sorted((name, value) for name, _, value in pairs))


def described(row: Row) -> dict[str, Any]:
    """Owner, privileges and comment, which most kinds of objects have."""
    return {"owner": row["owner"], "acl": tuple(row["acl"] or ()), "comment": row["comment"]}


def column(row: Row) -> Column:
    """A column of a table."""
    expression, generated = row["expression"], row["generated"]
    return Column(
        name=row["name"],
        type=type_of(row["type"]),
        not_null=row["not_null"],
        default=None if generated else expression,
        identity=Identity(row["identity"]) if row["identity"] else None,
        generated=Generated(expression, generated == "s") if generated else None,
        collation=name_or_none(row["collation"]),
        storage=_STORAGE.get(row["storage"]),
        compression=_COMPRESSION.get(row["compression"]),
        statistics_target=row["statistics_target"],
        options=options_of(row["options"]),
        inherited=row["inherited"],
        local=row["local"],
        acl=tuple(row["acl"] or ()),
        comment=row["comment"],
    )


def constraint(row: Row) -> Constraint:
    """A constraint of a table."""
    kind = ConstraintKind(row["kind"])
    columns = row["columns"] or ()
    foreign = kind is ConstraintKind.FOREIGN_KEY
    return Constraint(
        name=row["name"],
        kind=kind,
        columns=tuple(sorted(columns) if kind is ConstraintKind.CHECK else columns),
        expression=row["expression"],
        references=name_or_none(row["references"]),
        referenced_columns=tuple(row["referenced_columns"] or ()),
        match=row["match"] if foreign else "s",
        on_delete=row["on_delete"] if foreign else "a",
        on_delete_columns=tuple(row["on_delete_columns"] or ()),
        on_update=row["on_update"] if foreign else "a",
        operators=tuple(row["operators"] or ()),
        index=row["index"],
        comment=row["comment"],
        **{flag: row[flag] for flag in _CONSTRAINT_FLAGS},
    )


_CONSTRAINT_FLAGS = (
    *("deferrable", "deferred", "validated", "enforced", "no_inherit"),
    *("local", "inherited", "period"),
)


def index(row: Row, table: Name) -> Index:
    """An index of the relation *table*."""
    return Index(
        name=Name(row["schema"], row["name"]),
        table=table,
        keys=tuple(map(_key, row["keys"])),
        method=row["method"],
        unique=row["unique"],
        nulls_not_distinct=row["nulls_not_distinct"],
        include=tuple(row["include"] or ()),
        predicate=row["predicate"],
        options=options_of(row["options"]),
        tablespace=row["tablespace"],
        valid=row["valid"],
        clustered=row["clustered"],
        replica_identity=row["replica_identity"],
        constraint=row["constraint"],
        parent=name_or_none(row["parent"]),
        statistics_targets=tuple((n, target) for n, target in row["statistics_targets"] or ()),
        comment=row["comment"],
        attributes=tuple(row["attributes"]),
    )


def _key(row: Row) -> IndexKey:
    return IndexKey(
        column=row["column"],
        expression=row["expression"],
        collation=name_or_none(row["collation"]),
        opclass=name_or_none(row["opclass"]),
        opclass_options=options_of(row["options"]),
        descending=bool(row["order"] & _DESCENDING),
        nulls_first=bool(row["order"] & _NULLS_FIRST),
    )


def trigger(row: Row) -> Trigger:
    """A trigger of a table or view."""
    bits = row["bits"]
    timing = "BEFORE" if bits & _BEFORE else "INSTEAD OF" if bits & _INSTEAD else "AFTER"
    arguments = bytes.fromhex(row["arguments"]).split(b"\0")[:-1]
    return Trigger(
        name=row["name"],
        function=name_of(row["function"]),
        timing=timing,
        events=tuple(event for bit, event in _EVENTS.items() if bits & bit),
        row=bool(bits & _ROW),
        columns=tuple(row["columns"] or ()),
        when=_condition(row["definition"]),
        arguments=tuple(argument.decode(errors="replace") for argument in arguments),
        constraint=row["constraint"],
        deferrable=row["deferrable"],
        deferred=row["deferred"],
        referencing=(row["old_table"], row["new_table"]),
        enabled=row["enabled"],
        inherited=row["inherited"],
        references=name_or_none(row["references"]),
        comment=row["comment"],
    )


def _condition(definition: str | None) -> str | None:
    # A WHEN reads two rows, OLD and NEW, so pg_get_expr() refuses to print it alone.
    if definition is None:
        return None
    return definition.partition(" WHEN (")[2].rpartition(") EXECUTE FUNCTION ")[0]


def policy(row: Row) -> Policy:
    """A row security policy of a table."""
    return Policy(
        name=row["name"],
        command=_COMMANDS[row["command"]],
        permissive=row["permissive"],
        roles=tuple(sorted(row["roles"])),
        using=row["using"],
        check=row["check"],
        comment=row["comment"],
    )


def rule(row: Row) -> Rule:
    """A rewrite rule of a table or view."""
    return Rule(row["name"], row["definition"], row["enabled"], row["comment"])


def table(row: Row, rows: Rows) -> Table:
    """The table in *row*, with what *rows* hold of it."""
    parents = tuple(map(name_of, row["parents"] or ()))
    is_partition = row["is_partition"]
    return Table(
        name=Name(row["schema"], row["name"]),
        columns=tuple(map(column, rows.get("column", ()))),
        constraints=_sorted(map(constraint, rows.get("constraint", ()))),
        triggers=_sorted(map(trigger, rows.get("trigger", ()))),
        policies=_sorted(map(policy, rows.get("policy", ()))),
        rules=_sorted(map(rule, rows.get("rule", ()))),
        kind=TableKind(row["kind"]),
        options=options_of(row["options"]),
        toast_options=options_of(row["toast_options"]),
        of_type=name_or_none(row["of_type"]),
        inherits=() if is_partition else parents,
        partition_of=parents[0] if is_partition else None,
        detach_pending=is_partition and row["parents"][0][2],
        **{key: row[key] for key in _TABLE_KEYS},
        **described(row),
    )


_TABLE_KEYS = (
    *("persistence", "access_method", "tablespace", "row_security", "force_row_security"),
    *("replica_identity", "partition_key", "partition_bound", "server"),
)


def view(row: Row, rows: Rows) -> View:
    """The view or materialised view in *row*, with what *rows* hold of it."""
    uses = rows.get("use", ())
    columns = tuple(map(column, rows.get("column", ())))
    return View(
        name=Name(row["schema"], row["name"]),
        definition=row["definition"],
        columns=tuple((c.name, c.type) for c in columns),
        details=tuple(c for c in columns if c != Column(c.name, c.type)),
        uses=frozenset((Name(use["schema"], use["name"]), use["column"]) for use in uses),
        materialized=row["kind"] == "m",
        populated=row["populated"],
        options=options_of(row["options"]),
        access_method=row["access_method"],
        tablespace=row["tablespace"],
        triggers=_sorted(map(trigger, rows.get("trigger", ()))),
        rules=_sorted(map(rule, rows.get("rule", ()))),
        **described(row),
    )


def sequence(row: Row, rows: Rows) -> Sequence:
    """The sequence in *row*; its numbers are in *rows*."""
    numbers = rows["sequence"][0]
    owned = numbers["column"] is not None
    return Sequence(
        name=Name(row["schema"], row["name"]),
        type=type_of(numbers["type"]),
        owned_by=(name_of((numbers["schema"], numbers["name"])), numbers["column"])
        if owned
        else None,
        identity=bool(numbers["identity"]),
        persistence=row["persistence"],
        **{key: numbers[key] for key in _SEQUENCE_KEYS},
        **described(row),
    )


_SEQUENCE_KEYS = ("start", "increment", "minimum", "maximum", "cache", "cycle")


def _sorted(found: Iterable[Any]) -> tuple[Any, ...]:
    return tuple(sorted(found, key=lambda part: str(part.name)))
