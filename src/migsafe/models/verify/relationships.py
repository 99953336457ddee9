"""Load each relationship of the models from rows, and back again."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from migsafe.models.mapping import table_of
from migsafe.models.rule import Design
from migsafe.models.verify.proof import Proof, Verdict
from migsafe.names import quote_ident, quote_literal

_ROWS = 5


def settle_identities(connection: Any, design: Design, mappers: tuple[Any, ...]) -> None:
    """Give rows of tables with inheritance the identity of a class that has all their parts."""
    for mapper in mappers:
        column: Any = mapper.polymorphic_on
        if mapper.inherits is not None or column is None:
            continue
        if not mapper.local_table.columns.contains_column(column):
            continue
        for child in mapper.self_and_descendants:
            label = _label(column, child.polymorphic_identity)
            if label is None or (child is not mapper and child.local_table is mapper.local_table):
                continue
            own = f"UPDATE {table_of(design, mapper)} SET {quote_ident(column.name)} = {label}"
            if child is not mapper:
                ours = ", ".join(quote_ident(c.name) for c in mapper.local_table.primary_key)
                theirs = ", ".join(quote_ident(c.name) for c in child.local_table.primary_key)
                own += f" WHERE ({ours}) IN (SELECT {theirs} FROM {table_of(design, child)})"
            connection.execute(own)


def _label(column: Any, identity: Any) -> str | None:
    if identity is None:
        return None
    labels = getattr(column.type, "_object_lookup", None)  # of sqlalchemy.Enum: label by member
    found = next((k for k, v in (labels or {}).items() if v == identity), identity)
    return quote_literal(str(found))


def relationship_proofs(url: str, design: Design, mappers: tuple[Any, ...]) -> Iterator[Proof]:
    """Each relationship loaded for a few rows, with its inverse, in the database at *url*."""
    import sqlalchemy as sa
    from sqlalchemy.orm import Session

    engine = sa.create_engine(url, poolclass=sa.NullPool)
    for mapper in mappers:
        for relation in sorted(mapper.relationships, key=lambda one: str(one.key)):
            if relation.parent is mapper:
                with Session(engine) as session:
                    yield _loaded(session, design, mapper, relation)


def _loaded(session: Any, design: Design, mapper: Any, relation: Any) -> Proof:
    def proof(verdict: Verdict, told: str) -> Proof:
        subject = f"{mapper.class_.__name__}.{relation.key}"
        return Proof("relationship", table_of(design, mapper), subject, verdict, told)

    try:
        count, lost = _both_ways(session, mapper, relation)
    except Exception as error:  # whatever the models' own code raises when a row is loaded
        return proof(Verdict.WRONG, f"it does not load: {_first(error)}")
    if lost:
        return proof(Verdict.WRONG, f"{lost} of {count} rows do not come back by {_back(relation)}")
    if not count:
        return proof(Verdict.UNTRIED, "no row refers to another by it")
    back = _back(relation)
    return proof(Verdict.PROVED, f"it loads{f', and back by {back}' if back else ''}")


def _both_ways(session: Any, mapper: Any, relation: Any) -> tuple[int, int]:
    """How many rows were reached, and how many of them do not lead back."""
    import sqlalchemy as sa
    from sqlalchemy.orm import selectinload

    key = relation.key
    attribute = getattr(mapper.class_, key)
    query = sa.select(mapper.class_).where(_used(attribute, relation)).limit(_ROWS)
    loadable = relation.lazy not in ("dynamic", "write_only", "noload")
    if loadable:
        query = query.options(selectinload(attribute))
    count, lost = 0, 0
    for row in session.scalars(query).unique():
        for other in _members(getattr(row, key)) if loadable else ():
            count += 1
            for inverse in relation._reverse_property:
                if row not in list(_members(getattr(other, inverse.key))):
                    lost += 1
    return count, lost


def _used(attribute: Any, relation: Any) -> Any:
    """That the row refers to some other."""
    return attribute.any() if relation.uselist else attribute.has()


def _members(value: Any) -> Iterator[Any]:
    if isinstance(value, dict):
        yield from value.values()
    elif hasattr(value, "_sa_instance_state"):
        yield value
    elif value is not None:
        yield from value


def _back(relation: Any) -> str:
    names = sorted(f"{p.parent.class_.__name__}.{p.key}" for p in relation._reverse_property)
    return ", ".join(names)


def _first(error: BaseException) -> str:
    cause = getattr(error, "orig", None) or error
    lines = str(cause).strip().splitlines() or ["no reason given"]
    return f"{type(cause).__name__}: {lines[0]}"
