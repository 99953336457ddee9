"""MS817: texts that are filled up with blanks."""

from __future__ import annotations

from collections.abc import Iterator

from migsafe.models.rule import Design, DesignRule, Profile, Remark
from migsafe.models.words import type_text
from migsafe.pgtypes import TypeRef


class PaddedText(DesignRule):
    """A column is `char(n)`.

    PostgreSQL fills the value up with blanks to n characters, stores them, and leaves them out in
    some comparisons and not in others. It checks no minimum length and saves nothing against
    `varchar(n)` or `text` with a CHECK.
    """

    code = "MS817"
    profile = Profile.AUDIT
    bad = (
        """
        class Country(Base):
            __tablename__ = "countries"

            code: Mapped[str] = mapped_column(sa.CHAR(2), primary_key=True)
        """,
    )
    good = (
        """
        class Country(Base):
            __tablename__ = "countries"

            code: Mapped[str] = mapped_column(sa.String(2), primary_key=True)
        """,
    )

    def check(self, design: Design) -> Iterator[Remark]:
        padded = TypeRef.builtin("bpchar").name
        for table in design.tables():
            for column in table.columns:
                if column.type.name == padded and column.type.modifiers:
                    yield Remark(
                        table.name,
                        f"{table.name.display()}.{column.name} is {type_text(column.type)}: "
                        "shorter values get blanks",
                        column=column.name,
                        remedy=f"String({column.type.modifiers[0]})",
                    )
