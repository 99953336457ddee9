"""MS822: rows of which nobody knows when they came and when they changed."""

from __future__ import annotations

from collections.abc import Iterator

from migsafe.models.conventions import CREATED, UPDATED, is_link, is_time
from migsafe.models.rule import Design, DesignRule, Profile, Remark
from migsafe.rule import Severity
from migsafe.rule.words import listed


class MissingTimestamps(DesignRule):
    """A table has no column for when its rows were made, or for when they were changed.

    The question comes with the first complaint, and can then not be answered for the rows that
    are there. Tables that only link others are left out. `[tool.migsafe.models]` can have other
    names as `created_at` and `updated_at`; an empty one is not asked for.
    """

    code = "MS822"
    severity = Severity.INFO
    profile = Profile.STRICT
    bad = (
        """
        class Order(Base):
            __tablename__ = "orders"

            id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
            placed_on: Mapped[date]
        """,
    )
    good = (
        """
        User.__table__.append_column(
            sa.Column("created_at", sa.DateTime(timezone=True), server_default=func.now())
        )
        User.__table__.append_column(sa.Column("updated_at", sa.DateTime(timezone=True)))

        class Order(Base):
            __tablename__ = "orders"

            id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
            created_at: Mapped[datetime] = mapped_column(
                sa.DateTime(timezone=True), server_default=func.now()
            )
            updated_at: Mapped[datetime | None] = mapped_column(sa.DateTime(timezone=True))
        """,
    )

    def check(self, design: Design) -> Iterator[Remark]:
        settings = design.settings
        wanted = [
            (settings.created_at, CREATED | {settings.created_at}),
            (settings.updated_at, UPDATED | {settings.updated_at}),
        ]
        for table in design.tables():
            times = {column.name for column in table.columns if is_time(column)}
            lacking = [name for name, known in wanted if name and not times & known]
            if lacking and not is_link(table):
                yield Remark(
                    table.name,
                    f"{table.name.display()} has no {listed(lacking)}",
                    remedy="\n".join(map(_column, lacking)),
                )


def _column(name: str) -> str:
    return (
        f"{name}: Mapped[datetime] = mapped_column("
        "DateTime(timezone=True), server_default=func.now())"
    )
