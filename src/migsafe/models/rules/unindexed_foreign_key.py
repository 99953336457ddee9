"""MS802: a foreign key that no index finds."""

from __future__ import annotations

from collections.abc import Iterator

from migsafe.models.rule import Design, DesignRule, Remark
from migsafe.models.serving import best_answer, foreign_keys
from migsafe.rule import code


class UnindexedForeignKey(DesignRule):
    """No index begins with the columns of a foreign key.

    PostgreSQL indexes the side that is referred to, never the side that refers. Without an index
    each DELETE of a referenced row, and each change of its key, reads the whole referring table,
    and so does the list of a row's children. The front of a longer index, a primary key or a
    unique constraint will do; a partial index that leaves out more than NULLs will not.
    """

    code = "MS802"
    bad = (
        """
        class Order(Base):
            __tablename__ = "orders"

            id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
            user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
        """,
        """
        class Order(Base):
            __tablename__ = "orders"
            __table_args__ = (
                Index("ix_open", "user_id", postgresql_where=text("status = 'open'")),
                Index("ix_status", "status", "user_id"),
            )

            id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
            user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
            status: Mapped[str]
        """,
    )
    good = (
        """
        class Order(Base):
            __tablename__ = "orders"

            id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
            user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), index=True)
        """,
        """
        class Membership(Base):
            __tablename__ = "memberships"
            __table_args__ = (
                Index("ix_inviter", "inviter_id", postgresql_where=text("inviter_id IS NOT NULL")),
                Index("ix_since", "sponsor_id", "since"),
            )

            user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), primary_key=True)
            club: Mapped[str] = mapped_column(primary_key=True)
            inviter_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
            sponsor_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
            since: Mapped[date]
        """,
    )

    def check(self, design: Design) -> Iterator[Remark]:
        for table in design.tables():
            seen = set()
            for key in foreign_keys(table):
                if key.columns in seen or best_answer(design.catalog, table, key.columns):
                    continue
                seen.add(key.columns)
                name = table.name.display()
                target = "" if key.references is None else key.references.display()
                yield Remark(
                    table.name,
                    f"no index of {name} begins with {', '.join(key.columns)}: deleting from "
                    f"{target} reads all of {name}",
                    column=key.columns[0],
                    remedy=_index(table.name.name, key.columns),
                )


def _index(table: str, columns: tuple[str, ...]) -> str:
    if len(columns) == 1:
        return f"Say index=True at {columns[0]}."
    return code.call(
        "Index", code.text(f"ix_{table}_{'_'.join(columns)}"), *map(code.text, columns)
    )
