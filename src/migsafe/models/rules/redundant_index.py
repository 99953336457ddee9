"""MS809: an index that another one makes needless."""

from __future__ import annotations

from collections.abc import Iterator

from migsafe.models.rule import Design, DesignRule, Remark
from migsafe.models.serving import repeated
from migsafe.names import quote_ident


class RedundantIndex(DesignRule):
    """An index does nothing that another index of the table does not do as well.

    It is the same one under another name, or the front of a longer one. Each INSERT and most
    UPDATEs write it, VACUUM reads it and it takes memory from the indexes that are used. Indexes
    are different if they are unique, partial, sorted or compared in different ways.
    """

    code = "MS809"
    bad = (
        """
        class Order(Base):
            __tablename__ = "orders"
            __table_args__ = (Index("ix_orders_user_id_placed_on", "user_id", "placed_on"),)

            id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
            user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), index=True)
            placed_on: Mapped[date]
        """,
        """
        class Order(Base):
            __tablename__ = "orders"
            __table_args__ = (
                UniqueConstraint("number"),
                Index("ix_orders_number", "number"),
            )

            id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
            number: Mapped[str]
        """,
        """
        class Order(Base):
            __tablename__ = "orders"

            id: Mapped[uuid.UUID] = mapped_column(primary_key=True, index=True)
        """,
    )
    good = (
        """
        class Order(Base):
            __tablename__ = "orders"
            __table_args__ = (
                Index("ix_open", "user_id", postgresql_where=text("NOT is_paid")),
                Index("uq_number_user", "number", "user_id", unique=True),
                Index("ix_name", "name", postgresql_ops={"name": "text_pattern_ops"}),
                Index("ix_name_country", "name", "country"),
            )

            id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
            user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), index=True)
            number: Mapped[str] = mapped_column(unique=True)
            name: Mapped[str]
            country: Mapped[str]
            is_paid: Mapped[bool]
        """,
    )

    def check(self, design: Design) -> Iterator[Remark]:
        for table in design.tables():
            for index, other in repeated(design.catalog, table.name):
                same = len(index.keys) == len(other.keys)
                does = "does the same as" if same else "is the front of"
                name, better = quote_ident(index.name.name), quote_ident(other.name.name)
                single = index.keys[0].column if len(index.keys) == 1 else None
                yield Remark(
                    table.name,
                    f"{name} on {table.name.display()} {does} {better}",
                    column=single,
                    remedy=f"Leave out {name}.",
                )
