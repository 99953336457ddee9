"""The page of one table: columns, constraints, indexes, queries, migrations."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from migsafe.catalog import Column, ConstraintKind, Enum, Table
from migsafe.models.document.markdown import cell, code, grid, prose, span
from migsafe.models.document.queries import queries
from migsafe.models.document.reasons import reason
from migsafe.models.purposes import purposes
from migsafe.models.rule import Design
from migsafe.models.serving import foreign_keys
from migsafe.models.words import (
    bare,
    columns_text,
    constraint_text,
    filled_by,
    index_text,
    type_text,
)
from migsafe.names import Name, quote_ident, quote_literal

_PLAIN = r'[\w. "]+'  # names in which no sign means something in Markdown


def page(
    design: Design, table: Table, files: Mapping[Name, str], story: Sequence[tuple[str, str]] = ()
) -> Iterator[str]:
    """The lines of the page of *table*; *story* are the migrations that made it what it is."""
    shown = table.name.display()
    # Only in a table a bar is escaped in code, too.
    odd = span(shown).replace("\\|", "|")
    yield f"# {shown if re.fullmatch(_PLAIN, shown) else odd}"
    if table.comment:
        yield from ("", prose(table.comment))
    if table.partition_key:
        yield from ("", f"Partitioned by `{cell(table.partition_key)}`.")
    if table.unknown:
        yield from ("", f"Not all of it is known: {cell(table.unknown)}.")
    yield from ("", "## Columns", "")
    rows = [_column(design, table, column, files) for column in table.columns]
    yield from grid(("Column", "Type", "NULL", "Default", ""), rows)
    yield from _constraints(design, table)
    indexes = design.catalog.indexes_of(table.name)
    if indexes:
        yield from ("", "## Indexes", "")
        served = [
            (
                span(quote_ident(index.name.name)),
                span(f"{'unique ' * index.unique}{index_text(index)}"),
                cell("; ".join(purposes(design, table, index))),
            )
            for index in indexes
        ]
        yield from grid(("Name", "Over", "Serves"), served)
    yield from _referring(design, table, files)
    yield from _queries(design, table)
    if story:
        yield from ("", "## Migrations", "")
        yield from grid(("Revision", ""), [(span(rev), prose(doc)) for rev, doc in story])


def _column(
    design: Design, table: Table, column: Column, files: Mapping[Name, str]
) -> tuple[str, ...]:
    words, expression = filled_by(column)
    default = [words, span(expression) if expression else ""]
    return (
        span(quote_ident(column.name)),
        span(type_text(column.type)),
        "no" if column.not_null else "yes",
        " ".join(part for part in default if part),
        "; ".join(_notes(design, table, column, files)),
    )


def _notes(
    design: Design, table: Table, column: Column, files: Mapping[Name, str]
) -> Iterator[str]:
    primary = table.primary_key
    if primary is not None and column.name in primary.columns:
        yield "primary key"
    for key in foreign_keys(table):
        if column.name in key.columns and key.references is not None:
            theirs = dict(zip(key.columns, key.referenced_columns, strict=False))[column.name]
            target = span(f"{key.references.display()}.{quote_ident(theirs)}")
            page = files.get(key.references)
            yield f"→ [{target}]({Path(page).name})" if page else f"→ {target}"
    enum = design.catalog.types.get(column.type.name)
    if isinstance(enum, Enum):
        yield ", ".join(span(quote_literal(label)) for label in enum.labels)
    why = reason(design, column)
    if why:
        yield cell(why)
    for check in table.constraints_of(ConstraintKind.CHECK):
        if check.columns == (column.name,):
            yield span(bare(check.expression))
    if column.comment:
        yield prose(column.comment)


def _queries(design: Design, table: Table) -> Iterator[str]:
    yield from (
        "",
        "## Queries",
        "",
        "What is given begins with a colon, as in SQLAlchemy's `text()`.",
    )
    for query in queries(design, table):
        yield from ("", f"{prose(query.title)}:", "", "```sql", f"{query.sql};", "```")


def _constraints(design: Design, table: Table) -> Iterator[str]:
    order = list(ConstraintKind)
    shown = sorted(
        (c for c in table.constraints if c.kind is not ConstraintKind.NOT_NULL),
        key=lambda c: (-(c.kind is ConstraintKind.PRIMARY_KEY), order.index(c.kind), c.name),
    )
    if not shown:
        return
    yield from ("", "## Constraints", "")
    indexes = {index.name.name: index for index in design.catalog.indexes_of(table.name)}
    rows = [
        (
            span(quote_ident(constraint.name)),
            span(constraint_text(constraint, indexes.get(constraint.index or ""))),
        )
        for constraint in shown
    ]
    yield from grid(("Name", "Definition"), rows)


def _referring(design: Design, table: Table, files: Mapping[Name, str]) -> Iterator[str]:
    found = sorted(
        ((other, key) for other, key in design.catalog.references_to(table.name)),
        key=lambda pair: (pair[0].name, pair[1].name),
    )
    rows = [
        (
            f"[{code(other.name)}]({Path(files[other.name]).name})",
            span(columns_text(key.columns)),
            {"c": "are deleted too", "n": "get NULL", "d": "get the default"}.get(
                key.on_delete, "prevent it"
            ),
        )
        for other, key in found
        if other.name in files
    ]
    if rows:
        yield from ("", "## Referred to by", "")
        yield from grid(("Table", "Columns", "When a row here is deleted, they"), rows)
