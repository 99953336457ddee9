"""MS826: a limit that only one program keeps."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from migsafe.catalog import Column, Table
from migsafe.models.mapping import attributes_of, limits_of
from migsafe.models.rule import Design, DesignRule, Remark
from migsafe.names import quote_ident, quote_literal
from migsafe.rule import code
from migsafe.rule.words import listed

_SIGNS = {"ge": ">=", "gt": ">", "le": "<=", "lt": "<"}
_TEXTS = frozenset({"text", "varchar", "bpchar", "citext"})
_NUMBERS = frozenset({"int2", "int4", "int8", "numeric", "float4", "float8"})


class UnenforcedLimit(DesignRule):
    """A field has a limit that the database does not know.

    SQLModel does not validate when a table model is made by its constructor, and nobody else reads
    the model: a migration, an UPDATE in psql, another service. What may never be in the table is
    kept out by a CHECK, whoever writes.
    """

    code = "MS826"
    bad = (
        """
        from sqlmodel import Field, SQLModel

        class Base(SQLModel, registry=sa.orm.registry()):
            pass

        class Product(Base, table=True):
            __tablename__ = "products"

            id: uuid.UUID = Field(primary_key=True)
            price: Decimal = Field(ge=0, max_digits=10, decimal_places=2)
        """,
        """
        from sqlmodel import Field, SQLModel

        class Base(SQLModel, registry=sa.orm.registry()):
            pass

        class Product(Base, table=True):
            __tablename__ = "products"

            id: uuid.UUID = Field(primary_key=True)
            sku: str = Field(min_length=3, max_length=20, regex="[A-Z]+")
        """,
        """
        from sqlmodel import Field, SQLModel

        class Base(SQLModel, registry=sa.orm.registry()):
            pass

        class Product(Base, table=True):
            __tablename__ = "products"

            id: uuid.UUID = Field(primary_key=True)
            description: str = Field(max_length=2000, sa_type=sa.Text)
        """,
    )
    good = (
        """
        from sqlmodel import Field, SQLModel

        class Base(SQLModel, registry=sa.orm.registry()):
            pass

        class Product(Base, table=True):
            __tablename__ = "products"
            __table_args__ = (sa.CheckConstraint("price >= 0", name="price_not_negative"),)

            id: uuid.UUID = Field(primary_key=True)
            name: str = Field(max_length=200)
            price: Decimal = Field(ge=0, max_digits=10, decimal_places=2)
        """,
    )

    def check(self, design: Design) -> Iterator[Remark]:
        for attribute in attributes_of(design):
            table, column = design.catalog.tables[attribute.table], attribute.column
            if attribute.field is None or design.checks_of(table, column.name):
                continue
            limits = dict(limits_of(attribute.field))
            found = list(_unknown(column, limits))
            if found:
                yield Remark(
                    attribute.table,
                    f"only the model knows {listed(words for words, _ in found)} of "
                    f"{attribute.table.display()}.{column.name}",
                    column=column.name,
                    remedy=_check(table, column, [condition for _, condition in found]),
                )


def _unknown(column: Column, limits: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """(the limit as the model says it, the condition in SQL) for what the column lets through."""
    name, type_ = quote_ident(column.name), column.type
    kind = type_.name.name if type_.is_builtin else ""
    if type_.dimensions:
        size, count = f"cardinality({name})", None
    elif kind in _TEXTS:
        size, count = f"length({name})", int(type_.modifiers[0]) if type_.modifiers else None
    else:
        size, count = "", None
    for word, value in limits.items():
        said = f"{word}={value!r}"
        if word in _SIGNS and kind in _NUMBERS and not type_.dimensions:
            yield said, f"{name} {_SIGNS[word]} {value}"
        elif word == "min_length" and size and int(value) > 0:
            yield said, f"{size} >= {value}"
        elif word == "max_length" and size and (count is None or count > int(value)):
            yield said, f"{size} <= {value}"
        elif word == "pattern" and kind in _TEXTS and not type_.dimensions:
            yield said, f"{name} ~ {quote_literal(str(value))}"


def _check(table: Table, column: Column, conditions: list[str]) -> str:
    name = f"ck_{table.name.name}_{column.name}"
    return code.call("CheckConstraint", code.text(" AND ".join(conditions)), name=code.text(name))
