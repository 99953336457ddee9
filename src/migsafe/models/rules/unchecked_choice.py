"""MS816: one of a few words, but any text is taken."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from migsafe.catalog import Column, Table
from migsafe.models.rule import Design, DesignRule, Profile, Remark
from migsafe.models.serving import foreign_keys
from migsafe.models.words import type_text

_CHOICES = frozenset({"status", "state", "kind", "role", "priority", "severity", "visibility"})
_TEXTS = frozenset({"text", "varchar", "bpchar"})


class UncheckedChoice(DesignRule):
    """A column for one of a few words is a text that nothing limits.

    A misspelt status is stored and no query for the right one finds its row. An enum type or a
    CHECK keeps it out; so does a foreign key to the table of the words. `Enum(native_enum=False)`
    only checks with `create_constraint=True`.
    """

    code = "MS816"
    profile = Profile.AUDIT
    safe_way = "Use an Enum, or a CheckConstraint that lists the words."
    bad = (
        """
        class Order(Base):
            __tablename__ = "orders"

            id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
            status: Mapped[str] = mapped_column(sa.String(20), server_default="open")
        """,
        """
        class Order(Base):
            __tablename__ = "orders"

            id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
            phase: Mapped[str] = mapped_column(sa.Enum("open", "paid", native_enum=False))
        """,
    )
    good = (
        """
        class Order(Base):
            __tablename__ = "orders"
            __table_args__ = (sa.CheckConstraint("state IN ('new', 'old')", name="state_known"),)

            id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
            status: Mapped[str] = mapped_column(sa.Enum("open", "paid", name="order_status"))
            state: Mapped[str]
            kind: Mapped[str] = mapped_column(
                sa.Enum("a", "b", native_enum=False, create_constraint=True, name="kind")
            )
        """,
    )

    def check(self, design: Design) -> Iterator[Remark]:
        for table in design.tables():
            for column in table.columns:
                declared = design.declared_column(table.name, column.name)
                if _is_choice(column, declared) and not _is_limited(design, table, column):
                    yield Remark(
                        table.name,
                        f"{table.name.display()}.{column.name} takes any {type_text(column.type)}",
                        column=column.name,
                    )


def _is_choice(column: Column, declared: Any) -> bool:
    from sqlalchemy import Enum

    if not column.type.is_builtin or column.type.name.name not in _TEXTS or column.type.dimensions:
        return False
    enumerated = declared is not None and isinstance(declared.type, Enum)
    return enumerated or column.name.rpartition("_")[2] in _CHOICES


def _is_limited(design: Design, table: Table, column: Column) -> bool:
    refers = any(column.name in key.columns for key in foreign_keys(table))
    return refers or column.generated is not None or design.checks_of(table, column.name)
