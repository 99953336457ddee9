"""MS307: a view, function, sequence or extension goes while running code may use it."""

from __future__ import annotations

from collections.abc import Iterator

from migsafe.capture.model import Step
from migsafe.effects import Effects
from migsafe.names import Name
from migsafe.rule import Context, Rule, Severity
from migsafe.rule.later import comes_back
from migsafe.rule.words import listed
from migsafe.sql.ast import Drop, DropOwned, ObjectKind

_KINDS = (
    ObjectKind.VIEW,
    ObjectKind.MATERIALIZED_VIEW,
    ObjectKind.SEQUENCE,
    ObjectKind.FUNCTION,
    ObjectKind.PROCEDURE,
)


class ObjectDrop(Rule):
    """Dropping a view, function or sequence breaks the code that is running.

    It is silent for trigger functions, which no code calls, and when the same migration creates
    the object anew.
    """

    code = "MS307"
    severity = Severity.WARNING
    looks_at = (Drop, DropOwned)
    bad = ('op.execute("DROP VIEW buyers")', 'op.execute("DROP SEQUENCE numbers")')
    good = (
        """
        op.execute("DROP VIEW buyers")
        op.execute("CREATE VIEW buyers AS SELECT id, name FROM users")
        """,
        'op.execute("DROP VIEW IF EXISTS gone")',
    )
    setup = "CREATE VIEW buyers AS SELECT id FROM users; CREATE SEQUENCE numbers;"
    safe_way = "Deploy code that no longer uses it first, and drop it one release later."

    def check(self, step: Step, effects: Effects, context: Context) -> Iterator[str]:
        statement = step.statement
        if isinstance(statement, DropOwned):
            yield f"DROP OWNED BY {', '.join(statement.roles)} drops all that these roles own"
        if not isinstance(statement, Drop) or statement.kind not in _KINDS:
            return
        removed = {removal.relation for removal in effects.removes}
        unseen = bool(context.catalog.gaps) and not statement.if_exists
        gone = [
            name
            for name in statement.names
            if (_is_removed(name, removed) or (unseen and not _is_known(name, context)))
            and not _is_trigger_function(name, statement.kind, context)
            and not comes_back(name, context.later)
        ]
        if gone:
            names = listed(name.display() for name in gone)
            kind = statement.kind.value.lower()
            yield f"dropping {kind} {names} breaks running code that uses it"


def _is_removed(name: Name, removed: set[Name]) -> bool:
    return any(name.name == r.name and name.schema in (None, r.schema) for r in removed)


def _is_known(name: Name, context: Context) -> bool:
    """Whether the catalog has it, so that its removal would have been seen."""
    catalog = context.catalog
    return catalog.relation(name) is not None or bool(catalog.functions_named(name))


def _is_trigger_function(name: Name, kind: ObjectKind, context: Context) -> bool:
    if kind is not ObjectKind.FUNCTION:
        return False
    found = context.catalog.functions_named(name)
    return bool(found) and all(function.returns == "trigger" for function in found)
