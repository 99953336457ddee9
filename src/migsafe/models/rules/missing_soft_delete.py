"""MS824: rows that are deleted for good where others are only marked."""

from __future__ import annotations

from collections.abc import Iterator

from migsafe.models.conventions import is_link
from migsafe.models.rule import Design, DesignRule, Profile, Remark
from migsafe.rule import Severity


class MissingSoftDelete(DesignRule):
    """Most tables mark deleted rows, and this one has no column for it.

    What is deleted there is gone, and what refers to it goes along or prevents it, unlike
    anywhere else in the schema. Tables that only link others are left out, and nothing is said
    unless at least half of the tables have the column. Its name is `deleted_at` in
    `[tool.migsafe.models]`.
    """

    code = "MS824"
    severity = Severity.INFO
    profile = Profile.STRICT
    bad = (
        """
        User.__table__.append_column(sa.Column("deleted_at", sa.DateTime(timezone=True)))

        class Order(Base):
            __tablename__ = "orders"

            id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
            deleted_at: Mapped[datetime | None] = mapped_column(sa.DateTime(timezone=True))

        class Invoice(Base):
            __tablename__ = "invoices"

            id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
        """,
    )
    good = (
        """
        class Order(Base):
            __tablename__ = "orders"

            id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
        """,
    )

    def check(self, design: Design) -> Iterator[Remark]:
        name = design.settings.deleted_at
        tables = [table for table in design.tables() if not is_link(table)]
        without = [table for table in tables if table.column(name) is None]
        having = len(tables) - len(without)
        if having < 2 or having < len(without):
            return
        for table in without:
            yield Remark(
                table.name,
                f"{table.name.display()} has no {name}, as {having} of {len(tables)} tables have",
                remedy=f"{name}: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))",
            )
