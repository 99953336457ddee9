"""Types, keys and constraints of a design as its readers write them."""

from __future__ import annotations

import re
from dataclasses import replace

from migsafe.catalog import Column, Constraint, ConstraintKind, Index, IndexKey
from migsafe.names import Name, quote_ident
from migsafe.pgtypes import TypeRef
from migsafe.sql import parse
from migsafe.sql.ast import Unrecognised

ACTIONS = {"a": "NO ACTION", "r": "RESTRICT", "c": "CASCADE", "n": "SET NULL", "d": "SET DEFAULT"}
_MATCH = {"s": "", "f": " MATCH FULL", "p": " MATCH PARTIAL"}
_SHORT = {
    "bpchar": "char",
    "float4": "real",
    "float8": "double precision",
    "int2": "smallint",
    "int4": "integer",
    "int8": "bigint",
    "bool": "boolean",
}


def type_text(type_: TypeRef) -> str:
    """The type in its short spelling: ``varchar(20)``, ``timestamptz``, ``order_status[]``."""
    name = type_.name
    if name.schema != "pg_catalog":
        shown = Name(None, name.name) if name.schema == "public" else name
        return str(replace(type_, name=shown))
    if name.name == "interval":
        return str(type_)
    modifiers = f"({','.join(map(str, type_.modifiers))})" if type_.modifiers else ""
    return _SHORT.get(name.name, name.name) + modifiers + "[]" * type_.dimensions


def columns_text(columns: tuple[str, ...]) -> str:
    """Columns as SQL lists them, without the parentheses."""
    return ", ".join(quote_ident(column) for column in columns)


def key_text(key: IndexKey) -> str:
    """One key of an index as `CREATE INDEX` takes it."""
    words = [quote_ident(key.column) if key.column is not None else f"({bare(key.expression)})"]
    words += [key.opclass.name] if key.opclass is not None else []
    words += ["DESC"] if key.descending else []
    if key.nulls_first != key.descending:
        words.append("NULLS FIRST" if key.nulls_first else "NULLS LAST")
    return " ".join(words)


def index_text(index: Index) -> str:
    """What an index is over: ``gin (labels)``, ``(email) WHERE deleted_at IS NULL``."""
    method = "" if index.method == "btree" else f"{index.method} "
    text = f"{method}({', '.join(key_text(key) for key in index.keys)})"
    if index.include:
        text += f" INCLUDE ({columns_text(index.include)})"
    if index.nulls_not_distinct:
        text += " NULLS NOT DISTINCT"
    return text + (f" WHERE {bare(index.predicate)}" if index.predicate is not None else "")


def constraint_text(constraint: Constraint, index: Index | None) -> str:
    """The body of a constraint as in `CREATE TABLE`; *index* is the one that enforces it."""
    text = _body(constraint, index)
    if constraint.deferrable:
        text += f" DEFERRABLE INITIALLY {'DEFERRED' if constraint.deferred else 'IMMEDIATE'}"
    if not constraint.enforced:
        return f"{text} NOT ENFORCED"
    return text if constraint.validated else f"{text} NOT VALID"


def _body(constraint: Constraint, index: Index | None) -> str:
    kind, columns = constraint.kind, columns_text(constraint.columns)
    if kind is ConstraintKind.CHECK:
        return f"CHECK ({bare(constraint.expression)})"
    if kind is ConstraintKind.FOREIGN_KEY:
        target = constraint.references.display() if constraint.references else "?"
        text = f"FOREIGN KEY ({columns}) REFERENCES {target}"
        text += f" ({columns_text(constraint.referenced_columns)}){_MATCH[constraint.match]}"
        for event, action in (("DELETE", constraint.on_delete), ("UPDATE", constraint.on_update)):
            text += f" ON {event} {ACTIONS[action]}" if action != "a" else ""
        return text
    if kind is ConstraintKind.EXCLUDE and index is not None:
        pairs = zip(index.keys, constraint.operators, strict=False)
        keys = ", ".join(f"{key_text(key)} WITH {operator}" for key, operator in pairs)
        where = f" WHERE ({bare(index.predicate)})" if index.predicate is not None else ""
        return f"EXCLUDE USING {index.method} ({keys}){where}"
    nulls = " NULLS NOT DISTINCT" if index is not None and index.nulls_not_distinct else ""
    return f"{kind.name.replace('_', ' ')}{nulls} ({columns})"


def bare(expression: str | None) -> str:
    """An expression without the parentheses around all of it."""
    text = expression or ""
    while _is_enclosed(text):
        text = text[1:-1]
    return text


def _is_enclosed(expression: str) -> bool:
    """Whether the first parenthesis closes at the very end."""
    if not expression.startswith("("):
        return False
    depth = 0
    without_texts = re.sub(r"'[^']*'", lambda found: "_" * len(found[0]), expression)
    for position, sign in enumerate(without_texts):
        depth += (sign == "(") - (sign == ")")
        if depth == 0:
            return position == len(expression) - 1
    return False


def filled_by(column: Column) -> tuple[str, str]:
    """What a column gets by itself, in words and as an expression; either may be empty."""
    if column.generated is not None:
        word = "generated" if column.generated.stored else "virtual"
        return word, bare(column.generated.expression)
    if column.identity is not None:
        return "identity", ""
    default = column.default or ""
    return ("next of its sequence", "") if default.startswith("nextval(") else ("", default)


def is_reserved(name: str) -> bool:
    """Whether a name of small letters needs quotes as that of a table or a column."""
    # PostgreSQL's grammar knows best: many keywords are no trouble as a name.
    return isinstance(parse(f"CREATE TABLE {name} ({name} int)")[0].statement, Unrecognised)
