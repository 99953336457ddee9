"""What a diagram shows of a design: boxes, rows and lines, and what a migration changes of them."""

from __future__ import annotations

import enum
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from migsafe.catalog import Catalog, Column, Constraint, ConstraintKind, Enum, Index, Table
from migsafe.models.rule import Design
from migsafe.models.serving import foreign_keys, is_mandatory, is_unique
from migsafe.models.words import ACTIONS, constraint_text, index_text, type_text
from migsafe.names import Name, quote_literal


class Change(enum.Enum):
    """What became of something between two states of a schema."""

    NONE = ""
    NEW = "new"
    GONE = "gone"
    OTHER = "changed"


@dataclass(frozen=True)
class Row:
    """A column; *keys* are some of ``PK``, ``FK``, ``UK``."""

    name: str
    type: str
    keys: tuple[str, ...] = ()
    not_null: bool = False
    generated: bool = False
    labels: str = ""
    comment: str = ""
    change: Change = Change.NONE
    was: str = ""


@dataclass(frozen=True)
class Box:
    """A table; *others* are indexes and constraints, all of them or those that change."""

    name: Name
    rows: tuple[Row, ...]
    others: tuple[tuple[str, Change], ...] = ()
    comment: str = ""
    change: Change = Change.NONE


@dataclass(frozen=True)
class Line:
    """A foreign key, from the *child* that refers to its *parent*.

    Attributes:
        columns: of the child; *referenced* are those of the parent.
        is_mandatory: whether each child has a parent.
        is_single: whether a parent has at most one child.
        is_identifying: whether it is part of the child's primary key.
        action: ``CASCADE`` and so on; empty for NO ACTION.
    """

    child: Name
    columns: tuple[str, ...]
    parent: Name
    referenced: tuple[str, ...]
    is_mandatory: bool
    is_single: bool
    is_identifying: bool
    action: str
    change: Change = Change.NONE


@dataclass(frozen=True)
class Drawing:
    """All there is to draw, by name; *compares* when it shows what changes."""

    boxes: tuple[Box, ...]
    lines: tuple[Line, ...]
    compares: bool = False

    @property
    def schemas(self) -> tuple[str, ...]:
        """The schemas of the tables, sorted."""
        return tuple(sorted({str(box.name.schema) for box in self.boxes}))


def drawing(design: Design, before: Design | None = None) -> Drawing:
    """What to draw of *design*; what differs from *before*, if given, is marked."""
    after = _plain(design)
    return after if before is None else _compared(_plain(before), after)


def _plain(design: Design) -> Drawing:
    tables = list(design.tables())
    drawn = {table.name for table in tables}
    lines = [
        _line(design.catalog, table, key)
        for table in tables
        for key in foreign_keys(table)
        if key.references in drawn
    ]
    return Drawing(tuple(_box(design.catalog, table) for table in tables), tuple(lines))


def _box(catalog: Catalog, table: Table) -> Box:
    rows = tuple(_row(catalog, table, column) for column in table.columns)
    others = tuple((text, Change.NONE) for text in _others(catalog, table))
    return Box(table.name, rows, others, table.comment or "")


def _row(catalog: Catalog, table: Table, column: Column) -> Row:
    enum_ = catalog.types.get(column.type.name)
    labels = ", ".join(map(quote_literal, enum_.labels)) if isinstance(enum_, Enum) else ""
    return Row(
        column.name,
        type_text(column.type),
        _keys(catalog, table, column),
        column.not_null,
        column.generated is not None,
        labels,
        column.comment or "",
    )


def _keys(catalog: Catalog, table: Table, column: Column) -> tuple[str, ...]:
    primary = table.primary_key
    alone = primary is not None and primary.columns == (column.name,)
    found = {
        "PK": primary is not None and column.name in primary.columns,
        "FK": any(column.name in key.columns for key in foreign_keys(table)),
        "UK": not alone and is_unique(catalog, table, (column.name,)),
    }
    return tuple(word for word, holds in found.items() if holds)


def _others(catalog: Catalog, table: Table) -> Iterator[str]:
    """Constraints and indexes that no row or line shows."""
    shown = (ConstraintKind.CHECK, ConstraintKind.EXCLUDE, ConstraintKind.UNIQUE)
    indexes: Mapping[str, Index] = {i.name.name: i for i in catalog.indexes_of(table.name)}
    for constraint in sorted(table.constraints, key=lambda one: one.name):
        if constraint.kind in shown:
            yield constraint_text(constraint, indexes.get(constraint.index or ""))
    for name in sorted(indexes):
        index = indexes[name]
        if index.constraint is None:
            yield f"{'UNIQUE ' * index.unique}INDEX {index_text(index)}"


def _line(catalog: Catalog, table: Table, key: Constraint) -> Line:
    assert key.references is not None
    primary = table.primary_key
    return Line(
        table.name,
        key.columns,
        key.references,
        key.referenced_columns,
        is_mandatory=is_mandatory(table, key.columns),
        is_single=is_unique(catalog, table, key.columns),
        is_identifying=primary is not None and set(key.columns) <= set(primary.columns),
        action="" if key.on_delete == "a" else ACTIONS[key.on_delete],
    )


# -- two states ----------------------------------------------------------------------------------


def _compared(before: Drawing, after: Drawing) -> Drawing:
    old = {box.name: box for box in before.boxes}
    new = {box.name: box for box in after.boxes}
    boxes = [_both(old.get(name), new.get(name)) for name in sorted({*old, *new})]
    keys = {(line.child, line.columns, line.parent): line for line in before.lines}
    lines = []
    for line in after.lines:
        was = keys.pop((line.child, line.columns, line.parent), None)
        change = Change.NEW if was is None else Change.NONE if was == line else Change.OTHER
        lines.append(replace(line, change=change))
    lines += [replace(line, change=Change.GONE) for line in keys.values()]
    return Drawing(tuple(boxes), tuple(lines), compares=True)


def _both(old: Box | None, new: Box | None) -> Box:
    if old is None or new is None:
        box, change = (new, Change.NEW) if old is None else (old, Change.GONE)
        assert box is not None
        rows = tuple(replace(row, change=change) for row in box.rows)
        return replace(box, rows=rows, change=change, others=())
    rows = tuple(_rows(old, new))
    others = tuple(
        [(text, Change.NEW) for text, _ in new.others if (text, Change.NONE) not in old.others]
        + [(text, Change.GONE) for text, _ in old.others if (text, Change.NONE) not in new.others]
    )
    touched = others or any(row.change is not Change.NONE for row in rows)
    return replace(new, rows=rows, others=others, change=Change.OTHER if touched else Change.NONE)


def _rows(old: Box, new: Box) -> Iterator[Row]:
    were = {row.name: row for row in old.rows}
    for row in new.rows:
        was = were.pop(row.name, None)
        if was is None:
            yield replace(row, change=Change.NEW)
        elif was != row:
            yield replace(row, change=Change.OTHER, was="" if was.type == row.type else was.type)
        else:
            yield row
    yield from (replace(row, change=Change.GONE) for row in were.values())
