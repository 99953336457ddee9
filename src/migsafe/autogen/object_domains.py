"""Domains that are declared: their definition, and the way from one to another."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from alembic.util import CommandError

from migsafe.catalog import Domain
from migsafe.names import quote_ident

if TYPE_CHECKING:
    from migsafe.autogen.object_kinds import Wanted


def definition(domain: Domain) -> str:
    """Return what follows `CREATE DOMAIN name AS`."""
    text = str(domain.base)
    text += f" COLLATE {domain.collation}" if domain.collation is not None else ""
    text += f" DEFAULT {domain.default}" if domain.default is not None else ""
    text += " NOT NULL" if domain.not_null else ""
    for check in domain.constraints:
        text += f" CONSTRAINT {quote_ident(check.name)} CHECK ({check.expression})"
    return text


def altered(one: Wanted, old: Domain, new: Domain | None) -> tuple[list[str], list[str]]:
    """Return the statements that make the domain *old* the *new* one, and back.

    Raises CommandError where PostgreSQL has no way: domains cannot change their type.
    """
    if new is None:
        raise CommandError(f"PostgreSQL cannot read the declared {one.display()} yet: create it")
    if (old.base, old.collation) != (new.base, new.collation):
        raise CommandError(
            f"the {one.display()} is of type {old.base}, declared is {new.base}: PostgreSQL cannot "
            "change the type of a domain; declare a domain of another name, and move the columns"
        )
    return list(_changes(one, old, new)), list(_changes(one, new, old))


def _changes(one: Wanted, old: Domain, new: Domain) -> Iterator[str]:
    alter = f"ALTER DOMAIN {one.name}"
    before = {check.name: check for check in old.constraints}
    after = {check.name: check for check in new.constraints}
    for name, check in before.items():
        if name not in after or after[name].expression != check.expression:
            yield f"{alter} DROP CONSTRAINT IF EXISTS {quote_ident(name)}"
    if old.default != new.default:
        yield f"{alter} " + (f"SET DEFAULT {new.default}" if new.default else "DROP DEFAULT")
    if old.not_null != new.not_null:
        yield f"{alter} {'SET' if new.not_null else 'DROP'} NOT NULL"
    for name, check in after.items():
        if name not in before or before[name].expression != check.expression:
            if name not in before:
                yield f"{alter} DROP CONSTRAINT IF EXISTS {quote_ident(name)}"
            yield f"{alter} ADD CONSTRAINT {quote_ident(name)} CHECK ({check.expression})"
