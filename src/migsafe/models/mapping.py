"""The mapped classes of a design: what their annotations, fields and relationships promise."""

from __future__ import annotations

import inspect
import types
import typing
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from migsafe.catalog import Column
from migsafe.models.places import descendants
from migsafe.models.rule import Design
from migsafe.names import Name

if TYPE_CHECKING:
    from sqlalchemy import MetaData


@dataclass(frozen=True)
class Attribute:
    """An attribute of a class and the column it is mapped to.

    Attributes:
        mapper: the `sqlalchemy.orm.Mapper` of the class that declares it.
        key: its name in the class.
        declared: the `sqlalchemy.Column`.
        table, column: the same as the design has it.
        annotation: its type without `Mapped`, None when there is none or it cannot be resolved.
        field: the `FieldInfo` of Pydantic, None in classes that do not validate.
    """

    mapper: Any
    key: str
    declared: Any
    table: Name
    column: Column
    annotation: Any = None
    field: Any = None


def mappers_of(metadata: MetaData | None) -> tuple[Any, ...]:
    """The mappers of all classes that are mapped to tables of *metadata*, by name."""
    tables = {id(table) for table in metadata.tables.values()} if metadata is not None else set()
    found: list[Any] = [vars(cls).get("__mapper__") for cls in descendants(object)]
    ours = {m for m in found if m is not None and id(getattr(m, "local_table", None)) in tables}
    # Several classes may have one name, and no order is that of addresses.
    return tuple(
        sorted(ours, key=lambda m: (m.class_.__qualname__, m.class_.__module__, m.local_table.key))
    )


def mapping_problem(mappers: tuple[Any, ...]) -> str | None:
    """Why SQLAlchemy cannot make out how classes belong together; None if it can."""
    from sqlalchemy.exc import SQLAlchemyError

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            for mapper in mappers:
                mapper.registry.configure(cascade=True)
    except (SQLAlchemyError, NameError) as error:
        first, *_ = str(error).strip().splitlines() or ["no reason given"]
        return first.partition("Original exception was: ")[2] or first
    return None


def relationships_of(design: Design) -> Iterator[Any]:
    """The relationships that classes declare, each once; none when SQLAlchemy refuses them."""
    mappers = mappers_of(design.metadata)
    if mapping_problem(mappers) is None:
        for mapper in mappers:
            for relation in sorted(mapper.relationships, key=lambda one: str(one.key)):
                if relation.parent is mapper:
                    yield relation


def table_of(design: Design, mapper: Any) -> Name:
    """The table that the class of *mapper* is mapped to."""
    table = mapper.local_table
    return design.catalog.qualify(Name(table.schema, str(table.name)))


def attributes_of(design: Design) -> Iterator[Attribute]:
    """The attributes that are mapped to columns of the design, where their class declares them."""
    seen = set()
    for mapper in mappers_of(design.metadata):
        name = table_of(design, mapper)
        table = design.catalog.tables.get(name)
        fields = getattr(mapper.class_, "model_fields", {})
        for declared in mapper.local_table.columns if table is not None else ():
            key = _key(mapper, declared)
            column = table.column(str(declared.name)) if table is not None else None
            owner = None if key is None else _declaring(mapper, key)
            if key is None or column is None or (id(declared), owner) in seen:
                continue
            seen.add((id(declared), owner))
            field = fields.get(key)
            annotation = _annotation(mapper.class_, key) if field is None else field.annotation
            yield Attribute(mapper, key, declared, name, column, annotation, field)


def _key(mapper: Any, declared: Any) -> str | None:
    from sqlalchemy.exc import InvalidRequestError

    try:
        return str(mapper.get_property_by_column(declared).key)
    except InvalidRequestError:
        return None


def _declaring(mapper: Any, key: str) -> type:
    """The topmost class with the same table that has the attribute."""
    above = [a for a in mapper.iterate_to_root() if a.local_table is mapper.local_table]
    found: type = next((a.class_ for a in reversed(above) if hasattr(a.class_, key)), mapper.class_)
    return found


def _annotation(cls: type, key: str) -> Any:
    from sqlalchemy.orm import Mapped

    for ancestor in cls.__mro__:
        try:
            found = inspect.get_annotations(ancestor, eval_str=True).get(key)
        except Exception:  # a name that is only imported for type checkers, or anything else
            return None
        if found is not None:
            inner, origin = typing.get_args(found), typing.get_origin(found)
            is_mapped = inspect.isclass(origin) and issubclass(origin, Mapped)
            return inner[0] if inner and is_mapped else None
    return None


LIMITS = ("ge", "gt", "le", "lt", "min_length", "max_length", "pattern")


def limits_of(field: Any) -> Iterator[tuple[str, Any]]:
    """The limits of a field of Pydantic's: words of `LIMITS`, each with its value.

    Those of ``Annotated[int, Field(ge=0)] | None`` count, too.
    """
    for entry in (*field.metadata, *_annotated(field.annotation)):
        for word in LIMITS:
            value = getattr(entry, word, None)
            if value is not None:
                yield word, getattr(value, "pattern", value)


def _annotated(annotation: Any) -> Iterator[Any]:
    """What stands beside the type in Annotated, also in a union with None."""
    if typing.get_origin(annotation) in (typing.Union, types.UnionType):
        for one in typing.get_args(annotation):
            yield from _annotated(one)
    for entry in getattr(annotation, "__metadata__", ()):
        yield from getattr(entry, "metadata", (entry,))


def takes_none(annotation: Any) -> bool | None:
    """Whether a type has None among its values; None when that cannot be told."""
    while hasattr(annotation, "__value__"):  # type Name = ...
        annotation = annotation.__value__
    origin = typing.get_origin(annotation)
    if origin is typing.Annotated:
        return takes_none(typing.get_args(annotation)[0])
    if origin in (typing.Union, types.UnionType):
        answers = [takes_none(one) for one in typing.get_args(annotation)]
        return True if True in answers else None if None in answers else False
    if annotation is None or annotation is Any or isinstance(annotation, (str, typing.TypeVar)):
        return None
    if isinstance(annotation, typing.ForwardRef):
        return None
    return annotation is types.NoneType
