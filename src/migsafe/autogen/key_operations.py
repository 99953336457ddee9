"""Changing PRIMARY KEY and UNIQUE constraints, with the foreign keys that lean on them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from alembic.autogenerate.render import renderers
from alembic.operations import ops

from migsafe.autogen.creation import commented, names
from migsafe.autogen.operations import execute_lines
from migsafe.names import Name, quote_ident

if TYPE_CHECKING:
    from alembic.autogenerate.api import AutogenContext


@dataclass(frozen=True)
class Key:
    """A PRIMARY KEY or UNIQUE constraint; *columns* in their order."""

    name: str
    primary: bool
    columns: tuple[str, ...]
    include: tuple[str, ...] = ()
    nulls_not_distinct: bool = False
    deferrable: bool = False
    deferred: bool = False
    comment: str | None = None

    def body(self, index: str | None = None) -> str:
        """What follows `ADD CONSTRAINT name`; with *index*, made of the unique index so called."""
        word = "PRIMARY KEY" if self.primary else "UNIQUE"
        timing = " DEFERRABLE" if self.deferrable else ""
        timing += " INITIALLY DEFERRED" if self.deferred else ""
        if index is not None:
            return f"{word} USING INDEX {quote_ident(index)}{timing}"
        nulls = " NULLS NOT DISTINCT" if self.nulls_not_distinct else ""
        include = f" INCLUDE ({names(self.include)})" if self.include else ""
        return f"{word}{nulls} ({names(self.columns)}){include}{timing}"

    def like(self, other: Key) -> bool:
        """Whether both do the same, under whatever names."""
        return replace(self, name=other.name, comment=other.comment) == other


@dataclass(frozen=True)
class Leaning:
    """A foreign key that leans on a key: its table, its name, what follows `ADD CONSTRAINT`."""

    table: Name
    name: str
    body: str
    validated: bool = True

    @property
    def drop(self) -> str:
        """The statement that takes it away."""
        return f"ALTER TABLE {self.table} DROP CONSTRAINT IF EXISTS {quote_ident(self.name)}"

    def back(self, *, later: bool = False) -> Iterator[str]:
        """Yield the statement that puts it back; with *later*, not validated so far."""
        state = " NOT VALID" if later and self.validated else ""
        yield f"ALTER TABLE {self.table} ADD CONSTRAINT {quote_ident(self.name)} {self.body}{state}"

    def validate(self) -> Iterator[str]:
        """Yield the statement that validates it, where it was valid."""
        if self.validated:
            yield f"ALTER TABLE {self.table} VALIDATE CONSTRAINT {quote_ident(self.name)}"


class ChangeKeyOp(ops.AlterTableOp):
    """Put the key *new* in the place of *old*; either may be None.

    *leaning* are the foreign keys that are in the way meanwhile, *tightened* and *loosened* the
    columns whose NOT NULL comes and goes with a primary key.
    """

    def __init__(
        self,
        table: Name,
        old: Key | None,
        new: Key | None,
        leaning: tuple[Leaning, ...] = (),
        tightened: tuple[str, ...] = (),
        loosened: tuple[str, ...] = (),
    ):
        super().__init__(table.name, schema=table.schema)
        self.table = table
        self.old = old
        self.new = new
        self.leaning = leaning
        self.tightened = tightened
        self.loosened = loosened

    def reverse(self) -> ChangeKeyOp:
        """The old key again."""
        columns = (self.loosened, self.tightened)
        return ChangeKeyOp(self.table, self.new, self.old, self.leaning, *columns)

    def to_diff_tuple(self) -> tuple[Any, ...]:
        """What `alembic check` prints."""
        old, new = (key and f"{key.name} {key.body()}" for key in (self.old, self.new))
        return ("change_key", str(self.table), old, new)

    def swap(self, index: str | None = None, *, again: bool = False) -> Iterator[str]:
        """Yield the statements that exchange the keys; *index* serves the new one if it exists.

        With *again* they can also run when they have run before.
        """
        gone = [key.name for key in (self.old, self.new if again else None) if key is not None]
        drops = [f"DROP CONSTRAINT IF EXISTS {quote_ident(name)}" for name in dict.fromkeys(gone)]
        adds = []
        if self.new is not None:
            adds = [f"ADD CONSTRAINT {quote_ident(self.new.name)} {self.new.body(index)}"]
        loose = [f"ALTER COLUMN {quote_ident(c)} DROP NOT NULL" for c in self.loosened]
        # PostgreSQL drops NOT NULL before it drops constraints, whatever the order in one command.
        yield f"ALTER TABLE {self.table} {', '.join([*drops, *adds])}"
        if loose:
            yield f"ALTER TABLE {self.table} {', '.join(loose)}"
        if self.new is not None:
            what = f"CONSTRAINT {quote_ident(self.new.name)} ON {self.table}"
            yield from commented(what, self.new.comment)

    def statements(self) -> Iterator[str]:
        """Yield all of it, for one transaction."""
        for key in self.leaning:
            yield key.drop
        yield from self.swap()
        for key in self.leaning:
            yield from key.back()


@renderers.dispatch_for(ChangeKeyOp)
def _render_change(context: AutogenContext, op: ChangeKeyOp) -> list[str]:
    return [line for sql in op.statements() for line in execute_lines(sql)]
