"""MS821: names that do not follow the custom of all others."""

from __future__ import annotations

import re
from collections.abc import Iterator

from migsafe.catalog import Table
from migsafe.models.conventions import is_plural
from migsafe.models.rule import Design, DesignRule, Profile, Remark
from migsafe.models.serving import foreign_keys
from migsafe.rule import Severity
from migsafe.rule.words import listed

_UNIQUE = ("uq_", "ux_", "pk_", "ex_", "ak_")
_SMALL = re.compile(r"[a-z0-9_$]+\Z")


class UnconventionalName(DesignRule):
    """A table, a foreign key's column or an index is not called as the convention says.

    Tables are small letters and plural (`orders`), a column that refers to the `id` of another
    table ends with `_id`, and the name of an index begins with `ix_` or `idx_`. Whoever writes a
    query by hand then need not look names up. `tables = "any"` and `index_prefixes` in
    `[tool.migsafe.models]` are for other customs.
    """

    code = "MS821"
    severity = Severity.INFO
    profile = Profile.STRICT
    bad = (
        """
        class Invoice(Base):
            __tablename__ = "invoice"

            id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
        """,
        """
        class Order(Base):
            __tablename__ = "orders"
            __table_args__ = (Index("by_customer", "customer"),)

            id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
            customer: Mapped[int] = mapped_column(ForeignKey("users.id"))
        """,
    )
    good = (
        """
        class Order(Base):
            __tablename__ = "orders"
            __table_args__ = (Index("uq_orders_number", "number", unique=True),)

            id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
            number: Mapped[str]
            user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), index=True)
            seller_id: Mapped[int] = mapped_column(ForeignKey("users.id"), index=True)
        """,
    )

    def check(self, design: Design) -> Iterator[Remark]:
        for table in design.tables():
            if not _SMALL.match(table.name.name):
                yield Remark(
                    table.name,
                    f"the table {table.name.display()} is not in small letters",
                    remedy="Use small letters and underscores.",
                )
            elif design.settings.tables == "plural" and not is_plural(table.name.name):
                yield Remark(
                    table.name,
                    f"the table {table.name.display()} is not called by a plural",
                    remedy=f'__tablename__ = "{_plural(table.name.name)}"',
                )
            yield from _references(table)
            yield from _indexes(design, table)


def _references(table: Table) -> Iterator[Remark]:
    for key in foreign_keys(table):
        if len(key.columns) == 1 and key.referenced_columns in ((), ("id",)):
            [column] = key.columns
            if column != "id" and not column.endswith("_id"):
                yield Remark(
                    table.name,
                    f"{table.name.display()}.{column} refers to an id and does not end with _id",
                    column=column,
                    remedy=f'mapped_column("{column}_id", ...)',
                )


def _indexes(design: Design, table: Table) -> Iterator[Remark]:
    prefixes = design.settings.index_prefixes
    for index in design.catalog.indexes_of(table.name):
        usual = (*prefixes, *_UNIQUE) if index.unique else prefixes
        if index.constraint is None and not index.name.name.startswith(usual):
            yield Remark(
                table.name,
                f"the name of the index {index.name.name} does not begin with "
                f"{listed(prefixes).replace(' and ', ' or ')}",
                remedy=f'Index("{usual[0]}{index.name.name}", ...)',
            )


def _plural(name: str) -> str:
    if name.endswith("y") and name[-2:-1] not in "aeiou":
        return f"{name[:-1]}ies"
    return f"{name}es" if name.endswith(("s", "x", "ch", "sh")) else f"{name}s"
