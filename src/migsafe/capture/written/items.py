"""What is called in a migration besides operations: columns, constraints, texts, functions."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from migsafe.capture.written.arguments import Signature, flag, names, number, optional_flag
from migsafe.capture.written.identifiers import literal, verbatim
from migsafe.capture.written.types import TYPES, type_of
from migsafe.capture.written.values import (
    Check,
    Column,
    Computed,
    Final,
    Fragment,
    Identity,
    Key,
    NotWritten,
    Reference,
    Symbol,
)

Make = Callable[[Sequence[Any], Mapping[str, Any]], Any]

_PLAIN = (bool, int, float, str, list, tuple, dict, type(None))
_CASCADE = re.compile(r"RESTRICT|CASCADE|SET NULL|SET DEFAULT|NO ACTION", re.I)
_INITIALLY = re.compile(r"DEFERRED|IMMEDIATE", re.I)


_TEXT = Signature("text", required=1)


def _text(arguments: Sequence[Any], keywords: Mapping[str, Any]) -> Fragment:
    return Fragment(verbatim(_TEXT.bind(arguments, keywords)["text"]))


_FINAL = Signature("name", required=1)


def _final(arguments: Sequence[Any], keywords: Mapping[str, Any]) -> Final:
    name = _FINAL.bind(arguments, keywords)["name"]
    if type(name) is not str:
        raise NotWritten("a name that is no text")
    return Final(name)


def _fixed(sql: str) -> Make:
    made = Fragment(sql, is_text=False)

    def make(arguments: Sequence[Any], keywords: Mapping[str, Any]) -> Fragment:
        if arguments or keywords:
            raise NotWritten("arguments of a function")
        return made

    return make


def default_sql(value: Any) -> str:
    """A server default, as it is sent."""
    return value.sql if type(value) is Fragment else literal(value)


# -- constraints -----


def deferral(given: Mapping[str, Any]) -> str:
    """What *given* says of when a constraint is looked at."""
    deferrable, initially = optional_flag(given.get("deferrable")), given.get("initially")
    text = "" if deferrable is None else " DEFERRABLE" if deferrable else " NOT DEFERRABLE"
    if initially is None:
        return text
    if type(initially) is not str or not _INITIALLY.fullmatch(initially):
        raise NotWritten("INITIALLY something else")
    return f"{text} INITIALLY {initially}"


def reference_tail(given: Mapping[str, Any]) -> str:
    """What follows the columns that a foreign key is to."""
    text = ""
    for keyword, words in (("ondelete", "ON DELETE"), ("onupdate", "ON UPDATE")):
        value = given.get(keyword)
        if value is None:
            continue
        if type(value) is not str or not _CASCADE.fullmatch(value):
            raise NotWritten(f"{words} something else")
        text += f" {words} {value}"
    if given.get("match") is not None or given.get("info") is not None:
        raise NotWritten("MATCH of a foreign key")
    return text + deferral(given)


_REFERENCE = "onupdate ondelete name deferrable initially match"
_INLINE = Signature("column", _REFERENCE, required=1)


def _inline(arguments: Sequence[Any], keywords: Mapping[str, Any]) -> Reference:
    """``sqlalchemy.ForeignKey``."""
    given = _INLINE.bind(arguments, keywords)
    schema, table, column = _target(given["column"])
    return Reference((), schema, table, (column,), reference_tail(given), given.get("name"))


def _target(value: Any) -> tuple[str | None, str, str]:
    parts = value.split(".") if type(value) is str else []
    if len(parts) not in (2, 3) or not all(parts):
        raise NotWritten("what a foreign key is to")
    return parts[0] if len(parts) == 3 else None, parts[-2], parts[-1]


_FOREIGN = Signature("columns refcolumns name onupdate ondelete", _REFERENCE, required=2)


def _foreign(arguments: Sequence[Any], keywords: Mapping[str, Any]) -> Reference:
    """``sqlalchemy.ForeignKeyConstraint``."""
    given = _FOREIGN.bind(arguments, keywords)
    columns, targets = names(given["columns"]), [_target(t) for t in names(given["refcolumns"])]
    if len({target[:2] for target in targets}) != 1 or len(columns) != len(targets):
        raise NotWritten("what a foreign key is to")
    schema, table, _ = targets[0]
    found = tuple(column for _, _, column in targets)
    return Reference(columns, schema, table, found, reference_tail(given), given.get("name"))


_KEY = Signature("", "name deferrable initially")


def _key(kind: str) -> Make:
    def make(arguments: Sequence[Any], keywords: Mapping[str, Any]) -> Key:
        given = _KEY.bind((), keywords)
        return Key(kind, names(list(arguments)), deferral(given), given.get("name"))

    return make


_CHECK = Signature("sqltext name deferrable initially", required=1)


def _check(arguments: Sequence[Any], keywords: Mapping[str, Any]) -> Check:
    given = _CHECK.bind(arguments, keywords)
    return Check(condition(given["sqltext"]), deferral(given), given.get("name"))


def condition(value: Any) -> str:
    """A condition that is a text, or ``sqlalchemy.text()``."""
    if type(value) is Fragment and value.is_text:
        return value.sql
    return verbatim(value)


# -- columns -----

_COLUMN = Signature(
    "",
    "nullable primary_key server_default comment unique index autoincrement default onupdate info "
    "doc",
)


def _column(arguments: Sequence[Any], keywords: Mapping[str, Any]) -> Column:
    given = _COLUMN.bind((), keywords)
    if len(arguments) < 2 or type(arguments[0]) is not str:
        raise NotWritten("a column without name or type")
    generated, references = _parts(arguments[2:])
    default = given.get("server_default")
    if default is not None and generated is not None:
        raise NotWritten("a column with two defaults")
    numbered = given.get("autoincrement", "auto")
    comment = given.get("comment")
    return Column(
        arguments[0],
        type_of(arguments[1]),
        nullable=flag(given["nullable"]) if "nullable" in given else None,
        primary_key=flag(given.get("primary_key", False)),
        default=None if default is None else default_sql(default),
        generated=generated,
        comment=comment if comment is None else literal(comment),
        unique=bool(optional_flag(given.get("unique"))),
        index=bool(optional_flag(given.get("index"))),
        numbered=None if numbered == "auto" else flag(numbered),
        has_value=_is_valued(given),
        references=references,
    )


def _parts(
    items: Sequence[Any],
) -> tuple[Identity | Computed | None, tuple[Reference, ...]]:
    generated: list[Any] = [one for one in items if type(one) in (Identity, Computed)]
    references = tuple(one for one in items if type(one) is Reference and not one.columns)
    if len(generated) > 1 or len(generated) + len(references) != len(items):
        raise NotWritten("something else in a column")
    return (generated[0] if generated else None), references


def _is_valued(given: Mapping[str, Any]) -> bool:
    """Whether Python gives the column a value; it is never sent with the column."""
    for name in ("default", "onupdate", "info", "doc"):
        if not isinstance(given.get(name), (*_PLAIN, Fragment)):
            raise NotWritten(f"the argument {name}")
    return given.get("default") is not None


_IDENTITY = Signature(
    "always", "start increment minvalue maxvalue nominvalue nomaxvalue cycle cache"
)
_OPTIONS = (
    ("increment", "INCREMENT BY"),
    ("start", "START WITH"),
    ("minvalue", "MINVALUE"),
    ("maxvalue", "MAXVALUE"),
)


def _identity(arguments: Sequence[Any], keywords: Mapping[str, Any]) -> Identity:
    given = _IDENTITY.bind(arguments, keywords)
    options = []
    for name, words in _OPTIONS:
        if (value := number(given.get(name))) is not None:
            options.append(f"{words} {value}")
    for name, words in (("nominvalue", "NO MINVALUE"), ("nomaxvalue", "NO MAXVALUE")):
        if optional_flag(given.get(name)) is not None:
            options.append(words)
    if (cache := number(given.get("cache"))) is not None:
        options.append(f"CACHE {cache}")
    if (cycle := optional_flag(given.get("cycle"))) is not None:
        options.append("CYCLE" if cycle else "NO CYCLE")
    kind = "ALWAYS" if flag(given.get("always", False)) else "BY DEFAULT"
    text = f"GENERATED {kind} AS IDENTITY"
    return Identity(f"{text} ({' '.join(options)})" if options else text)


_COMPUTED = Signature("sqltext persisted", required=1)


def _computed(arguments: Sequence[Any], keywords: Mapping[str, Any]) -> Computed:
    given = _COMPUTED.bind(arguments, keywords)
    if given.get("persisted") is not True:
        raise NotWritten("a computed column whose kind depends on versions")
    return Computed(f"GENERATED ALWAYS AS ({condition(given['sqltext'])}) STORED")


_ITEMS: dict[str, Make] = {
    "CheckConstraint": _check,
    "Column": _column,
    "Computed": _computed,
    "ForeignKey": _inline,
    "ForeignKeyConstraint": _foreign,
    "Identity": _identity,
    "PrimaryKeyConstraint": _key("pk"),
    "UniqueConstraint": _key("uq"),
}
_CONSTANTS: dict[str, Make] = {
    "text": _text,
    "true": _fixed("true"),
    "false": _fixed("false"),
    "null": _fixed("NULL"),
}
_FUNCTIONS = {
    "now": "now()",
    "current_date": "CURRENT_DATE",
    "current_timestamp": "CURRENT_TIMESTAMP",
    "clock_timestamp": "clock_timestamp()",
    "gen_random_uuid": "gen_random_uuid()",
    "statement_timestamp": "statement_timestamp()",
    "transaction_timestamp": "transaction_timestamp()",
    "uuid_generate_v1": "uuid_generate_v1()",
    "uuid_generate_v4": "uuid_generate_v4()",
}


def _by_full_name() -> Iterator[tuple[str, Make]]:
    for name, make in _ITEMS.items():
        yield f"sqlalchemy.{name}", make
        yield f"sqlalchemy.schema.{name}", make
    for above in ("sqlalchemy", "sqlalchemy.sql", "sqlalchemy.sql.expression"):
        for name, make in _CONSTANTS.items():
            yield f"{above}.{name}", make
        for name, sql in _FUNCTIONS.items():
            yield f"{above}.func.{name}", _fixed(sql)
    for name, sql in _FUNCTIONS.items():
        if name in ("now", "current_date", "current_timestamp"):
            yield f"sqlalchemy.sql.functions.{name}", _fixed(sql)
    yield "alembic.op.f", _final


ITEMS: dict[str, Make] = {**TYPES, **dict(_by_full_name())}
"""What a call makes, by the full name of what is called."""


def call(function: Symbol, arguments: Sequence[Any], keywords: Mapping[str, Any]) -> Any:
    """What *function* gives for constant arguments."""
    make = ITEMS.get(function.name)
    if make is None:
        raise NotWritten(f"a call of {function.name}")
    return make(arguments, keywords)
