"""A design as an entity-relationship diagram in Mermaid."""

from __future__ import annotations

import re
from collections.abc import Iterator

from migsafe.catalog import Catalog, Column, Constraint, Table
from migsafe.models.rule import Design
from migsafe.models.serving import foreign_keys, is_mandatory, is_unique
from migsafe.models.words import ACTIONS, type_text
from migsafe.names import Name

# Words that Mermaid's grammar of ER diagrams takes for its own.
_TAKEN = frozenset(
    {"accdescr", "acctitle", "class", "classdef", "direction", "erdiagram", "many", "one", "only"}
    | {"optionally", "style", "title", "to", "tb", "bt", "lr", "rl", "u", "zero"}
)
_PLAIN = re.compile(r"[A-Za-z_]\w*\Z", re.ASCII)
_WORD = re.compile(r"[^A-Za-z0-9_\[\]()]")


def mermaid(design: Design) -> str:
    """The diagram's source: a block for each table, by schema, then a line for each foreign key.

    The same design gives the same text. A relationship is drawn solid when the foreign key is part
    of the primary key; its end at the referring table says how many rows may refer to one.
    """
    return "\n".join(_lines(design)) + "\n"


def _lines(design: Design) -> Iterator[str]:
    yield "erDiagram"
    tables = list(design.tables())
    schemas = {table.name.schema for table in tables}
    heading = None
    for table in tables:
        if len(schemas) > 1 and table.name.schema != heading:
            heading = table.name.schema
            yield f"    %% schema {heading}"
        yield f"    {_entity(table.name)} {{"
        yield from (f"        {_attribute(design, table, column)}" for column in table.columns)
        yield "    }"
    drawn = {table.name for table in tables}
    for table in tables:
        for key in foreign_keys(table):
            if key.references in drawn:
                yield f"    {_relationship(design.catalog, table, key)}"


def _entity(name: Name) -> str:
    shown = name.display().replace('"', "")
    is_plain = _PLAIN.match(shown) and shown.lower() not in _TAKEN
    return shown if is_plain else f'"{shown}"'


def _attribute(design: Design, table: Table, column: Column) -> str:
    """``varchar(20) number UK "NOT NULL"``: Mermaid wants one word for the type and the name."""
    type_ = type_text(column.type)
    word = _word(re.sub(r"\(.*,.*\)", "", type_).replace('"', ""))
    name = _word(column.name)
    keys = _keys(design.catalog, table, column)
    notes = ["" if name == column.name else column.name, "" if word == type_ else type_]
    notes += ["not null" if column.not_null and "PK" not in keys else ""]
    notes += ["generated" if column.generated is not None else ""]
    comment = ", ".join(note.replace('"', "'") for note in notes if note)
    parts = [word, name, *([", ".join(keys)] if keys else [])]
    return " ".join([*parts, f'"{comment}"'] if comment else parts)


def _word(text: str) -> str:
    """*text* as one word that Mermaid takes for a type or a name."""
    word = _WORD.sub("_", text)
    if not re.match(r"[A-Za-z_]", word):
        return f"_{word}"
    return f"{word}_" if word in ("PK", "FK", "UK") else word


def _keys(catalog: Catalog, table: Table, column: Column) -> list[str]:
    primary = table.primary_key
    keys = ["PK"] if primary is not None and column.name in primary.columns else []
    keys += ["FK"] if any(column.name in key.columns for key in foreign_keys(table)) else []
    alone = primary is not None and primary.columns == (column.name,)
    return keys + (["UK"] if not alone and is_unique(catalog, table, (column.name,)) else [])


def _relationship(catalog: Catalog, table: Table, key: Constraint) -> str:
    """``users ||--o{ orders : "user_id"``, read as: one of users has any number of orders."""
    assert key.references is not None
    one = "||" if is_mandatory(table, key.columns) else "|o"
    many = "o|" if is_unique(catalog, table, key.columns) else "o{"
    primary = table.primary_key
    inside = primary is not None and set(key.columns) <= set(primary.columns)
    action = "" if key.on_delete == "a" else f" (on delete {ACTIONS[key.on_delete].lower()})"
    label = (", ".join(key.columns) + action).replace('"', "'")
    line = "--" if inside else ".."
    return f'{_entity(key.references)} {one}{line}{many} {_entity(table.name)} : "{label}"'
