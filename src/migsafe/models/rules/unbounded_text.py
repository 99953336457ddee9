"""MS819: texts of any length."""

from __future__ import annotations

from collections.abc import Iterator

from migsafe.models.rule import Design, DesignRule, Profile, Remark

_TEXTS = frozenset({"text", "varchar"})


class UnboundedText(DesignRule):
    """A text column has no greatest length, neither by its type nor by a CHECK.

    PostgreSQL stores up to one gigabyte in it, and whoever can write the column can fill the disk
    or break a page that shows it. What a CHECK or a generation expression speaks of is bounded.
    """

    code = "MS819"
    profile = Profile.STRICT
    safe_way = "Use String(200), or a CheckConstraint on its length."
    bad = (
        """
        class Account(Base):
            __tablename__ = "accounts"

            id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
            nickname: Mapped[str]
        """,
    )
    good = (
        """
        class Account(Base):
            __tablename__ = "accounts"
            __table_args__ = (sa.CheckConstraint("length(biography) < 5000", name="short"),)

            id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
            nickname: Mapped[str] = mapped_column(sa.String(40))
            biography: Mapped[str] = mapped_column(sa.Text)
        """,
    )

    def check(self, design: Design) -> Iterator[Remark]:
        for table in design.tables():
            for column in table.columns:
                type_ = column.type
                unbounded = type_.is_builtin and type_.name.name in _TEXTS and not type_.modifiers
                bounded = column.generated is not None or design.checks_of(table, column.name)
                if unbounded and not type_.dimensions and not bounded:
                    yield Remark(
                        table.name,
                        f"{table.name.display()}.{column.name} takes texts of any length",
                        column=column.name,
                    )
