"""MS807: JSON that is stored as a text."""

from __future__ import annotations

from collections.abc import Iterator

from migsafe.models.rule import Design, DesignRule, Remark
from migsafe.models.words import type_text
from migsafe.pgtypes import TypeRef


class TextualJson(DesignRule):
    """A column is `json` rather than `jsonb`.

    `json` keeps the text as it came and reads it anew for every access. It has no equality, so
    `DISTINCT`, `GROUP BY` and `UNION` fail on it, and no index on what it contains. SQLAlchemy's
    `JSON` means this type, also in SQLModel.
    """

    code = "MS807"
    safe_way = "Use JSONB of sqlalchemy.dialects.postgresql."
    bad = (
        """
        class Order(Base):
            __tablename__ = "orders"

            id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
            details: Mapped[dict[str, Any]] = mapped_column(sa.JSON)
        """,
    )
    good = (
        """
        class Order(Base):
            __tablename__ = "orders"

            id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
            details: Mapped[dict[str, Any]] = mapped_column(postgresql.JSONB)
        """,
    )

    def check(self, design: Design) -> Iterator[Remark]:
        json = TypeRef.builtin("json").name
        for table in design.tables():
            for column in table.columns:
                if column.type.name == json:
                    yield Remark(
                        table.name,
                        f"{table.name.display()}.{column.name} is {type_text(column.type)}: "
                        "it cannot be compared or indexed",
                        column=column.name,
                    )
