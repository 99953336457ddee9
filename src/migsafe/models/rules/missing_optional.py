"""MS828: a field that is None until somebody remembers it."""

from __future__ import annotations

from collections.abc import Iterator

from migsafe.models.mapping import attributes_of, takes_none
from migsafe.models.rule import Design, DesignRule, Remark


class MissingOptional(DesignRule):
    """A field is None by default, and neither its type nor its column takes it.

    The constructor of a table model takes the default without a word, and the INSERT fails. Either
    the field is optional, or it has no default and the type checker asks for it. Keys that the
    database counts, and those that a relationship fills, are left out.
    """

    code = "MS828"
    safe_way = "Say `| None` in the type, or leave the default out."
    bad = (
        """
        from sqlmodel import Field, SQLModel

        class Base(SQLModel, registry=sa.orm.registry()):
            pass

        class Order(Base, table=True):
            __tablename__ = "orders"

            id: uuid.UUID = Field(primary_key=True)
            number: str = None
        """,
    )
    good = (
        """
        from sqlmodel import Field, SQLModel

        class Base(SQLModel, registry=sa.orm.registry()):
            pass

        class Order(Base, table=True):
            __tablename__ = "orders"

            id: uuid.UUID = Field(default=None, primary_key=True)
            number: str
            note: str | None = None
        """,
    )

    def check(self, design: Design) -> Iterator[Remark]:
        for attribute in attributes_of(design):
            field, column, declared = attribute.field, attribute.column, attribute.declared
            if field is None or field.is_required() or field.default is not None:
                continue
            by_itself = declared.default is not None or column.default or column.generated
            filled = declared.primary_key or declared.foreign_keys or by_itself
            fails = column.not_null and takes_none(attribute.annotation) is False
            if field.default_factory is None and not filled and fails:
                yield Remark(
                    attribute.table,
                    f"{attribute.table.display()}.{column.name} is NOT NULL, and the field is "
                    "None unless somebody sets it",
                    column=column.name,
                )
