"""MS804: moments that are stored without their time zone."""

from __future__ import annotations

from collections.abc import Iterator

from migsafe.models.rule import Design, DesignRule, Remark
from migsafe.models.words import type_text
from migsafe.pgtypes import TypeRef

_NAIVE = TypeRef.builtin("timestamp").name


class NaiveTimestamp(DesignRule):
    """A column is `timestamp without time zone`.

    It stores what a clock on a wall shows: which moment that was depends on whoever wrote it. Two
    servers, or a server and a laptop, mean different moments by the same value, and an hour comes
    twice in autumn. `timestamptz` stores the moment and takes the same eight bytes. A column whose
    name says `local` or `wall` is meant so.
    """

    code = "MS804"
    safe_way = "DateTime(timezone=True)"
    bad = (
        """
        class Order(Base):
            __tablename__ = "orders"

            id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
            placed_at: Mapped[datetime]
        """,
    )
    good = (
        """
        class Order(Base):
            __tablename__ = "orders"

            id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
            placed_at: Mapped[datetime] = mapped_column(sa.DateTime(timezone=True))
            delivered_on: Mapped[date]
            pickup_local_time: Mapped[datetime]
        """,
    )

    def check(self, design: Design) -> Iterator[Remark]:
        for table in design.tables():
            for column in table.columns:
                if column.type.name != _NAIVE or {"local", "wall"} & set(column.name.split("_")):
                    continue
                yield Remark(
                    table.name,
                    f"{table.name.display()}.{column.name} is {type_text(column.type)}: "
                    "it does not say which moment it means",
                    column=column.name,
                )
