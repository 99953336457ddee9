"""What the session's own open transaction forbids: relations in use, enum values too new to use."""

from __future__ import annotations

from collections.abc import Iterable

from migsafe.catalog import Enum
from migsafe.effects.ledger import Ledger
from migsafe.names import Name
from migsafe.pgtypes import TypeRef
from migsafe.sql.expressions import literals
from migsafe.sql.parts import Expression

FREED_ENUMS = 17
"""From this version on, values added to an enum of the same transaction can be used in it."""


def check_not_in_use(ledger: Ledger, relation: Name, command: str) -> None:
    """Refuse *command* on a relation with an open cursor or pending events (CheckTableNotInUse)."""
    transaction = ledger.transaction
    if not (transaction.cursors or transaction.pending_events or transaction.possible_events):
        return
    if any(relation in relations for _, relations in transaction.cursors):
        why = f"cannot {command} {relation.display()}: a cursor of this session is using it"
        ledger.refuse("55006", why)
    why = f"cannot {command} {relation.display()}: it has pending trigger events"
    if relation in transaction.pending_events:
        ledger.refuse("55006", why)
    if relation in transaction.possible_events:
        ledger.may_fail("55006", why)


def unusable_values(ledger: Ledger, type_: TypeRef) -> frozenset[str]:
    """The labels of an enum that this transaction has added and cannot use before commit."""
    found = ledger.catalog.type(type_.name)
    if not isinstance(found, Enum):
        return frozenset()
    if found.name in ledger.transaction.new_types and ledger.major >= FREED_ENUMS:
        return frozenset()
    return frozenset(label for enum, label in ledger.transaction.new_values if enum == found.name)


def check_enum_values(
    ledger: Ledger, types: Iterable[TypeRef], *expressions: Expression | str | None
) -> None:
    """Refuse *expressions* that name an enum value of *types* which is too new to be used."""
    used: set[str] | None = None
    for type_ in types:
        new = unusable_values(ledger, type_)
        if not new:
            continue
        if used is None:
            used = set()
            for expression in expressions:
                if expression is not None:
                    used.update(literals(_expression(expression)))
        for label in sorted(new & used):
            ledger.refuse("55P04", f"unsafe use of new value {label!r} of enum {type_}")


def _expression(value: Expression | str) -> Expression:
    return value if isinstance(value, Expression) else Expression(value)
