"""A library: classes mapped by hand, mixins, soft delete, a table of its own for each class."""

import datetime as dt
import enum

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy.ext.declarative import ConcreteBase
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

CONVENTION = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


class Base(DeclarativeBase):
    metadata = sa.MetaData(naming_convention=CONVENTION)


class Kept:
    id: Mapped[int] = mapped_column(sa.BigInteger, sa.Identity(), primary_key=True)
    created_at: Mapped[dt.datetime] = mapped_column(
        sa.DateTime(timezone=True), server_default=sa.func.now()
    )
    updated_at: Mapped[dt.datetime] = mapped_column(
        sa.DateTime(timezone=True), server_default=sa.func.now()
    )
    deleted_at: Mapped[dt.datetime | None] = mapped_column(sa.DateTime(timezone=True))


class State(enum.Enum):
    here = "here"
    lent = "lent"
    lost = "lost"


class Author(Kept, Base):
    __tablename__ = "authors"

    name: Mapped[str] = mapped_column(sa.String(200))
    books: Mapped[list["Book"]] = relationship(back_populates="author")


class Book(Kept, Base):
    __tablename__ = "books"
    __table_args__ = (
        sa.Index("ix_books_words", "words", postgresql_using="gin"),
        sa.Index(
            "uq_books_isbn_there", "isbn", unique=True,
            postgresql_where=sa.text("deleted_at IS NULL"),
        ),
    )  # fmt: skip

    author_id: Mapped[int] = mapped_column(
        sa.ForeignKey("authors.id", ondelete="CASCADE"), index=True
    )
    isbn: Mapped[str] = mapped_column(sa.CHAR(13), nullable=True)
    title: Mapped[str] = mapped_column(sa.String(300))
    words: Mapped[str | None] = mapped_column(
        postgresql.TSVECTOR, sa.Computed("to_tsvector('simple', title)", persisted=True)
    )
    state: Mapped[State] = mapped_column(sa.Enum(State, name="book_state"), index=True)
    author: Mapped[Author] = relationship(back_populates="books")


class Guest(ConcreteBase, Base):
    __tablename__ = "guests"
    __mapper_args__ = {"polymorphic_identity": "guest", "concrete": True}  # noqa: RUF012

    id: Mapped[int] = mapped_column(sa.BigInteger, sa.Identity(), primary_key=True)
    name: Mapped[str] = mapped_column(sa.String(200))


class Member(Guest):
    __tablename__ = "members"
    __mapper_args__ = {"polymorphic_identity": "member", "concrete": True}  # noqa: RUF012

    id: Mapped[int] = mapped_column(sa.BigInteger, sa.Identity(), primary_key=True)
    name: Mapped[str] = mapped_column(sa.String(200))
    since: Mapped[dt.date]


loans = sa.Table(
    "loans",
    Base.metadata,
    sa.Column("book_id", sa.ForeignKey("books.id", ondelete="RESTRICT"), primary_key=True),
    sa.Column("lent_on", sa.Date, primary_key=True),
    sa.Column("owner_id", sa.BigInteger, nullable=False),
)


class Loan:
    """Knows nothing of databases."""

    def is_over(self) -> bool:
        return False


Base.registry.map_imperatively(Loan, loans, properties={"book": relationship(Book)})
