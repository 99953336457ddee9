"""What each index is for, in words: the constraint, the foreign key or the question it serves."""

from __future__ import annotations

from collections.abc import Iterator

from migsafe.catalog import ConstraintKind, Index, Table
from migsafe.models.rule import Design
from migsafe.models.serving import answers, foreign_keys, repeated
from migsafe.models.words import bare, columns_text, key_text
from migsafe.names import quote_ident
from migsafe.rule.words import listed

_CONTAINERS = {
    "jsonb": "documents that contain others",
    "tsvector": "full-text search",
    "hstore": "pairs that are contained",
}
_RANGES = "values that overlap or contain others"


def purposes(design: Design, table: Table, index: Index) -> tuple[str, ...]:
    """The reasons for *index* of *table*, the strongest first; never empty."""
    return tuple(_purposes(design, table, index))


def _purposes(design: Design, table: Table, index: Index) -> Iterator[str]:
    yield from _enforced(table, index)
    served = [
        key
        for key in foreign_keys(table)
        if answers(index, key.columns) == len(key.columns) and key.references is not None
    ]
    for key in served:
        target = key.references.display() if key.references else ""
        yield f"foreign key {columns_text(key.columns)} → {target}: its rows, and deletes there"
    questions = list(_questions(table, index))
    fronts = {key.columns for key in served}
    if questions and (not served or len(index.keys) > max(map(len, fronts))):
        yield f"look-ups by {listed(questions)}" if index.method == "btree" else listed(questions)
    if index.include:
        yield f"answers with {columns_text(index.include)} without reading the table"
    if index.predicate is not None and not index.unique:
        yield f"only for rows where {bare(index.predicate)}"
    if not index.valid:
        yield "nothing: it is invalid"
    for needless, better in repeated(design.catalog, table.name):
        if needless == index:
            yield f"nothing that {quote_ident(better.name.name)} does not do (MS809)"


def _enforced(table: Table, index: Index) -> Iterator[str]:
    constraint = None if index.constraint is None else table.constraint(index.constraint)
    where = f" where {bare(index.predicate)}" if index.predicate is not None else ""
    if constraint is not None and constraint.kind is ConstraintKind.PRIMARY_KEY:
        yield "the primary key"
    elif constraint is not None and constraint.kind is ConstraintKind.EXCLUDE:
        yield "the exclusion constraint"
    elif index.unique:
        one = len(index.keys) == 1
        yield f"keeps {_keys(index)} unique{'' if one else ' together'}{where}"


def _keys(index: Index) -> str:
    return ", ".join(key_text(key) for key in index.keys)


def _questions(table: Table, index: Index) -> Iterator[str]:
    constraint = None if index.constraint is None else table.constraint(index.constraint)
    if constraint is not None and constraint.kind is not ConstraintKind.UNIQUE:
        return
    for key in index.keys:
        column = table.column(key.column) if key.column is not None else None
        word = column.name if column is not None else bare(key.expression)
        type_ = column.type if column is not None else None
        if key.opclass is not None and key.opclass.name.endswith("trgm_ops"):
            yield f"parts of and likeness to {word} (LIKE, ILIKE, %)"
        elif index.method in ("gin", "gist") and type_ is not None and type_.dimensions:
            yield f"elements of {word}"
        elif index.method in ("gin", "gist") and type_ is not None:
            does = _CONTAINERS.get(type_.name.name)
            does = _RANGES if does is None and index.method == "gist" else does
            yield f"{does} in {word}" if does else word
        else:
            yield word
