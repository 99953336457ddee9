"""MS810: names that have to be quoted wherever they are written."""

from __future__ import annotations

import re
from collections.abc import Iterator

from migsafe.models.rule import Design, DesignRule, Remark
from migsafe.models.words import is_reserved
from migsafe.names import quote_ident

_PLAIN = re.compile(r"[a-z_][a-z0-9_$]*\Z")


class QuotedName(DesignRule):
    """The name of a table or column is a reserved word, or has capitals or blanks.

    SQLAlchemy quotes it, everybody else has to think of it: `SELECT * FROM user` is no error and
    reads the name of the current role, and `userId` without quotes means `userid`. A SQLModel
    class without `__tablename__` is the table of its own name: `User` becomes `user`.
    """

    code = "MS810"
    bad = (
        """
        class Account(Base):
            __tablename__ = "user"

            id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
        """,
        """
        class Account(Base):
            __tablename__ = "accounts"

            id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
            openedOn: Mapped[date]
        """,
    )
    good = (
        """
        class Account(Base):
            __tablename__ = "accounts"

            id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
            position: Mapped[int]
            name: Mapped[str]
            value: Mapped[str]
        """,
    )

    def check(self, design: Design) -> Iterator[Remark]:
        for table in design.tables():
            shown = table.name.display()
            why = _reason(table.name.name)
            if why:
                yield Remark(
                    table.name,
                    f"the table name {quote_ident(table.name.name)} {why}",
                    remedy=f'__tablename__ = "{_plain(table.name.name)}"',
                )
            for column in table.columns:
                why = _reason(column.name)
                if why:
                    yield Remark(
                        table.name,
                        f"the column name {quote_ident(column.name)} of {shown} {why}",
                        column=column.name,
                        remedy=_better(column.name),
                    )


def _reason(name: str) -> str | None:
    if not _PLAIN.match(name):
        return "needs quotes wherever it is written"
    return "is a reserved word" if is_reserved(name) else None


def _better(column: str) -> str:
    plain = _plain(column)
    mapped = f'mapped_column("{plain}", ...) keeps the attribute as it is.'
    return "Use another word." if plain == f"{column}s" else mapped


def _plain(name: str) -> str:
    """*name* in small letters and underscores, in the plural if it is a reserved word."""
    plain = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()
    plain = re.sub(r"[^a-z0-9_]+", "_", plain).strip("_") or "another_name"
    return plain if _reason(plain) is None else f"{plain}s"
