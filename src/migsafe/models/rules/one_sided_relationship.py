"""MS830: two relationships over one foreign key that do not know of each other."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from migsafe.models.mapping import relationships_of, table_of
from migsafe.models.rule import Design, DesignRule, Remark


class OneSidedRelationship(DesignRule):
    """Two classes see the same foreign key from both sides, and one does not tell the other.

    What is appended to `user.orders` is then not in `order.user` until both are loaded again, and
    at a flush both write the same column, the last one wins. `back_populates` names the other
    side, on both sides.
    """

    code = "MS830"
    bad = (
        """
        class Customer(Base):
            __tablename__ = "customers"

            id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
            orders: Mapped[list["Order"]] = relationship()

        class Order(Base):
            __tablename__ = "orders"

            id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
            customer_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("customers.id"), index=True)
            customer: Mapped["Customer"] = relationship()
        """,
        """
        class Customer(Base):
            __tablename__ = "customers"

            id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
            orders: Mapped[list["Order"]] = relationship(back_populates="customer")

        class Order(Base):
            __tablename__ = "orders"

            id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
            customer_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("customers.id"), index=True)
            customer: Mapped["Customer"] = relationship()
        """,
    )
    good = (
        """
        class Customer(Base):
            __tablename__ = "customers"

            id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
            orders: Mapped[list["Order"]] = relationship(back_populates="customer")
            unpaid: Mapped[list["Order"]] = relationship(
                viewonly=True,
                primaryjoin="and_(Customer.id == Order.customer_id, ~Order.is_paid)",
            )

        class Order(Base):
            __tablename__ = "orders"

            id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
            is_paid: Mapped[bool]
            customer_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("customers.id"), index=True)
            customer: Mapped["Customer"] = relationship(back_populates="orders")
        """,
    )

    def check(self, design: Design) -> Iterator[Remark]:
        relations = list(relationships_of(design))
        told: set[Any] = set()
        for relation in relations:
            other = _unaware(relation, relations)
            if other is None or {relation, other} & told:
                continue
            told |= {relation, other}
            yield Remark(
                table_of(design, relation.parent),
                f"{_shown(relation)} and {_shown(other)} are two sides of one foreign key, and "
                f"{_shown(other)} does not name the other",
                remedy=f'back_populates="{other.key}" at {_shown(relation)}, '
                f'back_populates="{relation.key}" at {_shown(other)}',
            )


def _unaware(relation: Any, relations: list[Any]) -> Any:
    """The other side of *relation*, if it should name *relation* and does not."""
    if relation.viewonly or relation.backref is not None:
        return None
    if relation.back_populates:
        other = relation.mapper.get_property(relation.back_populates)
        is_told = other.back_populates == relation.key or other.backref is not None
        # backref= sets back_populates on the side that it makes.
        return None if is_told or other.viewonly else other
    if relation._reverse_property or relation._overlaps:
        return None
    return next((other for other in relations if _is_other_side(relation, other)), None)


def _is_other_side(relation: Any, other: Any) -> bool:
    if other is relation or other.viewonly or other._reverse_property or other._overlaps:
        return False
    if other.mapper is not relation.parent or relation.mapper is not other.parent:
        return False
    pairs = {frozenset(pair) for pair in relation.local_remote_pairs}
    theirs = {frozenset(pair) for pair in other.local_remote_pairs}
    return relation.direction is not other.direction and pairs == theirs


def _shown(relation: Any) -> str:
    return f"{relation.parent.class_.__name__}.{relation.key}"
