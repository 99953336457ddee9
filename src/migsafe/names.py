"""Names of schema objects as values: parsing and quoting happens here and nowhere else."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

# Reserved and type-or-function keywords of PostgreSQL 18 (manual, appendix C): these need quotes.
_RESERVED = frozenset(
    """all analyse analyze and any array as asc asymmetric authorization between bigint binary bit
    boolean both case cast char character check coalesce collate collation column concurrently
    constraint create cross current_catalog current_date current_role current_schema current_time
    current_timestamp current_user dec decimal default deferrable desc distinct do else end except
    exists extract false fetch float for foreign freeze from full grant greatest group grouping
    having ilike in initially inner inout int integer intersect interval into is isnull join
    json json_array json_arrayagg json_exists json_object json_objectagg json_query json_scalar
    json_serialize json_table json_value lateral leading least left like limit localtime
    localtimestamp merge_action national natural nchar none normalize not notnull null nullif
    numeric offset on only or order out outer overlaps overlay placing position precision primary
    real references returning right row select session_user setof similar smallint some substring
    symmetric system_user table tablesample then time timestamp to trailing treat trim true union
    unique user using values varchar variadic verbose when where window with xmlattributes
    xmlconcat xmlelement xmlexists xmlforest xmlnamespaces xmlparse xmlpi xmlroot xmlserialize
    xmltable""".split()
)
_PLAIN = re.compile(r"[a-z_][a-z0-9_$]*\Z")
_PART = re.compile(r'"((?:[^"]|"")+)"|([^\W\d][\w$]*)')


@lru_cache(maxsize=4096)
def quote_ident(name: str) -> str:
    """Quote *name* exactly when PostgreSQL's own ``quote_ident()`` would."""
    if _PLAIN.match(name) and name not in _RESERVED:
        return name
    return '"' + name.replace('"', '""') + '"'


def is_reserved(word: str) -> bool:
    """Whether *word*, which is plain otherwise, needs quotes to be a name."""
    return word in _RESERVED


def quote_literal(value: str) -> str:
    """Write *value* as an SQL string constant."""
    quoted = "'" + value.replace("'", "''") + "'"
    return "E" + quoted.replace("\\", "\\\\") if "\\" in value else quoted


class Name(NamedTuple):
    """A possibly qualified name, as PostgreSQL stores it (unquoted, case kept).

    *schema* is None while the name has not been resolved against a search_path. A tuple, because
    names are the keys of every catalog, and the hash of a dataclass takes four times as long.
    """

    schema: str | None
    name: str

    def __str__(self) -> str:
        if self.schema is None:
            return quote_ident(self.name)
        return f"{quote_ident(self.schema)}.{quote_ident(self.name)}"

    @classmethod
    def parse(cls, text: str) -> Name:
        """Read ``users``, ``app.users`` or ``"App"."Users"``; raises ValueError otherwise."""
        parts = []
        position = 0
        while True:
            match = _PART.match(text, position)
            if match is None:
                raise ValueError(f"{text!r} is not a name")
            quoted, plain = match.groups()
            parts.append(quoted.replace('""', '"') if quoted is not None else plain.lower())
            position = match.end()
            if position == len(text):
                break
            if text[position] != ".":
                raise ValueError(f"{text!r} is not a name")
            position += 1
        if len(parts) > 2:
            raise ValueError(f"{text!r} has more than a schema and a name")
        return cls(parts[0] if len(parts) == 2 else None, parts[-1])

    def display(self) -> str:
        """The name as people write it: without the schema when that is ``public`` or unknown."""
        return quote_ident(self.name) if self.schema in (None, "public") else str(self)
