"""Giving constraints other names and comments."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

from migsafe.autogen.creation import commented
from migsafe.autogen.operations import SqlOp, do_block
from migsafe.names import Name, quote_ident, quote_literal


class Named(Protocol):
    """A constraint with a name and a comment."""

    @property
    def name(self) -> str:
        """Its name."""

    @property
    def comment(self) -> str | None:
        """Its comment."""


def rename_constraint(table: Name, old: Named, new: Named) -> Iterator[SqlOp]:
    """Yield the operations that give a constraint of *table* the name and comment of *new*."""
    if old.name != new.name:
        yield SqlOp(
            f"rename {old.name} to {new.name}",
            [_renamed(table, old.name, new.name)],
            [_renamed(table, new.name, old.name)],
            again=([_once(table, old.name, new.name)], [_once(table, new.name, old.name)]),
        )
    if old.comment != new.comment:
        what = f"CONSTRAINT {quote_ident(new.name)} ON {table}"
        yield recommented(what, old.comment, new.comment)


def recommented(what: str, old: str | None, new: str | None) -> SqlOp:
    """Return the operation that gives *what* ("INDEX ix") another comment, or none."""
    erased = f"COMMENT ON {what} IS NULL"
    texts = [next(commented(what, text), erased) for text in (new, old)]
    return SqlOp(f"comment on {what}", texts[:1], texts[1:])


class CommentWithOp(SqlOp):
    """What completes the step before it, up or down, and has to come after that.

    As the comment of a new constraint, or the storage of a column that gets another type.
    """

    def reverse(self) -> CommentWithOp:
        """The comment the other way."""
        return CommentWithOp(self.title, self.down, self.up)


def comment_with(table: Name, constraint: Named, *, up: bool) -> Iterator[CommentWithOp]:
    """Yield the operation that comments on *constraint* where it is created: going up or down."""
    what = f"CONSTRAINT {quote_ident(constraint.name)} ON {table}"
    texts = list(commented(what, constraint.comment))
    if texts:
        yield CommentWithOp(f"comment on {constraint.name}", texts * up, texts * (not up))


def _renamed(table: Name, old: str, new: str) -> str:
    return f"ALTER TABLE {table} RENAME CONSTRAINT {quote_ident(old)} TO {quote_ident(new)}"


def _once(table: Name, old: str, new: str) -> str:
    there = (
        f"EXISTS (SELECT FROM pg_catalog.pg_constraint WHERE conname = {quote_literal(old)} "
        f"AND conrelid = {quote_literal(str(table))}::regclass)"
    )
    return do_block(f"IF {there} THEN {_renamed(table, old, new)}; END IF;")
