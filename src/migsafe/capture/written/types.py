"""SQLAlchemy's column types, as PostgreSQL writes them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from migsafe.capture.model import EnumGiven
from migsafe.capture.written.arguments import Signature, flag, number
from migsafe.capture.written.identifiers import literal, qualified
from migsafe.capture.written.values import NotWritten, Symbol, Type
from migsafe.values import replace

Make = Callable[[Sequence[Any], Mapping[str, Any]], Type]

# Names of PostgreSQL's own types, which newer versions of SQLAlchemy refuse for an enum.
_TAKEN = frozenset(
    '"char" _array bigint bit boolean bytea character cidr citext date datemultirange daterange '
    "float hstore inet int4multirange int4range int8multirange int8range integer interval json "
    "jsonb jsonpath macaddr macaddr8 money name numeric nummultirange numrange oid real regclass "
    "regconfig smallint text time timestamp tsmultirange tsquery tsrange tstzmultirange tstzrange "
    "tsvector uuid varchar char domain enum".split()
)


def _fixed(sql: str, parameters: str = "", numbers: str = "") -> Make:
    """A type of one form; its *parameters* matter to Python alone and are constants."""
    signature, made = Signature(parameters), Type(sql, numbers)

    def make(arguments: Sequence[Any], keywords: Mapping[str, Any]) -> Type:
        for value in signature.bind(arguments, keywords).values():
            if not (value is None or type(value) in (bool, int, Type) or _is_text_type(value)):
                raise NotWritten("an argument of a type")
        return made

    return make


def _is_text_type(value: Any) -> bool:
    """Whether *value* is the class `Text`, which ``astext_type`` may be."""
    return type(value) is Symbol and value.name in ("sqlalchemy.Text", "sqlalchemy.types.Text")


def _sized(sql: str, parameters: str = "length") -> Make:
    signature = Signature(parameters)

    def make(arguments: Sequence[Any], keywords: Mapping[str, Any]) -> Type:
        length = number(signature.bind(arguments, keywords).get("length"))
        return Type(f"{sql}({length})" if length else sql)

    return make


def _decimal(sql: str) -> Make:
    signature = Signature("precision scale decimal_return_scale asdecimal")

    def make(arguments: Sequence[Any], keywords: Mapping[str, Any]) -> Type:
        given = signature.bind(arguments, keywords)
        precision, scale = number(given.get("precision")), number(given.get("scale"))
        number(given.get("decimal_return_scale"))
        flag(given.get("asdecimal", True))
        if precision is None:
            return Type(sql, "numeric")
        sizes = f"{precision}" if scale is None else f"{precision}, {scale}"
        return Type(f"{sql}({sizes})", "numeric")

    return make


_FLOAT = Signature("precision asdecimal decimal_return_scale")


def _float(arguments: Sequence[Any], keywords: Mapping[str, Any]) -> Type:
    given = _FLOAT.bind(arguments, keywords)
    precision = number(given.get("precision"))
    number(given.get("decimal_return_scale"))
    flag(given.get("asdecimal", False))
    return Type(f"FLOAT({precision})" if precision else "FLOAT", "numeric")


def _moment(sql: str, parameters: str) -> Make:
    signature = Signature(parameters)

    def make(arguments: Sequence[Any], keywords: Mapping[str, Any]) -> Type:
        given = signature.bind(arguments, keywords)
        precision = number(given.get("precision"))
        size = "" if precision is None else f"({precision})"
        zone = "WITH" if flag(given.get("timezone", False)) else "WITHOUT"
        return Type(f"{sql}{size} {zone} TIME ZONE")

    return make


_BOOLEAN = Signature("create_constraint name")


def _boolean(arguments: Sequence[Any], keywords: Mapping[str, Any]) -> Type:
    given = _BOOLEAN.bind(arguments, keywords)
    if flag(given.get("create_constraint", False)):
        raise NotWritten("a check constraint of a type")
    return Type("BOOLEAN")


_BIT = Signature("length varying")


def _bit(arguments: Sequence[Any], keywords: Mapping[str, Any]) -> Type:
    given = _BIT.bind(arguments, keywords)
    length = number(given.get("length"))
    if flag(given.get("varying", False)):
        return Type("BIT VARYING" if length is None else f"BIT VARYING({length})")
    return Type(f"BIT({length or 1})")


_ARRAY = Signature("item_type as_tuple dimensions zero_indexes", required=1)


def _array(arguments: Sequence[Any], keywords: Mapping[str, Any]) -> Type:
    given = _ARRAY.bind(arguments, keywords)
    item = type_of(given["item_type"])
    dimensions = number(given.get("dimensions"))
    flag(given.get("as_tuple", False)), flag(given.get("zero_indexes", False))
    if item.is_array or item.enum is not None or dimensions == 0:
        raise NotWritten("an array of another type")
    return Type(item.sql + "[]" * (dimensions or 1), is_array=True)


_NATIVE = Signature("", "name schema create_type native_enum create_constraint validate_strings")
_ENUM = Signature(
    "", "name schema native_enum length create_constraint validate_strings create_type"
)


def _native_enum(arguments: Sequence[Any], keywords: Mapping[str, Any]) -> Type:
    """``postgresql.ENUM``."""
    given = _NATIVE.bind((), keywords)
    if not flag(given.get("native_enum", True)):
        raise NotWritten("an enum that is none")
    return _of_own(arguments, given, creates=flag(given.get("create_type", True)), is_native=True)


def _enum(arguments: Sequence[Any], keywords: Mapping[str, Any]) -> Type:
    """``sqlalchemy.Enum``."""
    given = _ENUM.bind((), keywords)
    if "create_type" in given:
        raise NotWritten("create_type of sqlalchemy.Enum")
    length, labels = number(given.get("length")), _labels(arguments, given)
    longest = max(map(len, labels))
    if longest == 0 or (length is not None and length < longest):
        raise NotWritten("an enum that is too short")
    if flag(given.get("native_enum", True)):
        return _of_own(arguments, given, creates=True, is_native=False)
    name = given.get("name")
    if not (name is None or type(name) is str) or given.get("schema") is not None:
        raise NotWritten("an enum with a name that is no text")
    given_as = EnumGiven(labels, name, create_type=False)
    return Type(f"VARCHAR({length or longest})", enum=given_as)


def _of_own(
    arguments: Sequence[Any], given: Mapping[str, Any], *, creates: bool, is_native: bool
) -> Type:
    """An enum that is a type of PostgreSQL."""
    labels = _labels(arguments, given)
    name, schema = given.get("name"), given.get("schema")
    sql = qualified(schema, name)
    if name in _TAKEN:
        raise NotWritten("an enum with the name of another type")
    return Type(
        sql,
        enum=EnumGiven(labels, name, schema, create_type=creates),
        create=f"CREATE TYPE {sql} AS ENUM ({', '.join(map(literal, labels))})",
        drop=f"DROP TYPE {sql}",
        is_native=is_native,
    )


def _labels(arguments: Sequence[Any], given: Mapping[str, Any]) -> tuple[str, ...]:
    flag(given.get("validate_strings", False))
    if flag(given.get("create_constraint", False)):
        raise NotWritten("a check constraint of a type")
    if not arguments or any(type(label) is not str for label in arguments):
        raise NotWritten("labels that are no texts")
    return tuple(arguments)


_INTERVAL = Signature("", "native")


def _interval(arguments: Sequence[Any], keywords: Mapping[str, Any]) -> Type:
    if not flag(_INTERVAL.bind(arguments, keywords).get("native", True)):
        raise NotWritten("an interval that is none")
    return Type("INTERVAL")


_COMMON: dict[str, Make] = {
    "BIGINT": _fixed("BIGINT", numbers="bigint"),
    "BOOLEAN": _boolean,
    "CHAR": _sized("CHAR"),
    "DATE": _fixed("DATE"),
    "DOUBLE_PRECISION": _fixed("DOUBLE PRECISION", "precision asdecimal", "numeric"),
    "FLOAT": _float,
    "INTEGER": _fixed("INTEGER", numbers="integer"),
    "NUMERIC": _decimal("NUMERIC"),
    "REAL": _fixed("REAL", "precision asdecimal", "numeric"),
    "SMALLINT": _fixed("SMALLINT", numbers="smallint"),
    "TEXT": _sized("TEXT"),
    "UUID": _fixed("UUID", "as_uuid"),
    "VARCHAR": _sized("VARCHAR"),
    "ARRAY": _array,
}
_GENERIC: dict[str, Make] = {
    **_COMMON,
    "BigInteger": _COMMON["BIGINT"],
    "Boolean": _boolean,
    "DATETIME": _fixed("DATETIME", "timezone"),
    "DECIMAL": _decimal("DECIMAL"),
    "Date": _COMMON["DATE"],
    "DateTime": _moment("TIMESTAMP", "timezone"),
    "Double": _fixed("DOUBLE PRECISION", "precision asdecimal", "numeric"),
    "Enum": _enum,
    "Float": _float,
    "INT": _COMMON["INTEGER"],
    "Integer": _COMMON["INTEGER"],
    "Interval": _interval,
    "JSON": _fixed("JSON", "none_as_null"),
    "LargeBinary": _fixed("BYTEA", "length"),
    "NCHAR": _sized("NCHAR"),
    "NVARCHAR": _sized("NVARCHAR"),
    "Numeric": _COMMON["NUMERIC"],
    "SmallInteger": _COMMON["SMALLINT"],
    "String": _COMMON["VARCHAR"],
    "TIME": _moment("TIME", "timezone"),
    "TIMESTAMP": _moment("TIMESTAMP", "timezone"),
    "Text": _COMMON["TEXT"],
    "Time": _moment("TIME", "timezone"),
    "Unicode": _COMMON["VARCHAR"],
    "UnicodeText": _COMMON["TEXT"],
    "Uuid": _fixed("UUID", "as_uuid"),
}
_POSTGRESQL: dict[str, Make] = {
    **_COMMON,
    "BIT": _bit,
    "BYTEA": _fixed("BYTEA", "length"),
    "ENUM": _native_enum,
    "HSTORE": _fixed("HSTORE", "text_type"),
    "INTERVAL": _fixed("INTERVAL"),
    "JSON": _fixed("JSON", "none_as_null astext_type"),
    "JSONB": _fixed("JSONB", "none_as_null astext_type"),
    "TIME": _moment("TIME", "timezone precision"),
    "TIMESTAMP": _moment("TIMESTAMP", "timezone precision"),
    **{
        name: _fixed(name)
        for name in (
            "INET CIDR MACADDR MACADDR8 MONEY OID REGCLASS REGCONFIG TSQUERY TSVECTOR "
            "INT4RANGE INT8RANGE NUMRANGE DATERANGE TSRANGE TSTZRANGE INT4MULTIRANGE "
            "INT8MULTIRANGE NUMMULTIRANGE DATEMULTIRANGE TSMULTIRANGE TSTZMULTIRANGE"
        ).split()
    },
}


def _by_full_name() -> Iterator[tuple[str, Make]]:
    for name, make in _GENERIC.items():
        yield f"sqlalchemy.{name}", make
        yield f"sqlalchemy.types.{name}", make
    yield "sqlmodel.AutoString", _COMMON["VARCHAR"]
    yield "sqlmodel.sql.sqltypes.AutoString", _COMMON["VARCHAR"]
    for name, make in _POSTGRESQL.items():
        yield f"sqlalchemy.dialects.postgresql.{name}", make


TYPES: dict[str, Make] = dict(_by_full_name())
"""What makes a type, by the full name of SQLAlchemy's class."""


def type_of(value: Any) -> Type:
    """*value* as a type: one that is made, or a class."""
    if type(value) is Type:
        return value
    if type(value) is Symbol and (make := TYPES.get(value.name)) is not None:
        return make((), {})
    raise NotWritten("a type that is not known")


def with_variant(base: Type, arguments: Sequence[Any], keywords: Mapping[str, Any]) -> Type:
    """``type.with_variant(other, "dialect", …)``; a key is numbered as its own type says."""
    dialects = arguments[1:]
    if keywords or not dialects or any(type(one) is not str for one in dialects):
        raise NotWritten("a variant of a type")
    other = type_of(arguments[0])
    if base.enum is not None or other.enum is not None:
        raise NotWritten("a variant of an enum")
    variants = (*base.variants, *dialects)
    if other.variants or len(set(variants)) < len(variants):
        raise NotWritten("a variant of a variant")
    if "postgresql" not in dialects:
        return replace(base, variants=variants)
    numbers = other.numbers if other.numbers == base.numbers else "numeric"
    return replace(other, numbers=numbers, variants=variants)
