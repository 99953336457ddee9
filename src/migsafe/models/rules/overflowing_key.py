"""MS806: a generated key that runs out."""

from __future__ import annotations

from collections.abc import Iterator

from migsafe.catalog import Column, Table
from migsafe.models.rule import Design, DesignRule, Remark
from migsafe.models.serving import foreign_keys
from migsafe.models.words import type_text
from migsafe.rule.words import listed

_LAST = {"int2": 32_767, "int4": 2_147_483_647}


class OverflowingKey(DesignRule):
    """A key that PostgreSQL counts up is an `integer` or `smallint`, and its table keeps growing.

    Its sequence ends at 2,147,483,647, and every INSERT takes a number, also one that fails, is
    rolled back or meets ON CONFLICT. When the numbers are used up no row can be added, and changing
    the type by then rewrites the table and all that refers to it. A `bigint` costs four bytes.

    A `smallint` is always reported. An `integer` is reported where rows keep coming: the table
    refers to another one, or notes the moment at which a row was made. The short lists that other
    tables refer to may count with it.
    """

    code = "MS806"
    bad = (
        """
        class Order(Base):
            __tablename__ = "orders"

            id: Mapped[int] = mapped_column(primary_key=True)
            user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), index=True)
        """,
        """
        class Country(Base):
            __tablename__ = "countries"

            id: Mapped[int] = mapped_column(sa.SmallInteger, sa.Identity(), primary_key=True)
            name: Mapped[str]
        """,
    )
    good = (
        """
        class Order(Base):
            __tablename__ = "orders"

            id: Mapped[int] = mapped_column(sa.BigInteger, primary_key=True)
            user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), index=True)
        """,
        """
        class Country(Base):
            __tablename__ = "countries"

            id: Mapped[int] = mapped_column(primary_key=True)
            name: Mapped[str]
        """,
    )

    def check(self, design: Design) -> Iterator[Remark]:
        for table in design.tables():
            key = table.primary_key
            for column in table.columns:
                last = _LAST.get(column.type.name.name) if column.type.is_builtin else None
                if key is None or column.name not in key.columns or last is None:
                    continue
                if is_counted(column) and (
                    column.type.name.name == "int2" or _keeps_growing(table)
                ):
                    yield Remark(
                        table.name,
                        f"{table.name.display()}.{column.name} is {type_text(column.type)}: "
                        f"its numbers end at {last:,}",
                        column=column.name,
                        remedy=f"Give it the type BigInteger{_too(design, table, column.name)}.",
                    )


def is_counted(column: Column) -> bool:
    """Whether PostgreSQL takes the column's values from a sequence."""
    return column.identity is not None or (column.default or "").startswith("nextval(")


def _too(design: Design, table: Table, column: str) -> str:
    """The columns that refer to *column*, which need its type."""
    found = sorted(
        f"{other.name.display()}.{name}"
        for other, key in design.catalog.references_to(table.name)
        for name, theirs in zip(key.columns, key.referenced_columns, strict=False)
        if theirs == column
    )
    return f", and {listed(found)} too" if found else ""


def _keeps_growing(table: Table) -> bool:
    refers = any(key.references != table.name for key in foreign_keys(table))
    moments = ("now()", "CURRENT_TIMESTAMP", "clock_timestamp()", "statement_timestamp()")
    return refers or any(column.default in moments for column in table.columns)
