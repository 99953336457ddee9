"""Differences between catalogs in plain words."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from enum import Enum as PyEnum
from typing import Any

from migsafe.catalog.attached import IndexKey
from migsafe.catalog.objects import DomainConstraint, PublicationTable
from migsafe.catalog.table import Column, Generated
from migsafe.names import Name, quote_ident, quote_literal
from migsafe.pgtypes import TypeRef

_LONGEST = 120  # a text beyond this is not worth a reader's line: it "has changed"
_LABELS = {
    "acl": "privileges",
    "attribute_comments": "comments on attributes",
    "base": "base type",
    "clustered": "marked for CLUSTER",
    "deferred": "initially deferred",
    "generated": "generation expression",
    "include": "included columns",
    "inherited": "number of parents",
    "inherits": "parent tables",
    "local": "defined here",
    "of_type": "type of the table",
    "on_delete": "ON DELETE",
    "on_delete_columns": "ON DELETE columns",
    "on_update": "ON UPDATE",
    "partition_of": "partition of",
    "period": "PERIOD",
    "references": "referenced table",
    "row": "FOR EACH ROW",
    "uses": "relations it uses",
    "via_root": "publishes as the root",
    "when": "WHEN",
}
_ACTIONS = {
    "a": "NO ACTION",
    "r": "RESTRICT",
    "c": "CASCADE",
    "n": "SET NULL",
    "d": "SET DEFAULT",
}
_CODES: Mapping[str, Mapping[str, str]] = {
    "on_delete": _ACTIONS,
    "on_update": _ACTIONS,
    "match": {"s": "SIMPLE", "f": "FULL", "p": "PARTIAL"},
    "persistence": {"p": "permanent", "u": "unlogged", "t": "temporary"},
    "replica_identity": {"d": "default", "f": "full", "i": "index", "n": "nothing"},
    "volatility": {"i": "immutable", "s": "stable", "v": "volatile"},
    "enabled": {"O": "enabled", "D": "disabled", "R": "replica only", "A": "always"},
    "generated_columns": {"n": "none", "s": "stored"},
}
_PLURAL = frozenset(
    (
        *("acl", "arguments", "attribute_comments", "attributes", "columns", "constraints"),
        *("details", "events", "expressions", "include", "inherits", "keys", "kinds", "labels"),
        *("on_delete_columns", "operations", "operators", "options", "opclass_options"),
        *("referenced_columns", "roles", "schemas", "statistics_targets", "tables"),
        *("toast_options", "uses"),
    )
)
_NOTHING: tuple[Any, ...] = (None, (), frozenset())


def in_words(attribute: str, value: Any) -> str:
    """*value* of an *attribute* as a reader would write it."""
    if value in _NOTHING:
        return "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if attribute in _CODES and isinstance(value, str):
        return _CODES[attribute].get(value, value)
    if attribute == "labels":
        return ", ".join(map(quote_literal, value))
    if attribute == "owned_by":
        return _pair(value)
    return _text(value)


def _text(value: Any) -> str:
    if value is None:
        return "none"
    if isinstance(value, Name):
        return value.display()
    if isinstance(value, TypeRef):
        shown = Name(None, value.name.name) if value.name.schema == "public" else value.name
        return str(replace(value, name=shown))
    if isinstance(value, PyEnum):
        return value.name.lower().replace("_", " ")
    if isinstance(value, tuple | frozenset):
        return _list(value)
    parts = _PARTS.get(type(value))
    return " ".join(str(value).split()) if parts is None else parts(value)


def _list(value: Iterable[Any]) -> str:
    texts = [
        _text(i) if isinstance(i, Name) or not isinstance(i, tuple) else _pair(i) for i in value
    ]
    return ", ".join(sorted(texts) if isinstance(value, frozenset) else texts)


def _pair(item: tuple[Any, ...]) -> str:
    first, *rest = item
    if isinstance(first, Name):  # a relation and its column
        return ".".join([first.display(), *(quote_ident(part) for part in rest if part)])
    return " ".join([_text(first), *(_text(part) for part in rest if part is not None)])


def _key(key: IndexKey) -> str:
    words = [quote_ident(key.column) if key.column is not None else str(key.expression)]
    words += [f"COLLATE {key.collation.display()}"] if key.collation else []
    words += [key.opclass.name] if key.opclass else []
    words += [f"({_list(key.opclass_options)})"] if key.opclass_options else []
    words += ["DESC"] if key.descending else []
    if key.nulls_first != key.descending:
        words.append("NULLS FIRST" if key.nulls_first else "NULLS LAST")
    return " ".join(words)


def _generated(generated: Generated) -> str:
    return f"{generated.expression} {'stored' if generated.stored else 'virtual'}"


def _domain_constraint(constraint: DomainConstraint) -> str:
    state = "" if constraint.validated else " NOT VALID"
    comment = f" ({constraint.comment})" if constraint.comment else ""
    return f"{quote_ident(constraint.name)} {constraint.expression}{state}{comment}"


def _published(table: PublicationTable) -> str:
    columns = f" ({', '.join(table.columns)})" if table.columns else ""
    return table.table.display() + columns + (f" WHERE {table.where}" if table.where else "")


def _column(column: Column) -> str:
    return f"{quote_ident(column.name)} (default {column.default or 'none'})"


_PARTS: Mapping[type, Callable[[Any], str]] = {
    Column: _column,
    DomainConstraint: _domain_constraint,
    Generated: _generated,
    IndexKey: _key,
    PublicationTable: _published,
}


def label(attribute: str) -> str:
    """An *attribute* by the name a user knows it under."""
    return _LABELS.get(attribute, attribute.replace("_", " "))


def change(attribute: str, before: Any, after: Any) -> str:
    """What became of an *attribute*, as the rest of a sentence about its object."""
    if attribute == "not_null":
        return "is NOT NULL, allowed NULL" if after else "allows NULL, was NOT NULL"
    now, was = in_words(attribute, after), in_words(attribute, before)
    if max(len(now), len(was)) > _LONGEST or now == was:
        return f"{label(attribute)} {'have' if attribute in _PLURAL else 'has'} changed"
    is_, was_ = ("are", "were") if attribute in _PLURAL else ("is", "was")
    return f"{label(attribute)} {is_} {now}, {was_} {was}"


def unrestored(attribute: str, before: Any, after: Any) -> str:
    """As `change`, where *after* should have been *before* again."""
    if attribute == "not_null":
        return "NOT NULL was not restored" if before else "NOT NULL is left behind"
    if not isinstance(before, bool) and len(in_words(attribute, before or after)) <= _LONGEST:
        many = attribute in _PLURAL
        if before in _NOTHING:
            end = "are left behind" if many else "is left behind"
            return f"{label(attribute)} {in_words(attribute, after)} {end}"
        if after in _NOTHING:
            end = "were not restored" if many else "was not restored"
            return f"{label(attribute)} {in_words(attribute, before)} {end}"
    return change(attribute, before, after)
