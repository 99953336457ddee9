"""MS814: what is made to be searched has no index to search with."""

from __future__ import annotations

from collections.abc import Iterator

from migsafe.models.rule import Design, DesignRule, Profile, Remark
from migsafe.models.serving import key_columns
from migsafe.models.words import type_text
from migsafe.rule import code


class UnindexedDocument(DesignRule):
    """A column of type `jsonb`, `tsvector` or an array has no GIN or GiST index.

    Questions about what it contains (`@>`, `?`, `@@`, `&&`) read the whole table. A column that is
    only stored and read back with its row needs none.
    """

    code = "MS814"
    profile = Profile.AUDIT
    bad = (
        """
        class Product(Base):
            __tablename__ = "products"

            id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
            attributes: Mapped[dict[str, Any]] = mapped_column(postgresql.JSONB)
        """,
        """
        class Product(Base):
            __tablename__ = "products"

            id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
            labels: Mapped[list[str]] = mapped_column(postgresql.ARRAY(sa.Text))
        """,
    )
    good = (
        """
        class Product(Base):
            __tablename__ = "products"
            __table_args__ = (Index("ix_attributes", "attributes", postgresql_using="gin"),)

            id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
            attributes: Mapped[dict[str, Any]] = mapped_column(postgresql.JSONB)
        """,
    )

    def check(self, design: Design) -> Iterator[Remark]:
        for table in design.tables():
            searchable = {
                name
                for index in design.catalog.indexes_of(table.name)
                if index.method in ("gin", "gist", "rum")
                for name in key_columns(index)
            }
            for column in table.columns:
                document = column.type.is_builtin and column.type.name.name in ("jsonb", "tsvector")
                if (document or column.type.dimensions) and column.name not in searchable:
                    yield Remark(
                        table.name,
                        f"no GIN index of {table.name.display()} has {column.name}, "
                        f"which is {type_text(column.type)}",
                        column=column.name,
                        remedy=code.call(
                            "Index",
                            code.text(f"ix_{table.name.name}_{column.name}"),
                            code.text(column.name),
                            postgresql_using=code.text("gin"),
                        ),
                    )
