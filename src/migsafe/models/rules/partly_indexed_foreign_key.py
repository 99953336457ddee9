"""MS813: a foreign key of several columns of which an index finds only some."""

from __future__ import annotations

from collections.abc import Iterator

from migsafe.models.rule import Design, DesignRule, Profile, Remark
from migsafe.models.serving import best_answer, foreign_keys, is_unique
from migsafe.rule import code


class PartlyIndexedForeignKey(DesignRule):
    """Indexes begin with some columns of a foreign key, but none with all of them.

    Deleting a referenced row then reads all rows that have those columns in common: few when the
    first column is a customer, many when it is a tenant.
    """

    code = "MS813"
    profile = Profile.AUDIT
    bad = (
        """
        class Ticket(Base):
            __tablename__ = "tickets"

            tenant: Mapped[str] = mapped_column(primary_key=True)
            number: Mapped[str] = mapped_column(primary_key=True)

        class Reply(Base):
            __tablename__ = "replies"
            __table_args__ = (
                sa.ForeignKeyConstraint(["tenant", "ticket"], ["tickets.tenant", "tickets.number"]),
                Index("ix_replies_tenant", "tenant"),
            )

            id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
            tenant: Mapped[str]
            ticket: Mapped[str]
        """,
    )
    good = (
        """
        class Ticket(Base):
            __tablename__ = "tickets"

            tenant: Mapped[str] = mapped_column(primary_key=True)
            number: Mapped[str] = mapped_column(primary_key=True)

        class Reply(Base):
            __tablename__ = "replies"
            __table_args__ = (
                sa.ForeignKeyConstraint(
                    ["tenant", "ticket"],
                    ["tickets.tenant", "tickets.number"],
                    ondelete="CASCADE",
                ),
                Index("ix_replies_ticket", "ticket", "tenant"),
            )

            id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
            tenant: Mapped[str]
            ticket: Mapped[str]
        """,
    )

    def check(self, design: Design) -> Iterator[Remark]:
        for table in design.tables():
            for key in foreign_keys(table):
                answered = best_answer(design.catalog, table, key.columns)
                if is_unique(design.catalog, table, key.columns):
                    continue
                if 0 < answered < len(key.columns):
                    words = [code.text(column) for column in key.columns]
                    name = code.text(f"ix_{table.name.name}_{'_'.join(key.columns)}")
                    yield Remark(
                        table.name,
                        f"no index of {table.name.display()} begins with all of "
                        f"{', '.join(key.columns)}, which refer to "
                        f"{key.references.display() if key.references else 'another table'}",
                        column=key.columns[0],
                        remedy=code.call("Index", name, *words),
                    )
