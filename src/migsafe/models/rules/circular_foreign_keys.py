"""MS811: tables whose rows cannot be written one after the other."""

from __future__ import annotations

from collections.abc import Iterator

from migsafe.catalog import Constraint
from migsafe.models.rule import Design, DesignRule, Remark
from migsafe.models.serving import foreign_keys, is_mandatory
from migsafe.names import Name


class CircularForeignKeys(DesignRule):
    """Tables refer to each other in a circle in which no column may be NULL.

    Whichever row is written first refers to one that is not there yet, so that neither table can
    get a row: the checks come at the end of each statement. A dump cannot be restored table by
    table. One of the columns may be NULL at first, or one constraint is DEFERRABLE.
    """

    code = "MS811"
    safe_way = 'ForeignKey(..., deferrable=True, initially="DEFERRED")'
    bad = (
        """
        class Team(Base):
            __tablename__ = "teams"

            id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
            captain_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("players.id"), index=True)

        class Player(Base):
            __tablename__ = "players"

            id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
            team_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("teams.id"), index=True)
        """,
    )
    good = (
        """
        class Team(Base):
            __tablename__ = "teams"

            id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
            captain_id: Mapped[uuid.UUID | None] = mapped_column(
                ForeignKey("players.id"), index=True
            )

        class Player(Base):
            __tablename__ = "players"

            id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
            team_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("teams.id"), index=True)
        """,
        """
        class Category(Base):
            __tablename__ = "categories"

            id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
            parent_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("categories.id"), index=True)
        """,
    )

    def check(self, design: Design) -> Iterator[Remark]:
        needs = {table.name: _needed(design, table.name) for table in design.tables()}
        told: set[Name] = set()
        for start in sorted(needs):
            circle = _circle(start, needs)
            if circle and not told & set(circle):
                told.update(circle)
                path = " → ".join(name.display() for name in (*circle, circle[0]))
                column = needs[circle[0]][circle[1]].columns[0]
                yield Remark(start, f"no row can be the first of {path}", column=column)


def _needed(design: Design, table: Name) -> dict[Name, Constraint]:
    """The other tables that a row of *table* cannot do without at the end of its statement."""
    found = design.catalog.tables[table]
    return {
        key.references: key
        for key in foreign_keys(found)
        if key.references not in (None, table)
        and not key.deferrable
        and key.enforced
        and is_mandatory(found, key.columns)
    }


def _circle(start: Name, needs: dict[Name, dict[Name, Constraint]]) -> tuple[Name, ...]:
    """The shortest way from *start* back to it, () if there is none."""
    ways: list[tuple[Name, ...]] = [(start,)]
    seen = {start}
    while ways:
        way = ways.pop(0)
        for following in sorted(needs.get(way[-1], ())):
            if following == start:
                return way
            if following not in seen:
                seen.add(following)
                ways.append((*way, following))
    return ()
