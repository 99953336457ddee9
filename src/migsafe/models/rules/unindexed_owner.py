"""MS835: whose rows these are is found by reading all of them."""

from __future__ import annotations

from collections.abc import Iterator

from migsafe.models.rule import Design, DesignRule, Remark
from migsafe.models.serving import best_answer, foreign_keys
from migsafe.rule import code


class UnindexedOwner(DesignRule):
    """A column says to whom a row belongs, and no index begins with it.

    Nearly every query of such a table asks for the rows of one user or one tenant. A foreign key
    on it is the matter of `unindexed-foreign-key`; this is about owners that live elsewhere, in
    another database or service. Which columns are owners is `owners` in `[tool.migsafe.models]`:
    by itself `user_id`, `owner_id`, `tenant_id`, `account_id` and `organization_id`.
    """

    code = "MS835"
    bad = (
        """
        class Note(Base):
            __tablename__ = "notes"

            id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
            owner_id: Mapped[uuid.UUID]
            body: Mapped[str]
        """,
    )
    good = (
        """
        class Note(Base):
            __tablename__ = "notes"
            __table_args__ = (Index("ix_notes_owner_id_written_on", "owner_id", "written_on"),)

            id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
            owner_id: Mapped[uuid.UUID]
            user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), index=True)
            written_on: Mapped[date]
        """,
    )

    def check(self, design: Design) -> Iterator[Remark]:
        for table in design.tables():
            referring = {column for key in foreign_keys(table) for column in key.columns}
            for owner in design.settings.owners:
                if table.column(owner) is None or owner in referring:
                    continue
                if not best_answer(design.catalog, table, (owner,)):
                    name = f"ix_{table.name.name}_{owner}"
                    yield Remark(
                        table.name,
                        f"no index of {table.name.display()} begins with {owner}",
                        column=owner,
                        remedy=code.call("Index", code.text(name), code.text(owner)),
                    )
