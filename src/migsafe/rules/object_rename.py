"""MS306: a type, sequence, function or schema that running code names gets another name."""

from __future__ import annotations

from collections.abc import Iterator

from migsafe.capture.model import Step
from migsafe.catalog import Sequence
from migsafe.effects import Effects
from migsafe.rule import Context, Rule, Severity
from migsafe.rule.later import comes_back
from migsafe.session import Transaction
from migsafe.sql.ast import ObjectKind, Rename

_KINDS = (
    ObjectKind.TYPE,
    ObjectKind.DOMAIN,
    ObjectKind.SEQUENCE,
    ObjectKind.FUNCTION,
    ObjectKind.PROCEDURE,
    ObjectKind.SCHEMA,
)


class ObjectRename(Rule):
    """Renaming a type, sequence, function or schema breaks running code that names it.

    Drivers send casts to an enum's name, and mapped classes may name a sequence or schema. It is
    silent when the same migration gives the old name to something new, as in the usual exchange
    of an enum.
    """

    code = "MS306"
    severity = Severity.WARNING
    looks_at = (Rename,)
    bad = ('op.execute("ALTER TYPE status RENAME TO order_status")',)
    good = (
        """
        op.execute("CREATE TYPE mood AS ENUM ('good', 'bad')")
        op.execute("ALTER TYPE mood RENAME TO temper")
        """,
    )
    safe_way = (
        "Create the new one beside the old one, move the code over, and drop the old one one "
        "release later."
    )

    def check(self, step: Step, effects: Effects, context: Context) -> Iterator[str]:
        statement = step.statement
        if not isinstance(statement, Rename) or statement.kind not in _KINDS:
            return
        if _is_felt(statement, context) and not comes_back(statement.name, context.later):
            kind = statement.kind.value.lower()
            yield (
                f"renaming {kind} {statement.name.display()} to {statement.new_name} breaks "
                "running code that uses the old name"
            )


def _is_felt(statement: Rename, context: Context) -> bool:
    """Whether it existed before the transaction, as far as that is known."""
    transaction = context.session.transaction or Transaction()
    found = context.catalog.type(statement.name) or context.catalog.relation(statement.name)
    if isinstance(found, Sequence) and found.owned_by is not None:
        return False  # its column knows it by number, and no code by name
    if found is not None:
        return found.name not in transaction.new | transaction.new_types
    schemas = context.start.schemas if context.start else {}
    return statement.kind is not ObjectKind.SCHEMA or statement.name.name in schemas
