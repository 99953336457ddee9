"""All that is known of a new model before its files are written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from migsafe.errors import ConfigError
from migsafe.models.scaffold.fields import Field
from migsafe.models.scaffold.wording import camel, plural, snake

STYLES = ("sqlmodel", "sqlalchemy")
MIXINS: Mapping[str, tuple[str, ...]] = {
    "uuid": ("id",),
    "timestamps": ("created_at", "updated_at"),
    "soft-delete": ("deleted_at",),
}
"""The mixins, and the columns that each of them brings."""
MIXIN_CLASSES = {"uuid": "UUIDKey", "timestamps": "Timestamps", "soft-delete": "SoftDelete"}
_LONGEST = 63  # NAMEDATALEN - 1


@dataclass(frozen=True)
class Imported:
    """A class and the module that has it."""

    module: str
    name: str


@dataclass(frozen=True)
class Reference:
    """What a reference refers to: *table* as in ``users``, its key *column* of type *python*.

    *target* is the class that is mapped to it, None when there is none that a relationship can
    name; *is_own* that it is the new table itself.
    """

    table: str
    column: str
    python: str
    target: Imported | None = None
    is_own: bool = False


@dataclass(frozen=True)
class Blueprint:
    """A new model *name* of the table *table*, and the modules that its files will be.

    *convention* is the naming convention of the MetaData, *references* are by field name.
    """

    name: str
    table: str
    fields: tuple[Field, ...]
    mixins: tuple[str, ...]
    style: str
    base: Imported
    model: str
    schemas: str
    repository: str
    mixins_module: str
    convention: Mapping[str, str] = field(default_factory=dict)
    references: Mapping[str, Reference] = field(default_factory=dict)
    is_async: bool = False
    schema: str | None = None

    @property
    def table_key(self) -> str:
        """The table with the schema of the MetaData, as SQL names it."""
        return f"{self.schema}.{self.table}" if self.schema else self.table

    @property
    def snake(self) -> str:
        """The name in lower case, for variables and types."""
        return snake(self.name)

    @property
    def key(self) -> str:
        """The Python type of the primary key."""
        return "UUID" if "uuid" in self.mixins else "int"

    @property
    def is_sqlmodel(self) -> bool:
        """Whether the model is an SQLModel."""
        return self.style == "sqlmodel"

    @property
    def keeps_deleted(self) -> bool:
        """Whether rows are marked as deleted rather than deleted."""
        return "soft-delete" in self.mixins

    def enum_class(self, one: Field) -> str:
        """The name of the enum class of a field."""
        return self.name + camel(one.name)

    def enum_type(self, one: Field) -> str:
        """The name of the enum type of a field."""
        return _fitting(f"{self.snake}_{one.name}")

    def constraint_name(self, kind: str, *parts: str) -> str | None:
        """The name of a constraint of *kind* (uq, ck, fk, ix); None leaves it to the convention."""
        convention = str(self.convention.get(kind, ""))
        if "%(constraint_name)s" in convention:
            return "_".join(parts)
        if convention and kind != "ix":
            return None
        return _fitting("_".join((kind, self.table, *parts)))


def _fitting(name: str) -> str:
    if len(name) > _LONGEST:
        raise ConfigError(
            f"{name} would be a name of more than {_LONGEST} letters, PostgreSQL's limit; choose "
            "shorter names for the model or the field"
        )
    return name


def table_of(name: str) -> str:
    """The table of a new model: ``OrderLine`` → ``order_lines``."""
    return plural(snake(name))
