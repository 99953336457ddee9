"""MS833: an index whose every key has a large part of the table."""

from __future__ import annotations

from collections.abc import Iterator

from migsafe.catalog import Enum
from migsafe.models.rule import Design, DesignRule, Profile, Remark
from migsafe.models.serving import key_columns
from migsafe.models.words import type_text
from migsafe.names import quote_ident
from migsafe.pgtypes import TypeRef
from migsafe.rule import code

_FEW = 4


class UndistinguishingIndex(DesignRule):
    """An index is over nothing but a boolean, or an enum of a few values.

    Each value has so many rows that reading the table is cheaper, and the planner knows. If one
    value is rare and looked for (what is unpaid, what is still to send), a partial index over what
    those rows are sorted or found by serves, and is small. What `migsafe models verify` calls
    never chosen may be one of these.
    """

    code = "MS833"
    profile = Profile.AUDIT
    bad = (
        """
        class Account(Base):
            __tablename__ = "accounts"

            id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
            is_active: Mapped[bool] = mapped_column(index=True)
        """,
        """
        class Account(Base):
            __tablename__ = "accounts"

            id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
            plan: Mapped[str] = mapped_column(
                sa.Enum("free", "paid", name="plan"), index=True
            )
        """,
    )
    good = (
        """
        class Account(Base):
            __tablename__ = "accounts"
            __table_args__ = (
                Index("ix_active", "opened_on", postgresql_where=text("is_active")),
                Index("ix_plan", "plan", "opened_on"),
            )

            id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
            is_active: Mapped[bool]
            plan: Mapped[str] = mapped_column(sa.Enum("free", "paid", name="plan"))
            opened_on: Mapped[date]
        """,
    )

    def check(self, design: Design) -> Iterator[Remark]:
        for table in design.tables():
            for index in design.catalog.indexes_of(table.name):
                plain = not index.unique and index.predicate is None and not index.include
                columns = key_columns(index)
                column = table.column(columns[0]) if len(columns) == 1 and columns[0] else None
                if not plain or column is None or not _has_few(design, column.type):
                    continue
                name = quote_ident(index.name.name)
                yield Remark(
                    table.name,
                    f"{name} on {table.name.display()} tells only the values of {column.name} "
                    f"apart, which is {type_text(column.type)}",
                    column=column.name,
                    remedy=code.call(
                        "Index",
                        code.text(index.name.name),
                        '"..."',
                        postgresql_where=f"text({code.text(_condition(column.name, column.type))})",
                    ),
                )


def _has_few(design: Design, type_: TypeRef) -> bool:
    found = design.catalog.types.get(type_.name)
    is_small = isinstance(found, Enum) and len(found.labels) <= _FEW
    return type_ == TypeRef.builtin("bool") or (is_small and not type_.dimensions)


def _condition(column: str, type_: TypeRef) -> str:
    name = quote_ident(column)
    return name if type_ == TypeRef.builtin("bool") else f"{name} = '...'"
