"""MS832: children that are only deleted by those who use the models."""

from __future__ import annotations

from collections.abc import Iterator

from migsafe.models.mapping import table_of
from migsafe.models.orm_deletes import children, deletes
from migsafe.models.rule import Design, DesignRule, Profile, Remark


class SessionOnlyCascade(DesignRule):
    """A relationship deletes the children of a row, and the foreign key does not.

    The session loads all children to delete them one by one. A DELETE by `delete(...)`, in psql or
    by another service is refused as long as there are any. With ON DELETE CASCADE and
    `passive_deletes=True` one statement does it, whoever gives it.
    """

    code = "MS832"
    profile = Profile.AUDIT
    safe_way = 'ForeignKey(..., ondelete="CASCADE") and relationship(..., passive_deletes=True)'
    bad = (
        """
        class Order(Base):
            __tablename__ = "orders"

            id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
            lines: Mapped[list["Line"]] = relationship(cascade="all, delete-orphan")

        class Line(Base):
            __tablename__ = "lines"

            id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
            order_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("orders.id"), index=True)
        """,
    )
    good = (
        """
        class Order(Base):
            __tablename__ = "orders"

            id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
            lines: Mapped[list["Line"]] = relationship(cascade="save-update, merge")

        class Line(Base):
            __tablename__ = "lines"

            id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
            order_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("orders.id"), index=True)
        """,
    )

    def check(self, design: Design) -> Iterator[Remark]:
        for relation, key in children(design):
            if deletes(relation) and key.on_delete == "a":
                shown = f"{relation.parent.class_.__name__}.{relation.key}"
                yield Remark(
                    table_of(design, relation.parent),
                    f"{shown} deletes the rows of {relation.mapper.local_table.name}, and the "
                    f"foreign key {', '.join(key.columns)} refuses it to everybody else",
                )
