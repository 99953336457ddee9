"""MS803: constraints whose names the database chooses."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from migsafe.models.rule import Design, DesignRule, Remark
from migsafe.rule.words import listed

_CONVENTION = """MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)"""
_SHOWN = 3


class UnnamedConstraint(DesignRule):
    """Constraints have no name in the models, and the MetaData has no convention for them.

    PostgreSQL then makes up a name that the models do not know. Alembic writes
    `op.drop_constraint(None, ...)` for them, which fails, and a constraint that was made by hand
    may be called otherwise in each database. A naming convention names them all; a CHECK also
    needs a name of its own.
    """

    code = "MS803"
    safe_way = _CONVENTION
    bad = (
        """
        class Base(DeclarativeBase):
            pass

        class Account(Base):
            __tablename__ = "accounts"

            id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
            number: Mapped[str] = mapped_column(unique=True)
        """,
        """
        class Base(DeclarativeBase):
            metadata = MetaData(naming_convention={"pk": "pk_%(table_name)s"})

        class Account(Base):
            __tablename__ = "accounts"
            __table_args__ = (sa.CheckConstraint("balance >= 0"),)

            id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
            balance: Mapped[Decimal]
        """,
    )
    good = (
        """
        class Account(Base):
            __tablename__ = "accounts"
            __table_args__ = (sa.CheckConstraint("balance >= 0", name="balance_not_negative"),)

            id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
            number: Mapped[str] = mapped_column(unique=True)
            balance: Mapped[Decimal]
        """,
        """
        class Base(DeclarativeBase):
            pass

        class Account(Base):
            __tablename__ = "accounts"
            __table_args__ = (UniqueConstraint("number", name="accounts_number_key"),)

            id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
            number: Mapped[str]
        """,
    )

    def check(self, design: Design) -> Iterator[Remark]:
        names = [
            f"{_kind(constraint)} on {_where(constraint)}"
            for table in design.tables()
            for constraint in _unnamed(design.declared(table.name))
        ]
        if len(names) == 1:
            yield Remark(None, f"the {names[0]} has no name of its own")
        elif names:
            more = len(names) - _SHOWN
            shown = [*names[:_SHOWN], *([f"{more} more"] if more > 0 else [])]
            yield Remark(None, f"{len(names)} constraints have no name: {listed(shown)}")


def _unnamed(table: Any) -> list[Any]:
    """The constraints that get no name; a primary key's is the same everywhere."""
    from sqlalchemy import CheckConstraint, PrimaryKeyConstraint

    if table is None:
        return []
    return [
        constraint
        for constraint in sorted(table.constraints, key=_where)
        if not isinstance(constraint, PrimaryKeyConstraint)
        and not isinstance(constraint.name, str)  # a convention has set it by now
        and not (
            isinstance(constraint, CheckConstraint) and getattr(constraint, "_type_bound", False)
        )
    ]


def _kind(constraint: Any) -> str:
    words = str(constraint.__visit_name__).replace("_", " ").removesuffix(" constraint")
    return words.replace("table or column check", "CHECK")


def _where(constraint: Any) -> str:
    columns = ", ".join(str(column.name) for column in constraint.columns)
    return f"{constraint.table.name} ({columns})" if columns else str(constraint.table.name)
