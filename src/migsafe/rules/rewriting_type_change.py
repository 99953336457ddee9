"""MS201: a new type writes or reads all rows while the table stands still."""

from __future__ import annotations

from collections.abc import Iterator

from migsafe.capture.model import Step
from migsafe.effects import Effects
from migsafe.names import quote_ident
from migsafe.rule import Context, Part, Rule, code, parts
from migsafe.rule.words import held_up, shown
from migsafe.sql.ast import AlterColumnType

_CLOCKS = {"timestamp", "timestamptz"}


class RewritingTypeChange(Rule):
    """Changing a column's type writes the table anew while its reads and writes wait.

    Only changes that leave the stored bytes as they are are free: a wider `varchar`, `varchar` to
    `text`, more digits of `numeric` at the same scale, and their like. Some of these still rebuild
    indexes or check constraints on the column; all of that happens under ACCESS EXCLUSIVE.
    `timestamp` to `timestamptz` keeps the rows only while the session's time zone is UTC.
    """

    code = "MS201"
    grows = True
    looks_at = (AlterColumnType,)
    bad = (
        'op.alter_column("users", "age", type_=sa.BigInteger())',
        'op.alter_column("users", "email", type_=sa.String(50))',
        'op.alter_column("orders", "amount", type_=sa.Numeric(12, 4))',
        'op.alter_column("orders", "note", type_=sa.Text(), postgresql_using="upper(note)")',
    )
    good = (
        'op.alter_column("users", "email", type_=sa.String(500))',
        'op.alter_column("users", "email", type_=sa.Text())',
        'op.alter_column("orders", "amount", type_=sa.Numeric(14, 2))',
    )

    def check(self, step: Step, effects: Effects, context: Context) -> Iterator[str]:
        for part in parts(step, effects, context, AlterColumnType):
            what = f"changing {part.table.display()}.{part.action.column} to {part.action.type}"
            own = part.effects
            if own.rewrites:
                tables = shown(own.rewrites)
                yield f"{what} writes all of {tables} anew while its reads and writes wait"
            elif part.is_felt and own.rebuilds:
                yield f"{what} rebuilds {shown(own.rebuilds)} while reads and writes wait"
            elif held_up(own):
                tables = shown(held_up(own))
                yield f"{what} reads all of {tables} while its reads and writes wait"
            elif part.is_felt and own.unknown and _is_unknown(part):
                yield (
                    f"{what} may write all of {part.table.display()} anew while its reads and "
                    "writes wait: the type before is not known"
                )

    def remedy(self, step: Step, effects: Effects, context: Context) -> str | None:
        for part in parts(step, effects, context, AlterColumnType):
            old = part.found.column(part.action.column) if part.found else None
            clocks = {part.action.type.name.name, old.type.name.name if old else ""}
            if clocks == _CLOCKS and part.action.using is None and part.effects.rewrites:
                return (
                    code.execute("SET LOCAL timezone = 'UTC'")
                    + "  # then the rows stay as they are, if UTC is what they mean"
                )
            return _recipe(part)
        return None


def _is_unknown(part: Part[AlterColumnType]) -> bool:
    """Whether the column's type is not known, as its table was made elsewhere."""
    return part.found is None or part.found.column(part.action.column) is None


def _recipe(part: Part[AlterColumnType]) -> str:
    table, column, new = part.table.display(), part.action.column, f"{part.action.column}_new"
    added = code.execute(f"ALTER TABLE {table} ADD COLUMN {quote_ident(new)} {part.action.type}")
    filled = f"# let the application write {column} and {new}; fill {new} in batches"
    place = {"schema": code.schema(part.table)}
    name = code.text(part.table.name)
    renamed = code.call(
        "op.alter_column", name, code.text(new), new_column_name=code.text(column), **place
    )
    dropped = code.call("op.drop_column", name, code.text(column), **place)
    return code.revisions(
        added, filled, f"# when no code reads the old {column}\n{dropped}\n{renamed}"
    )
