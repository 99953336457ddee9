"""MS823: deleted rows that every query has to pass by."""

from __future__ import annotations

from collections.abc import Iterator

from migsafe.models.conventions import is_time
from migsafe.models.rule import Design, DesignRule, Profile, Remark
from migsafe.models.serving import key_columns
from migsafe.names import quote_ident


class UnindexedSoftDelete(DesignRule):
    """Rows are marked as deleted, and no index knows of the mark.

    Every query says `deleted_at IS NULL`, and reads the deleted rows to leave them out. A partial
    index over what is looked for, only of the rows that are there, is smaller than one of all; a
    unique key that should not mind deleted rows has to be partial as well.
    """

    code = "MS823"
    profile = Profile.AUDIT
    bad = (
        """
        class Order(Base):
            __tablename__ = "orders"

            id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
            number: Mapped[str]
            deleted_at: Mapped[datetime | None] = mapped_column(sa.DateTime(timezone=True))
        """,
    )
    good = (
        """
        class Order(Base):
            __tablename__ = "orders"
            __table_args__ = (
                Index(
                    "uq_orders_number",
                    "number",
                    unique=True,
                    postgresql_where=text("deleted_at IS NULL"),
                ),
            )

            id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
            number: Mapped[str]
            deleted_at: Mapped[datetime | None] = mapped_column(sa.DateTime(timezone=True))
        """,
    )

    def check(self, design: Design) -> Iterator[Remark]:
        name = design.settings.deleted_at
        for table in design.tables():
            column = table.column(name)
            if column is None or not is_time(column):
                continue
            known = any(
                name in (index.predicate or "") or name in key_columns(index)
                for index in design.catalog.indexes_of(table.name)
            )
            if not known:
                yield Remark(
                    table.name,
                    f"no index of {table.name.display()} leaves deleted rows out",
                    column=name,
                    remedy=f'postgresql_where=text("{quote_ident(name)} IS NULL") at its indexes',
                )
