"""MS820: a generated key of four bytes."""

from __future__ import annotations

from collections.abc import Iterator

from migsafe.models.keys import counted_keys, larger_parent, widened
from migsafe.models.rule import Design, DesignRule, Profile, Remark


class IntegerKey(DesignRule):
    """A key that PostgreSQL counts up is an `integer`.

    It ends at 2,147,483,647, which is enough for most tables. Whether it is for this one is known
    to those who know its future; a `bigint` costs four bytes a row, and changing to it later costs
    a rewrite of the table and of all that refers to it.
    """

    code = "MS820"
    profile = Profile.AUDIT
    bad = (
        """
        class Country(Base):
            __tablename__ = "countries"

            id: Mapped[int] = mapped_column(primary_key=True)
            name: Mapped[str]
        """,
    )
    good = (
        """
        class Country(Base):
            __tablename__ = "countries"

            id: Mapped[int] = mapped_column(sa.BigInteger, sa.Identity(), primary_key=True)
            name: Mapped[str]

        class Position(Base):
            __tablename__ = "positions"

            number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
        """,
    )

    def check(self, design: Design) -> Iterator[Remark]:
        for table in design.tables():
            expects_more = larger_parent(design, table) is not None  # overflowing-key says so
            for column in () if expects_more else counted_keys(table, "int4"):
                yield Remark(
                    table.name,
                    f"{table.name.display()}.{column.name} is integer: its numbers end at "
                    "2,147,483,647",
                    column=column.name,
                    remedy=widened(design, table, column),
                )
