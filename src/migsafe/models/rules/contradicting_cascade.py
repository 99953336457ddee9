"""MS831: the session deletes in one way, the database in another."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from migsafe.catalog import Constraint
from migsafe.models.mapping import table_of
from migsafe.models.orm_deletes import children, deletes
from migsafe.models.rule import Design, DesignRule, Remark
from migsafe.models.serving import is_mandatory
from migsafe.models.words import ACTIONS


class ContradictingCascade(DesignRule):
    """A relationship and its foreign key disagree on what becomes of a deleted row's children.

    With ON DELETE CASCADE and a plain relationship, `session.delete(parent)` sets the children's
    column to NULL first, which fails when it is NOT NULL: `passive_deletes=True` leaves them to the
    database. With `cascade="all, delete-orphan"` and ON DELETE SET NULL or RESTRICT, it depends on
    who deletes whether the children are gone.
    """

    code = "MS831"
    bad = (
        """
        class Order(Base):
            __tablename__ = "orders"

            id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
            lines: Mapped[list["Line"]] = relationship()

        class Line(Base):
            __tablename__ = "lines"

            id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
            order_id: Mapped[uuid.UUID] = mapped_column(
                ForeignKey("orders.id", ondelete="CASCADE"), index=True
            )
        """,
        """
        class Order(Base):
            __tablename__ = "orders"

            id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
            lines: Mapped[list["Line"]] = relationship(cascade="all, delete-orphan")

        class Line(Base):
            __tablename__ = "lines"

            id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
            order_id: Mapped[uuid.UUID | None] = mapped_column(
                ForeignKey("orders.id", ondelete="SET NULL"), index=True
            )
        """,
    )
    good = (
        """
        class Order(Base):
            __tablename__ = "orders"

            id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
            lines: Mapped[list["Line"]] = relationship(
                cascade="all, delete-orphan", passive_deletes=True
            )

        class Line(Base):
            __tablename__ = "lines"

            id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
            order_id: Mapped[uuid.UUID] = mapped_column(
                ForeignKey("orders.id", ondelete="CASCADE"), index=True
            )
        """,
    )

    def check(self, design: Design) -> Iterator[Remark]:
        for relation, key in children(design):
            shown = f"{relation.parent.class_.__name__}.{relation.key}"
            action = ACTIONS[key.on_delete]
            if deletes(relation) and key.on_delete in ("n", "d", "r"):
                yield Remark(
                    table_of(design, relation.parent),
                    f"{shown} deletes the rows of {relation.mapper.local_table.name}, and the "
                    f"foreign key says ON DELETE {action}",
                    remedy='ondelete="CASCADE" at the foreign key, or no "delete" in cascade',
                )
            elif key.on_delete == "c" and _fails(design, relation, key):
                yield Remark(
                    table_of(design, relation.parent),
                    f"the database deletes the rows of {shown}, and the session sets their "
                    f"{', '.join(key.columns)} to NULL before, which is refused",
                    remedy=f'{relation.key} = relationship(..., cascade="all, delete-orphan", '
                    "passive_deletes=True)",
                )


def _fails(design: Design, relation: Any, key: Constraint) -> bool:
    """Whether the session would write NULL where none may be."""
    table = design.catalog.tables[table_of(design, relation.mapper)]
    return (
        not deletes(relation) and not relation.passive_deletes and is_mandatory(table, key.columns)
    )
