"""MS806: a generated key that runs out."""

from __future__ import annotations

from collections.abc import Iterator

from migsafe.models.keys import counted_keys, larger_parent, widened
from migsafe.models.rule import Design, DesignRule, Remark
from migsafe.models.words import type_text

_LAST = {"int2": 32_767, "int4": 2_147_483_647}


class OverflowingKey(DesignRule):
    """A key that PostgreSQL counts up ends too early for its table.

    Its sequence takes a number for every INSERT, also for one that fails, is rolled back or meets
    ON CONFLICT. When the numbers are used up no row can be added, and changing the type by then
    rewrites the table and all that refers to it.

    A `smallint` is always reported. An `integer` is reported where its own models expect more: the
    table may have many rows for each row of another table, whose key is a `bigint`. All other
    `integer` keys are left to `integer-key` in the profile audit.
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
            for column in counted_keys(table, *_LAST):
                larger = larger_parent(design, table)
                if column.type.name.name == "int4" and larger is None:
                    continue
                end = _LAST[column.type.name.name]
                than = "" if larger is None else f"; each row of {larger.display()}, whose key is "
                than += "bigint, may have several" if than else ""
                yield Remark(
                    table.name,
                    f"{table.name.display()}.{column.name} is {type_text(column.type)}: "
                    f"its numbers end at {end:,}{than}",
                    column=column.name,
                    remedy=widened(design, table, column),
                )
