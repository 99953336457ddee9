"""MS815: nobody has said what becomes of the rows that refer to a deleted one."""

from __future__ import annotations

from collections.abc import Iterator

from migsafe.models.rule import Design, DesignRule, Profile, Remark
from migsafe.models.serving import foreign_keys


class UnsaidDeleteAction(DesignRule):
    """A foreign key has no ON DELETE.

    Deleting the referenced row fails as long as anything refers to it. That may be meant: then
    RESTRICT says so. CASCADE suits parts that do not exist without their whole, SET NULL what goes
    on without it.
    """

    code = "MS815"
    profile = Profile.AUDIT
    safe_way = 'Say ondelete="RESTRICT", "CASCADE" or "SET NULL".'
    bad = (
        """
        class Order(Base):
            __tablename__ = "orders"

            id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
            user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), index=True)
        """,
    )
    good = (
        """
        class Order(Base):
            __tablename__ = "orders"

            id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
            user_id: Mapped[int] = mapped_column(
                ForeignKey("users.id", ondelete="RESTRICT"), index=True
            )
        """,
    )

    def check(self, design: Design) -> Iterator[Remark]:
        for table in design.tables():
            for key in foreign_keys(table):
                if key.on_delete == "a" and key.references is not None:
                    yield Remark(
                        table.name,
                        f"{table.name.display()}.{', '.join(key.columns)} does not say what "
                        f"happens when a row of {key.references.display()} is deleted",
                        column=key.columns[0],
                    )
