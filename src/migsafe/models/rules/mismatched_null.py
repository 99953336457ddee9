"""MS827: the type says one thing of None, the column another of NULL."""

from __future__ import annotations

from collections.abc import Iterator

from migsafe.models.mapping import Attribute, attributes_of, takes_none
from migsafe.models.rule import Design, DesignRule, Remark


class MismatchedNull(DesignRule):
    """An annotation and its column disagree on whether there may be nothing.

    If only the column takes NULL, code that the type checker has passed meets None. If only the
    annotation takes None, and nothing fills the column, the INSERT fails. `Column(...)` in a
    SQLModel field is nullable unless it says otherwise, whatever the annotation says.
    """

    code = "MS827"
    bad = (
        """
        class Order(Base):
            __tablename__ = "orders"

            id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
            number: Mapped[str] = mapped_column(nullable=True)
        """,
        """
        class Order(Base):
            __tablename__ = "orders"

            id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
            number: Mapped[str | None] = mapped_column(nullable=False)
        """,
        """
        from sqlmodel import Field, SQLModel

        class Base(SQLModel, registry=sa.orm.registry()):
            pass

        class Order(Base, table=True):
            __tablename__ = "orders"

            id: uuid.UUID = Field(primary_key=True)
            details: dict[str, Any] = Field(sa_column=sa.Column(postgresql.JSONB))
        """,
    )
    good = (
        """
        class Order(Base):
            __tablename__ = "orders"

            id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
            number: Mapped[str]
            note: Mapped[str | None]
            placed_on: Mapped[date | None] = mapped_column(
                nullable=False, server_default=func.current_date()
            )
        """,
        """
        class Order(Base):
            __tablename__ = "orders"
            __mapper_args__ = {"polymorphic_on": "kind", "polymorphic_identity": "order"}

            id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
            kind: Mapped[str]

        class GiftOrder(Order):
            __mapper_args__ = {"polymorphic_identity": "gift"}

            giver: Mapped[str] = mapped_column(nullable=True)
        """,
    )

    def check(self, design: Design) -> Iterator[Remark]:
        for attribute in attributes_of(design):
            optional = takes_none(attribute.annotation)
            column = attribute.column
            name = f"{attribute.table.display()}.{column.name}"
            if optional is False and not column.not_null and not _is_of_some_rows(attribute):
                yield Remark(
                    attribute.table,
                    f"{name} may be NULL, and its type has no None",
                    column=column.name,
                    remedy="nullable=False at the column, or None in its type",
                )
            elif optional and column.not_null and not _is_filled(attribute):
                yield Remark(
                    attribute.table,
                    f"{name} is NOT NULL, and its type has None",
                    column=column.name,
                    remedy="Leave None out of its type, or say nullable=True.",
                )


def _is_of_some_rows(attribute: Attribute) -> bool:
    """Whether rows of other classes have the column and leave it empty, or it is computed."""
    return bool(attribute.mapper.single) or attribute.column.generated is not None


def _is_filled(attribute: Attribute) -> bool:
    """Whether something gives the column a value when nobody has."""
    column, declared = attribute.column, attribute.declared
    by_server = column.default or column.identity or column.generated
    by_application = declared.default is not None or declared.foreign_keys
    factory = getattr(attribute.field, "default_factory", None)
    return bool(declared.primary_key or by_server or by_application or factory)
