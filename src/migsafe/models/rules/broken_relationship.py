"""MS829: classes that SQLAlchemy cannot connect."""

from __future__ import annotations

import re
from collections.abc import Iterator

from migsafe.models.mapping import mappers_of, mapping_problem, table_of
from migsafe.models.rule import Design, DesignRule, Remark
from migsafe.rule import Severity

_NO_LINK = "Add a foreign key; if both sides are lists, a table that links them"


class BrokenRelationship(DesignRule):
    """SQLAlchemy cannot make out what a relationship means.

    It says so when the first query runs, and then for every class. The names in `back_populates`
    have to be those of relationships, and between two tables there has to be one foreign key that
    connects them; where both sides are lists it takes a table in between, which is `secondary` in
    SQLAlchemy and `link_model` in SQLModel.
    """

    code = "MS829"
    severity = Severity.ERROR
    bad = (
        """
        class Team(Base):
            __tablename__ = "teams"

            id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
            members: Mapped[list["Player"]] = relationship(back_populates="teams")

        class Player(Base):
            __tablename__ = "players"

            id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
            teams: Mapped[list["Team"]] = relationship(back_populates="members")
        """,
        """
        class Order(Base):
            __tablename__ = "orders"

            id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
            user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), index=True)
            user: Mapped["User"] = relationship(back_populates="orders")
        """,
    )
    good = (
        """
        members = sa.Table(
            "members",
            Base.metadata,
            sa.Column("team_id", ForeignKey("teams.id"), primary_key=True),
            sa.Column("player_id", ForeignKey("players.id"), primary_key=True, index=True),
        )

        class Team(Base):
            __tablename__ = "teams"

            id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
            members: Mapped[list["Player"]] = relationship(
                secondary=members, back_populates="teams"
            )

        class Player(Base):
            __tablename__ = "players"

            id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
            teams: Mapped[list["Team"]] = relationship(
                secondary=members, back_populates="members"
            )
        """,
    )

    def check(self, design: Design) -> Iterator[Remark]:
        mappers = mappers_of(design.metadata)
        problem = mapping_problem(mappers)
        if problem is None:
            return
        named = re.search(r"(?:relationship |^On )'?(\w+)\.(\w+)|Mapper\[(\w+)", problem)
        class_ = (named[1] or named[3]) if named else None
        found = (m for m in mappers if m.class_.__name__ == class_)
        mapper = next(found, None)
        yield Remark(
            None if mapper is None else table_of(design, mapper),
            _shortened(problem),
            remedy=_NO_LINK if "join condition" in problem else "Mend what it speaks of.",
        )


def _shortened(problem: str) -> str:
    """The sentence that says what is wrong, without the advice that follows it."""
    return problem.split(". ")[0].removesuffix(" - there are no foreign keys linking these tables")
