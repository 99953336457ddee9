"""A diagram in the language of Mermaid."""

from __future__ import annotations

import re
from collections.abc import Iterator

from migsafe.models.diagram.drawing import Change, Drawing, Line, Row
from migsafe.names import Name

# Words that Mermaid's grammar of ER diagrams takes for its own.
_TAKEN = frozenset(
    {"accdescr", "acctitle", "class", "classdef", "direction", "erdiagram", "many", "one", "only"}
    | {"optionally", "style", "title", "to", "tb", "bt", "lr", "rl", "u", "zero"}
)
_PLAIN = re.compile(r"[A-Za-z_]\w*\Z", re.ASCII)
_WORD = re.compile(r"[^A-Za-z0-9_\[\]()]")
# Mermaid 11.5 and newer colours entities by classes.
_COLOURS = {
    Change.NEW: "fill:#d9f2e0,stroke:#1f883d,color:#10341d",
    Change.GONE: "fill:#fbe0e0,stroke:#cf222e,color:#4c0d12",
    Change.OTHER: "fill:#fff3cf,stroke:#bf8700,color:#3d2c00",
}


def mermaid(drawing: Drawing) -> str:
    """The diagram's source: a block for each table, by schema, then a line for each foreign key.

    The same drawing gives the same text. A relationship is drawn solid when the foreign key is part
    of the primary key; its end at the referring table says how many rows may refer to one.
    """
    return "\n".join(_lines(drawing)) + "\n"


def _lines(drawing: Drawing) -> Iterator[str]:
    yield "erDiagram"
    heading = None
    for box in drawing.boxes:
        if len(drawing.schemas) > 1 and box.name.schema != heading:
            heading = box.name.schema
            yield f"    %% schema {heading}"
        yield f"    {_entity(box.name)} {{"
        yield from (f"        {_attribute(row)}" for row in box.rows)
        yield "    }"
    yield from (f"    {_relationship(line)}" for line in drawing.lines)
    for change, colours in _COLOURS.items():
        marked = [_entity(box.name) for box in drawing.boxes if box.change is change]
        if marked:
            yield f"    classDef {change.value} {colours}"
            yield f"    class {','.join(marked)} {change.value}"


def _entity(name: Name) -> str:
    shown = re.sub(r"[%\\\n]", "_", name.display().replace('"', ""))  # what no quotes make a name
    is_plain = _PLAIN.match(shown) and shown.lower() not in _TAKEN
    return shown if is_plain else f'"{shown}"'


def _attribute(row: Row) -> str:
    """``varchar(20) number UK "NOT NULL"``: Mermaid wants one word for the type and the name."""
    word = _word(re.sub(r"\(.*,.*\)", "", row.type).replace('"', ""))
    name = _word(row.name)
    notes = [row.change.value, f"was {row.was}" if row.was else ""]
    notes += ["" if name == row.name else row.name, "" if word == row.type else row.type]
    notes += ["not null" if row.not_null and "PK" not in row.keys else ""]
    notes += ["generated" if row.generated else ""]
    comment = ", ".join(note.replace('"', "'") for note in notes if note)
    parts = [word, name, *([", ".join(row.keys)] if row.keys else [])]
    return " ".join([*parts, f'"{comment}"'] if comment else parts)


def _word(text: str) -> str:
    """*text* as one word that Mermaid takes for a type or a name."""
    word = _WORD.sub("_", text)
    if not re.match(r"[A-Za-z_]", word):
        return f"_{word}"
    return f"{word}_" if word in ("PK", "FK", "UK") else word


def _relationship(line: Line) -> str:
    """``users ||--o{ orders : "user_id"``, read as: one of users has any number of orders."""
    one = "||" if line.is_mandatory else "|o"
    many = "o|" if line.is_single else "o{"
    notes = [f"on delete {line.action.lower()}" if line.action else "", line.change.value]
    told = ", ".join(note for note in notes if note)
    label = (", ".join(line.columns) + (f" ({told})" if told else "")).replace('"', "'")
    between = "--" if line.is_identifying else ".."
    return f'{_entity(line.parent)} {one}{between}{many} {_entity(line.child)} : "{label}"'
