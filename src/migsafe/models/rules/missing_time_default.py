"""MS805: the time of creation is left to whoever writes the row."""

from __future__ import annotations

from collections.abc import Iterator

from migsafe.models.conventions import CREATED, UPDATED, is_time
from migsafe.models.rule import Design, DesignRule, Remark


class MissingTimeDefault(DesignRule):
    """The column for the time of creation has no default in the database.

    A default in Python is known to this application alone: a migration, a COPY, a colleague in
    psql and the next service have to think of the column themselves, and clocks of application
    servers differ. An `updated_at` may stay NULL until the first change.
    """

    code = "MS805"
    safe_way = "server_default=func.now()"
    bad = (
        """
        from datetime import timezone

        class Order(Base):
            __tablename__ = "orders"

            id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
            created_at: Mapped[datetime] = mapped_column(
                sa.DateTime(timezone=True), default=lambda: datetime.now(timezone.utc)
            )
        """,
    )
    good = (
        """
        class Order(Base):
            __tablename__ = "orders"

            id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
            created_at: Mapped[datetime] = mapped_column(
                sa.DateTime(timezone=True), server_default=func.now()
            )
            updated_at: Mapped[datetime | None] = mapped_column(
                sa.DateTime(timezone=True), onupdate=func.now()
            )
        """,
    )

    def check(self, design: Design) -> Iterator[Remark]:
        for table in design.tables():
            for column in table.columns:
                wanted = column.name in CREATED or (column.name in UPDATED and column.not_null)
                filled = column.default is not None or column.generated is not None
                triggers = any("INSERT" in trigger.events for trigger in table.triggers)
                if wanted and is_time(column) and not filled and not triggers:
                    yield Remark(
                        table.name,
                        f"{table.name.display()}.{column.name} has no default in the database",
                        column=column.name,
                    )
