"""MS808: sums of money that do not add up."""

from __future__ import annotations

from collections.abc import Iterator

from migsafe.models.rule import Design, DesignRule, Remark
from migsafe.models.words import type_text

_MONEY = frozenset(
    {"price", "cost", "amount", "balance", "fee", "salary", "wage", "revenue", "refund", "subtotal"}
    | {"money"}
)
# price_change_percent and cost_weight are no sums.
_NOT_MONEY = frozenset(
    {"rate", "ratio", "percent", "percentage", "pct", "factor", "score", "weight", "change"}
    | {"index", "probability", "share", "elasticity", "estimate", "embedding"}
)
_INEXACT = frozenset({"float4", "float8", "money"})


class FloatingMoney(DesignRule):
    """A sum of money is a binary fraction, or the type `money`.

    In `double precision` 0.1 + 0.2 is not 0.3: sums drift, and two equal amounts are not equal.
    `money` has the decimal places and the currency sign of whatever `lc_monetary` the server has
    today. `numeric` with two or more decimal places is exact; so is `bigint` for cents.
    """

    code = "MS808"
    safe_way = "Numeric(12, 2)"
    bad = (
        """
        class Product(Base):
            __tablename__ = "products"

            id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
            unit_price: Mapped[float]
        """,
        """
        class Product(Base):
            __tablename__ = "products"

            id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
            price: Mapped[Any] = mapped_column(postgresql.MONEY)
        """,
    )
    good = (
        """
        class Product(Base):
            __tablename__ = "products"

            id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
            unit_price: Mapped[Decimal] = mapped_column(sa.Numeric(12, 2))
            amount_cents: Mapped[int] = mapped_column(sa.BigInteger)
            price_change_percent: Mapped[float]
            weight: Mapped[float]
        """,
    )

    def check(self, design: Design) -> Iterator[Remark]:
        for table in design.tables():
            for column in table.columns:
                type_ = column.type
                words = set(column.name.lower().split("_"))
                if not type_.is_builtin or type_.name.name not in _INEXACT or words & _NOT_MONEY:
                    continue
                if words & _MONEY or type_.name.name == "money":
                    why = (
                        "its decimal places are a setting of the server"
                        if type_.name.name == "money"
                        else "sums of money in it are not exact"
                    )
                    yield Remark(
                        table.name,
                        f"{table.name.display()}.{column.name} is {type_text(type_)}: {why}",
                        column=column.name,
                    )
