"""MS812: a foreign key of another type than the key it refers to."""

from __future__ import annotations

from collections.abc import Iterator

from migsafe.models.rule import Design, DesignRule, Remark
from migsafe.models.serving import foreign_keys
from migsafe.models.words import type_text


class MismatchedKeyTypes(DesignRule):
    """A foreign key has another type than the column that it refers to.

    PostgreSQL allows what it can compare, such as `integer` to `bigint`: the day the key outgrows
    the smaller type, rows that exist cannot be referred to. Joins convert on every comparison, and
    some of them no longer use the index. In SQLModel `int` is `integer` unless `sa_type` says more.
    """

    code = "MS812"
    bad = (
        """
        class Order(Base):
            __tablename__ = "orders"

            id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
            user_id: Mapped[int] = mapped_column(
                sa.Integer, ForeignKey("users.id"), index=True
            )
        """,
    )
    good = (
        """
        class Order(Base):
            __tablename__ = "orders"

            id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
            user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), index=True)
            email: Mapped[str] = mapped_column(sa.Text, ForeignKey("users.email"), index=True)
        """,
    )

    def check(self, design: Design) -> Iterator[Remark]:
        for table in design.tables():
            for key in foreign_keys(table):
                target = design.catalog.tables.get(key.references) if key.references else None
                pairs = zip(key.columns, key.referenced_columns, strict=False)
                for name, theirs in pairs if target is not None else ():
                    mine, other = table.column(name), target.column(theirs) if target else None
                    if mine is None or other is None or mine.type.name == other.type.name:
                        continue
                    if {mine.type.name.name, other.type.name.name} <= {"text", "varchar"}:
                        continue
                    assert target is not None
                    yield Remark(
                        table.name,
                        f"{table.name.display()}.{name} is {type_text(mine.type)} and refers to "
                        f"{target.name.display()}.{theirs}, which is {type_text(other.type)}",
                        column=name,
                        remedy=f"Give {name} the type {type_text(other.type)}.",
                    )
