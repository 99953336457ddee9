"""MS818: yes, no, or nobody knows."""

from __future__ import annotations

from collections.abc import Iterator

from migsafe.models.rule import Design, DesignRule, Profile, Remark
from migsafe.pgtypes import TypeRef


class UnsureFlag(DesignRule):
    """A boolean column may be NULL.

    `WHERE NOT is_active` leaves out the rows in which it is NULL, and so does `WHERE is_active`.
    A flag with two values is NOT NULL and has a default; one with three is clearer as an enum.
    """

    code = "MS818"
    profile = Profile.AUDIT
    safe_way = "nullable=False, server_default=false()"
    bad = (
        """
        class Account(Base):
            __tablename__ = "accounts"

            id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
            is_active: Mapped[bool | None]
        """,
    )
    good = (
        """
        class Account(Base):
            __tablename__ = "accounts"

            id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
            is_active: Mapped[bool] = mapped_column(server_default=sa.true())
        """,
    )

    def check(self, design: Design) -> Iterator[Remark]:
        flag = TypeRef.builtin("bool")
        for table in design.tables():
            for column in table.columns:
                if column.type == flag and not column.not_null and column.generated is None:
                    yield Remark(
                        table.name,
                        f"{table.name.display()}.{column.name} may be true, false or NULL",
                        column=column.name,
                    )
