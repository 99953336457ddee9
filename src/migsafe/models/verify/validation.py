"""The same values for Pydantic and for PostgreSQL: do both say the same?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from migsafe.catalog import ConstraintKind
from migsafe.models.mapping import limits_of, table_of
from migsafe.models.rule import Design
from migsafe.models.verify.proof import Proof, Verdict
from migsafe.models.verify.schemas import Unclear, Validator, validators_of
from migsafe.report.parts import plural
from migsafe.seed.constants import Constants, constants_of

_ODD = "!?! ~"  # a text that no pattern and no list of words has
_LONGEST = 100_000


def validation_proofs(
    url: str, design: Design, mappers: tuple[Any, ...], modules: Sequence[str] = ()
) -> Iterator[Proof]:
    """What each field that validates says of values at its limits, and what the database says.

    *modules* have schemas; see `validators_of`.
    """
    import sqlalchemy as sa

    found = list(validators_of(mappers, modules))
    yield from (_undecided(one) for one in found if isinstance(one, Unclear))
    validators = [one for one in found if isinstance(one, Validator)]
    if not validators:
        return
    engine = sa.create_engine(url, poolclass=sa.NullPool)
    with engine.connect() as connection:
        rows = {one.mapper: _row(connection, one.mapper) for one in validators}
        for one in validators:
            comparison = _Comparison(connection, design, one, rows[one.mapper])
            for prop in one.mapper.column_attrs if comparison.row is not None else ():
                if prop.key in one.cls.model_fields and _is_compared(one.mapper, prop):
                    yield from comparison.of(prop)


def _undecided(schema: Unclear) -> Proof:
    names = sorted(f"{cls.__module__}.{cls.__qualname__}" for cls in schema.classes)
    told = f"its name fits {' and '.join(names)}: it is compared with none"
    return Proof("validation", None, schema.cls.__qualname__, Verdict.UNTRIED, told)


def _row(connection: Any, mapper: Any) -> Any:
    """The values of some row by column; None in an empty table."""
    import sqlalchemy as sa

    table = mapper.local_table
    try:
        found = connection.execute(sa.select(table).limit(1)).mappings().first()
    except (sa.exc.SQLAlchemyError, LookupError, ValueError):
        return None
    finally:
        connection.rollback()
    return None if found is None else dict(found)


def _is_compared(mapper: Any, prop: Any) -> bool:
    column = prop.columns[0]
    is_own = mapper.local_table.c.get(column.key) is column
    return is_own and column.computed is None and not column.primary_key


@dataclass(frozen=True)
class _Comparison:
    """Asks a *validator* and the database about the same values in the same *row*."""

    connection: Any
    design: Design
    validator: Validator
    row: Any

    def of(self, prop: Any) -> Iterator[Proof]:
        """The proof for one attribute; none for one of a schema that nothing limits."""
        count, laxer = 0, ""
        mine = "schema" if self.validator.is_schema else "model"
        field = self.validator.cls.model_fields[prop.key]
        for shown, value in _values(field, prop.columns[0], self._checks(prop)):
            if value is None and self._stands_for_nothing(field):
                continue
            model, database = self._model_takes(prop, field, value), self._takes(prop, value)
            if model is None or database is None:
                continue
            count += 1
            if not model and database:
                yield self._proof(prop, Verdict.WEAK, self._stricter(shown, mine))
                return
            if model and not database and not laxer:
                laxer = f"the database refuses {shown}, which the {mine} takes"
        if laxer and self.validator.is_input:
            told = f"{laxer}: who sends it hears of it from the database alone"
            yield self._proof(prop, Verdict.WEAK, told)
        elif laxer:
            told = f"{laxer}: the database is the stricter one"
            yield self._proof(prop, Verdict.PROVED, told)
        elif count:
            told = f"{mine} and database agree on {plural(count, 'value')}"
            yield self._proof(prop, Verdict.PROVED, told)
        elif not self.validator.is_schema:
            yield self._proof(prop, Verdict.UNTRIED, "no values of its type are known")

    def _stricter(self, shown: str, mine: str) -> str:
        if self.validator.is_schema and not self.validator.is_input:
            return f"the database takes {shown}, which the schema cannot show"
        return f"the {mine} refuses {shown}, and the database takes it from everybody else"

    def _proof(self, prop: Any, verdict: Verdict, told: str) -> Proof:
        subject = f"{self.validator.cls.__name__}.{prop.key}"
        return Proof(
            "validation", table_of(self.design, self.validator.mapper), subject, verdict, told
        )

    def _checks(self, prop: Any) -> list[str]:
        """The CHECKs of this column alone."""
        table = self.design.catalog.tables.get(table_of(self.design, self.validator.mapper))
        checks = () if table is None else table.constraints_of(ConstraintKind.CHECK)
        name = str(prop.columns[0].name)
        return [str(check.expression) for check in checks if check.columns == (name,)]

    def _stands_for_nothing(self, field: Any) -> bool:
        """Whether None is how a schema says that a value was not given."""
        return self.validator.is_input and not field.is_required() and field.default is None

    def _model_takes(self, prop: Any, field: Any, value: Any) -> bool | None:
        """Whether the class takes *value*, with the other fields as in the row."""
        from pydantic import ValidationError

        cls = self.validator.cls
        given = {
            _spelling(cls.model_fields[other.key], other.key): self.row[other.columns[0].name]
            for other in self.validator.mapper.column_attrs
            if other.columns[0].name in self.row and other.key in cls.model_fields
        }
        key = _spelling(field, prop.key)
        try:
            cls.model_validate({**given, key: value})
        except ValidationError as error:
            places = {str(one["loc"][0]) for one in error.errors() if one["loc"]}
            return not places & {key, prop.key}
        except Exception:  # a validator of the class's own that cannot take our row
            return None
        return True

    def _takes(self, prop: Any, value: Any) -> bool | None:
        """Whether the database takes *value* in the row."""
        import sqlalchemy as sa

        table, column = self.validator.mapper.local_table, prop.columns[0]
        key = [c == self.row[c.name] for c in table.primary_key]
        if not key:
            return None
        given: Any = sa.null() if value is None else value
        if isinstance(value, str) and isinstance(column.type, sa.Enum):
            # Bound as an enum, SQLAlchemy would refuse it before PostgreSQL hears of it.
            given = sa.cast(sa.literal(value, sa.String()), column.type)
        try:
            statement = sa.update(table).where(*key).values({column.name: given})
            self.connection.execute(statement)
        except sa.exc.DBAPIError as error:
            # What is refused because of other rows says nothing about the value.
            state = getattr(error.orig, "sqlstate", None)
            return None if state in ("23505", "23503", "23P01") else False
        except (sa.exc.SQLAlchemyError, LookupError, TypeError, ValueError):
            return None
        finally:
            self.connection.rollback()
        return True


def _spelling(field: Any, key: str) -> str:
    """What the field is called in what comes in."""
    alias = field.validation_alias or field.alias
    return alias if isinstance(alias, str) else key


def _values(field: Any, column: Any, checks: Sequence[str]) -> Iterator[tuple[str, Any]]:
    """Values at the limits: of the field, of the column, and of the CHECKs about it."""
    limits = list(limits_of(field))
    constants = constants_of(checks)
    kind = _python(column)
    yield "NULL", None
    if kind is str:
        yield from _texts(limits, column, constants)
    if kind in (int, float, Decimal):
        yield from _numbers(kind, limits, column, constants)


def _texts(
    limits: Sequence[tuple[str, Any]], column: Any, constants: Constants
) -> Iterator[tuple[str, Any]]:
    is_enum = bool(getattr(column.type, "enums", None))
    longest = [value for word, value in limits if word == "max_length"]
    longest += [getattr(column.type, "length", None)]
    lengths = {int(edge) + 1 for edge in longest if edge is not None and not is_enum}
    lengths |= {int(n) + step for n in constants.numbers if n.isdigit() for step in (-1, 1)}
    lengths |= {int(value) - 1 for word, value in limits if word == "min_length"}
    for length in sorted(n for n in lengths if 0 <= n <= _LONGEST):
        yield f"a text of {length}", "x" * length
    if is_enum or "pattern" in dict(limits) or constants.strings or constants.patterns:
        yield repr(_ODD), _ODD


def _numbers(
    kind: Any, limits: Sequence[tuple[str, Any]], column: Any, constants: Constants
) -> Iterator[tuple[str, Any]]:
    steps = {"ge": -1, "gt": 0, "le": 1, "lt": 0}
    for word, limit in limits:
        if word in steps:
            yield str(kind(limit) + steps[word]), kind(limit) + steps[word]
    for number in constants.numbers:
        for step in (-1, 0, 1):
            if kind is not int or Decimal(number) % 1 == 0:
                yield str(kind(number) + step), kind(number) + step
    digits = getattr(column.type, "precision", None)
    if kind is Decimal and digits is not None:
        whole = int(digits) - int(column.type.scale or 0)
        yield f"a number of {whole + 1} digits before the point", Decimal(10) ** whole


def _python(column: Any) -> Any:
    type_ = getattr(column.type, "impl_instance", column.type)  # of a TypeDecorator
    try:
        return type_.python_type
    except NotImplementedError:
        return None
