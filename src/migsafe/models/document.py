"""A design as Markdown: a page of all tables and a page for each."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from migsafe.catalog import Column, ConstraintKind, Enum, Table
from migsafe.models.diagram import drawing, mermaid
from migsafe.models.purposes import purposes
from migsafe.models.rule import Design
from migsafe.models.serving import foreign_keys
from migsafe.models.words import (
    columns_text,
    constraint_text,
    filled_by,
    index_text,
    type_text,
)
from migsafe.names import Name, quote_ident, quote_literal

MARK = "<!-- Written by migsafe models document: changes made here are lost. -->"
FIRST = "README.md"
_FOLDER = "tables"

Pages = Mapping[str, str]


def pages(design: Design) -> Pages:
    """The pages by their path in the folder, the overview first; the same design, the same text."""
    files = _files(design)
    found = {FIRST: _text(_overview(design, files))}
    for table in design.tables():
        found[files[table.name]] = _text(_page(design, table, files))
    return found


def differences(wanted: Pages, folder: Path) -> tuple[str, ...]:
    """What in *folder* is not as *wanted*, one sentence for each file; () if nothing."""
    return tuple(_differences(wanted, folder))


def _differences(wanted: Pages, folder: Path) -> Iterator[str]:
    for path, text in wanted.items():
        try:
            found = (folder / path).read_text(encoding="utf-8")
        except FileNotFoundError:
            yield f"{path} is missing"
            continue
        if found != text:
            yield f"{path} is out of date"
    yield from (f"{path} is of no table" for path in stale(wanted, folder))


def stale(wanted: Pages, folder: Path) -> tuple[str, ...]:
    """Pages in *folder* that were written by an earlier run, for tables that are gone."""
    there = sorted((folder / _FOLDER).glob("*.md"))
    names = [f"{_FOLDER}/{path.name}" for path in there if _is_ours(path)]
    return tuple(name for name in names if name not in wanted)


def _is_ours(path: Path) -> bool:
    with path.open(encoding="utf-8", errors="replace") as file:
        return file.readline().rstrip("\n") == MARK


def _files(design: Design) -> dict[Name, str]:
    """A file for each table; names that a file system holds for one get numbers."""
    files: dict[Name, str] = {}
    taken: dict[str, int] = {}
    for table in design.tables():
        shown = table.name.display().replace('"', "")
        name = re.sub(r"[^\w.-]", "_", shown)
        count = taken[name.casefold()] = taken.get(name.casefold(), 0) + 1
        files[table.name] = f"{_FOLDER}/{name}{f'-{count}' if count > 1 else ''}.md"
    return files


def _text(lines: Iterable[str]) -> str:
    return "\n".join((MARK, "", *lines)) + "\n"


# -- the overview --------------------------------------------------------------------------------


def _overview(design: Design, files: Mapping[Name, str]) -> Iterator[str]:
    tables = list(design.tables())
    yield from ("# Database", "", "## Tables", "")
    rows = [
        (
            f"[{_code(table.name)}]({files[table.name]})",
            _cell(table.comment or ""),
            ", ".join(_code(name) for name in _targets(table)),
        )
        for table in tables
    ]
    if any(comment for _, comment, _ in rows):
        yield from _grid(("Table", "What it is", "Refers to"), rows)
    else:
        yield from _grid(("Table", "Refers to"), [(name, refers) for name, _, refers in rows])
    yield from ("", "## Diagram", "", "```mermaid", *mermaid(drawing(design)).splitlines(), "```")
    enums = [t for _, t in sorted(design.catalog.types.items()) if isinstance(t, Enum)]
    if enums:
        yield from ("", "## Enum types", "")
        yield from _grid(("Type", "Values", "Used by"), [_enum(design, enum) for enum in enums])


def _targets(table: Table) -> list[Name]:
    found = {key.references for key in foreign_keys(table)}
    return sorted(name for name in found if name is not None)


def _enum(design: Design, enum: Enum) -> tuple[str, str, str]:
    values = ", ".join(f"`{_cell(quote_literal(label))}`" for label in enum.labels)
    users = sorted(
        f"{table.name.display()}.{quote_ident(column.name)}"
        for table, column in design.catalog.columns_of_type(enum.name)
        if table.partition_of is None
    )
    return _code(enum.name), values, ", ".join(f"`{user}`" for user in users)


# -- one table -----------------------------------------------------------------------------------


def _page(design: Design, table: Table, files: Mapping[Name, str]) -> Iterator[str]:
    yield f"# {table.name.display()}"
    if table.comment:
        yield from ("", _cell(table.comment))
    if table.partition_key:
        yield from ("", f"Partitioned by `{_cell(table.partition_key)}`.")
    if table.unknown:
        yield from ("", f"Not all of it is known: {_cell(table.unknown)}.")
    yield from ("", "## Columns", "")
    rows = [_column(design, table, column, files) for column in table.columns]
    yield from _grid(("Column", "Type", "NULL", "Default", ""), rows)
    yield from _constraints(design, table)
    indexes = design.catalog.indexes_of(table.name)
    if indexes:
        yield from ("", "## Indexes", "")
        served = [
            (
                f"`{quote_ident(index.name.name)}`",
                f"`{'unique ' * index.unique}{_cell(index_text(index))}`",
                _cell("; ".join(purposes(design, table, index))),
            )
            for index in indexes
        ]
        yield from _grid(("Name", "Over", "Serves"), served)
    yield from _referring(design, table, files)


def _column(
    design: Design, table: Table, column: Column, files: Mapping[Name, str]
) -> tuple[str, ...]:
    words, expression = filled_by(column)
    default = [words, f"`{_cell(expression)}`" if expression else ""]
    return (
        f"`{_cell(quote_ident(column.name))}`",
        f"`{_cell(type_text(column.type))}`",
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
            target = f"`{_cell(f'{key.references.display()}.{quote_ident(theirs)}')}`"
            page = files.get(key.references)
            yield f"→ [{target}]({Path(page).name})" if page else f"→ {target}"
    enum = design.catalog.types.get(column.type.name)
    if isinstance(enum, Enum):
        yield ", ".join(f"`{_cell(quote_literal(label))}`" for label in enum.labels)
    if column.comment:
        yield _cell(column.comment)


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
            f"`{_cell(quote_ident(constraint.name))}`",
            f"`{_cell(constraint_text(constraint, indexes.get(constraint.index or '')))}`",
        )
        for constraint in shown
    ]
    yield from _grid(("Name", "Definition"), rows)


def _referring(design: Design, table: Table, files: Mapping[Name, str]) -> Iterator[str]:
    found = sorted(
        ((other, key) for other, key in design.catalog.references_to(table.name)),
        key=lambda pair: (pair[0].name, pair[1].name),
    )
    rows = [
        (
            f"[{_code(other.name)}]({Path(files[other.name]).name})",
            f"`{_cell(columns_text(key.columns))}`",
            {"c": "are deleted too", "n": "get NULL", "d": "get the default"}.get(
                key.on_delete, "prevent it"
            ),
        )
        for other, key in found
        if other.name in files
    ]
    if rows:
        yield from ("", "## Referred to by", "")
        yield from _grid(("Table", "Columns", "When a row here is deleted, they"), rows)


def _grid(heads: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> Iterator[str]:
    yield f"| {' | '.join(heads)} |".replace("|  |", "| |")
    yield "|" + " --- |" * len(heads)
    for row in rows:
        yield re.sub(r"\|  (?=\|)", "| ", f"| {' | '.join(row)} |")


def _code(name: Name) -> str:
    return f"`{_cell(name.display())}`"


def _cell(text: str) -> str:
    """*text* on one line of a table; a bar would end the cell."""
    return " ".join(text.split()).replace("|", "\\|")
