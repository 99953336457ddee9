"""What a design rule is: a weakness of a schema, judged from the Catalog that models promise."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, Any, ClassVar

from migsafe.catalog import Catalog, ConstraintKind, Table, TableKind
from migsafe.names import Name
from migsafe.rule import Severity
from migsafe.rule.described import Described
from migsafe.settings import ModelsSettings

if TYPE_CHECKING:
    from sqlalchemy import MetaData


class Profile(Enum):
    """How much a project wants to hear; each profile has the rules of those before it."""

    RECOMMENDED = "recommended"
    AUDIT = "audit"
    STRICT = "strict"

    def includes(self, other: Profile) -> bool:
        """Whether a rule of the profile *other* speaks in this one."""
        order = list(Profile)
        return order.index(other) <= order.index(self)


@dataclass(frozen=True)
class Design:
    """A schema to judge; *metadata* are the models it comes from, if it comes from models.

    *settings* say what the project calls things.
    """

    catalog: Catalog
    metadata: MetaData | None = None
    settings: ModelsSettings = field(default_factory=ModelsSettings)

    def tables(self) -> Iterator[Table]:
        """The tables that somebody designed, by name: no partitions and no foreign tables."""
        for name in sorted(self.catalog.tables):
            table = self.catalog.tables[name]
            if table.partition_of is None and table.kind is not TableKind.FOREIGN:
                yield table

    def declared(self, table: Name) -> Any:
        """The `sqlalchemy.Table` that *table* comes from, or None."""
        if self.metadata is None:
            return None
        bare = self.metadata.tables.get(table.name)
        if bare is not None and bare.schema is None and self.catalog.qualify(_name(bare)) == table:
            return bare
        return self.metadata.tables.get(f"{table.schema}.{table.name}")

    def declared_column(self, table: Name, column: str) -> Any:
        """The `sqlalchemy.Column` that a column comes from, or None."""
        declared = self.declared(table)
        found = () if declared is None else declared.columns
        return next((c for c in found if str(c.name) == column), None)

    def checks_of(self, table: Table, column: str) -> bool:
        """Whether a CHECK of *table*, or the domain that is its type, limits *column*."""
        found = table.column(column)
        checks = table.constraints_of(ConstraintKind.CHECK)
        is_domain = found is not None and self.catalog.domain(found.type.name) is not None
        return is_domain or any(column in check.columns for check in checks)


def _name(table: Any) -> Name:
    return Name(table.schema, str(table.name))


@dataclass(frozen=True)
class Remark:
    """What a rule says about a *table* or one *column*; None means the models as a whole."""

    table: Name | None
    message: str
    column: str | None = None
    remedy: str | None = None


class DesignRule(Described, is_kind=True):
    """One weakness. A subclass in its own file under `migsafe.models.rules` is all there is to it.

    Class attributes, beside those of `Described`:
        severity: how much a finding matters.
        profile: the first profile in which the rule speaks.
        bad, good: models on which it speaks and is silent, after `rules.EXAMPLE_HEAD`.
    """

    severity: ClassVar[Severity] = Severity.WARNING
    profile: ClassVar[Profile] = Profile.RECOMMENDED

    def check(self, design: Design) -> Iterator[Remark]:
        """Yield one remark for each weakness: a fact in the present tense."""
        raise NotImplementedError
