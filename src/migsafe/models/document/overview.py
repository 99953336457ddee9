"""The page of all tables, with the diagram and the enum types."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from migsafe.catalog import Enum, Table
from migsafe.models.diagram import drawing, mermaid
from migsafe.models.document.markdown import code, grid, prose, span
from migsafe.models.rule import Design
from migsafe.models.serving import foreign_keys
from migsafe.names import Name, quote_ident, quote_literal


def overview(design: Design, files: Mapping[Name, str]) -> Iterator[str]:
    """The lines of the page of all tables; *files* are their pages."""
    tables = list(design.tables())
    yield from ("# Database", "", "## Tables", "")
    rows = [
        (
            f"[{code(table.name)}]({files[table.name]})",
            prose(table.comment or ""),
            ", ".join(code(name) for name in _targets(table)),
        )
        for table in tables
    ]
    if any(comment for _, comment, _ in rows):
        yield from grid(("Table", "What it is", "Refers to"), rows)
    else:
        yield from grid(("Table", "Refers to"), [(name, refers) for name, _, refers in rows])
    yield from ("", "## Diagram", "", "```mermaid", *mermaid(drawing(design)).splitlines(), "```")
    enums = [t for _, t in sorted(design.catalog.types.items()) if isinstance(t, Enum)]
    if enums:
        yield from ("", "## Enum types", "")
        yield from grid(("Type", "Values", "Used by"), [_enum(design, enum) for enum in enums])


def _targets(table: Table) -> list[Name]:
    found = {key.references for key in foreign_keys(table)}
    return sorted(name for name in found if name is not None)


def _enum(design: Design, enum: Enum) -> tuple[str, str, str]:
    values = ", ".join(span(quote_literal(label)) for label in enum.labels)
    users = sorted(
        f"{table.name.display()}.{quote_ident(column.name)}"
        for table, column in design.catalog.columns_of_type(enum.name)
        if table.partition_of is None
    )
    return code(enum.name), values, ", ".join(span(user) for user in users)
