"""What `migsafe models new` is asked for, made into a blueprint of the project's own kind."""

from __future__ import annotations

import ast
import keyword
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from migsafe.config import ModelsSettings
from migsafe.errors import ConfigError
from migsafe.models.scaffold.blueprint import (
    MIXIN_CLASSES,
    MIXINS,
    Blueprint,
    Imported,
    Reference,
    table_of,
)
from migsafe.models.scaffold.fields import Field
from migsafe.models.scaffold.grammar import complaint, parse_fields
from migsafe.models.scaffold.layout import Layout, class_named, class_of, has_attribute
from migsafe.models.scaffold.wording import snake
from migsafe.models.words import is_reserved

if TYPE_CHECKING:
    from sqlalchemy import MetaData

_PYTHON = {"int": "int", "UUID": "UUID", "str": "str"}


@dataclass(frozen=True)
class Request:
    """A model *name* with *fields*, a text of the grammar; what is None is found in the project."""

    name: str
    fields: str
    mixins: tuple[str, ...] = ()
    style: str | None = None
    table: str | None = None
    session: str | None = None
    revision: str | None = None

    def __post_init__(self) -> None:
        if not re.fullmatch(r"[A-Z][A-Za-z0-9]*", self.name) or keyword.iskeyword(self.name):
            raise ConfigError(f"{self.name!r} is not the name of a class, as OrderLine")
        if self.table is not None and not re.fullmatch(r"[a-z_][a-z0-9_]*", self.table):
            raise ConfigError(f"{self.table!r} is not the name of a table, as order_lines")
        if is_reserved(self.table_name):
            raise ConfigError(
                f"{self.table_name!r} is a reserved word of SQL; choose another name by --table"
            )
        revision = self.revision
        is_id = not revision or re.fullmatch(r"\w[\w.]*", revision)
        if not is_id or revision in ("base", "head", "heads"):
            raise ConfigError(f"{revision!r} is not the id of a revision, as 0014 or 1a2b3c")
        for mixin in self.mixins:
            if mixin not in MIXINS:
                raise ConfigError(f"there is no mixin {mixin!r}; there are {', '.join(MIXINS)}")
        self.parsed()

    def parsed(self) -> tuple[Field, ...]:
        """The fields; raises ConfigError with the place of an error."""
        taken = [name for mixin in self.mixins for name in MIXINS[mixin]]
        return parse_fields(self.fields, taken=["id", *taken])

    def settled(self, settings: ModelsSettings) -> Request:
        """The request, with the project's settings for what it leaves open."""
        return replace(
            self,
            style=self.style or settings.style,
            session=self.session or settings.session,
        )

    @property
    def table_name(self) -> str:
        """The table: the plural of the name, if none was said."""
        return self.table or table_of(self.name)


def blueprint_of(
    request: Request, metadata: MetaData, style: str, base: Imported, layout: Layout
) -> Blueprint:
    """The new model as the project has its models; ConfigError when it cannot be one of them."""
    prefix = f"{metadata.schema}." if metadata.schema else ""
    if f"{prefix}{request.table_name}" in metadata.tables:
        raise ConfigError(f"there is a table {prefix}{request.table_name} already")
    name = snake(request.name)
    if twin := class_named(request.name, base):
        raise ConfigError(
            f"there is a class {request.name} already, in {twin.module}; choose another name, as "
            "relationships find classes by name"
        )
    fields = request.parsed()
    for field in fields:
        for attribute in {field.column, field.relation if field.type.target else field.column}:
            if has_attribute(base, attribute):
                message = f"{base.name} has {attribute!r} already; choose another name"
                raise complaint(request.fields, field.position, message)
    references = dict(_references(request, fields, metadata, base, prefix))
    return Blueprint(
        request.name,
        request.table_name,
        fields,
        tuple(one for one in MIXINS if one in request.mixins),
        style,
        base,
        layout.module(f"{name}_model" if layout.is_flat else name),
        f"{layout.schemas}.{name}",
        f"{layout.repositories}.{name}",
        mixins_module(layout, style),
        {str(kind): str(text) for kind, text in metadata.naming_convention.items()},
        references,
        request.session == "async",
        metadata.schema,
    )


def _references(
    request: Request, fields: tuple[Field, ...], metadata: MetaData, base: Imported, prefix: str
) -> Iterator[tuple[str, Reference]]:
    for field in fields:
        target = field.type.target
        if target is None:
            continue
        if target == request.table_name:
            python = "UUID" if "uuid" in request.mixins else "int"
            yield field.name, Reference(f"{prefix}{target}", "id", python, is_own=True)
            continue
        table = metadata.tables.get(target)
        table = metadata.tables.get(f"{prefix}{target}") if table is None else table
        if table is None:
            known = ", ".join(sorted(metadata.tables)) or "none"
            message = f"there is no table {target!r} in the models; there are {known}"
            raise complaint(request.fields, field.position, message)
        key = list(table.primary_key.columns)
        if len(key) != 1:
            message = f"{target} has no primary key of one column to refer to"
            raise complaint(request.fields, field.position, message)
        found = class_of(metadata, table, base)
        yield field.name, Reference(str(table.key), str(key[0].name), _python(key[0]), found)


def _python(column: Any) -> str:
    try:
        return _PYTHON.get(column.type.python_type.__name__, "Any")
    except NotImplementedError:
        return "Any"


def mixins_module(layout: Layout, style: str) -> str:
    """The module of the mixins of one style; those of the other may have the usual name."""
    usual = layout.path(layout.module("mixins"))
    if not usual.exists():
        return layout.module("mixins")
    text = usual.read_text(encoding="utf-8")
    is_same = ("sqlmodel" in text) is (style == "sqlmodel")
    return layout.module("mixins" if is_same else f"{style}_mixins")


def missing_mixins(plan: Blueprint, path: Path) -> bool:
    """Whether the module of the mixins is still to be written; ConfigError if it lacks some."""
    if not plan.mixins:
        return False
    if not path.exists():
        return True
    tree = ast.parse(path.read_text(encoding="utf-8"))
    there = {node.name for node in tree.body if isinstance(node, ast.ClassDef)}
    for mixin in plan.mixins:
        if MIXIN_CLASSES[mixin] not in there:
            raise ConfigError(
                f"it has no class {MIXIN_CLASSES[mixin]}, which the mixin {mixin} is: add one, or "
                "leave the mixin out",
                file=path,
            )
    return False
