"""The same values for Pydantic, as SQLModel uses it, and for PostgreSQL: do both say the same?"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from migsafe.models.rule import Design
from migsafe.models.verify.proof import Proof, Verdict
from migsafe.names import Name
from migsafe.report.parts import plural

_WORDS = {True: "takes", False: "refuses"}


def validation_proofs(url: str, design: Design, mappers: tuple[Any, ...]) -> Iterator[Proof]:
    """What each field of a model that validates says of values at its limits, and the database."""
    import sqlalchemy as sa

    engine = sa.create_engine(url, poolclass=sa.NullPool)
    with engine.connect() as connection:
        for mapper in mappers:
            fields = getattr(mapper.class_, "model_fields", None)
            row = _row(connection, mapper) if fields else None
            if not fields or row is None:
                continue
            for prop in mapper.column_attrs:
                column = prop.columns[0]
                if prop.key in fields and column.computed is None and not column.primary_key:
                    yield _compared(connection, design, mapper, prop, row)


def _row(connection: Any, mapper: Any) -> Any:
    """The key of some row, and its values by attribute; None in an empty table."""
    import sqlalchemy as sa

    table = mapper.local_table
    try:
        found = connection.execute(sa.select(table).limit(1)).mappings().first()
    except (sa.exc.SQLAlchemyError, LookupError, ValueError):
        return None
    finally:
        connection.rollback()
    return None if found is None else dict(found)


def _compared(connection: Any, design: Design, mapper: Any, prop: Any, row: Any) -> Proof:
    column = prop.columns[0]
    table = mapper.local_table
    name = design.catalog.qualify(Name(table.schema, str(table.name)))

    def proof(verdict: Verdict, told: str) -> Proof:
        return Proof("validation", name, f"{mapper.class_.__name__}.{prop.key}", verdict, told)

    count, laxer = 0, ""
    for shown, value in _values(mapper, prop):
        model = _model_takes(mapper, prop, row, value)
        database = _database_takes(connection, table, column, row, value)
        if model is None or database is None:
            continue
        count += 1
        if not model and database:
            told = f"the model refuses {shown}, and the database takes it from everybody else"
            return proof(Verdict.WEAK, told)
        if model and not database and not laxer:
            laxer = f"the database refuses {shown}, which the model takes"
    if laxer:
        return proof(Verdict.PROVED, f"{laxer}: the database is the stricter one")
    if not count:
        return proof(Verdict.UNTRIED, "no values of its type are known")
    return proof(Verdict.PROVED, f"model and database agree on {plural(count, 'value')}")


def _values(mapper: Any, prop: Any) -> Iterator[tuple[str, Any]]:
    """Values at the limits of a field: those of its annotation and those of the column."""
    field = mapper.class_.model_fields[prop.key]
    column = prop.columns[0]
    limits = {}
    for entry in field.metadata:
        for word in ("ge", "gt", "le", "lt", "max_length", "min_length"):
            if getattr(entry, word, None) is not None:
                limits[word] = getattr(entry, word)
    kind = _python(column)
    yield "NULL", None
    if kind is str:
        given = (limits.get("max_length"), getattr(column.type, "length", None))
        edges = {int(edge) for edge in given if edge is not None}
        for edge in sorted(edges):
            yield f"a text of {edge + 1}", "x" * (edge + 1)
        if limits.get("min_length"):
            shorter = int(limits["min_length"]) - 1
            yield f"a text of {shorter}", "x" * shorter
    if kind in (int, float, Decimal):
        for word, step in (("ge", -1), ("gt", 0), ("le", 1), ("lt", 0)):
            if word in limits:
                value = kind(limits[word]) + step
                yield str(value), value


def _python(column: Any) -> Any:
    type_ = getattr(column.type, "impl_instance", column.type)  # of a TypeDecorator
    try:
        return type_.python_type
    except NotImplementedError:
        return None


def _model_takes(mapper: Any, prop: Any, row: Any, value: Any) -> bool | None:
    """Whether the model takes *value*, with the other fields as in *row*."""
    from pydantic import ValidationError

    given = {
        other.key: row[other.columns[0].name]
        for other in mapper.column_attrs
        if other.columns[0].name in row and other.key in mapper.class_.model_fields
    }
    try:
        mapper.class_.model_validate({**given, prop.key: value})
    except ValidationError as error:
        return prop.key not in {str(one["loc"][0]) for one in error.errors() if one["loc"]}
    except Exception:  # a validator of the model's own that cannot take our row
        return None
    return True


def _database_takes(connection: Any, table: Any, column: Any, row: Any, value: Any) -> bool | None:
    import sqlalchemy as sa

    key = [c == row[c.name] for c in table.primary_key]
    if not key:
        return None
    try:
        given = sa.null() if value is None else value
        connection.execute(sa.update(table).where(*key).values({column.name: given}))
    except sa.exc.DBAPIError as error:
        # What is refused because of other rows says nothing about the value.
        state = getattr(error.orig, "sqlstate", None)
        return None if state in ("23505", "23503", "23P01") else False
    except (sa.exc.SQLAlchemyError, LookupError, TypeError, ValueError):
        return None
    finally:
        connection.rollback()
    return True
