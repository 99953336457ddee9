"""What a statement meets besides the catalog: settings of the session and its open transaction."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field

from migsafe.catalog import Catalog
from migsafe.locks import LockMode
from migsafe.names import Name
from migsafe.sql.parts import Statement
from migsafe.values import dataclass


@dataclass(frozen=True)
class Transaction:
    """An open transaction.

    Attributes:
        locks: modes held on relations that existed before the transaction.
        new: relations created in it, which no other session can see yet.
        new_types: types created in it.
        new_values: (enum, label) pairs added in it; unusable until commit unless the type is new.
        written: tables it has changed rows of.
        pending_events: tables with deferred trigger events that are still to fire.
        possible_events: tables that have such events if certain rows were there.
        deferred: constraints that SET CONSTRAINTS has deferred, ``*`` for all.
        cursors: open cursors, each with the relations it reads.
        savepoints: by name, in order, the session as it stood; the first one has no name and is
            the session before the transaction.
    """

    locks: Mapping[Name, frozenset[LockMode]] = field(default_factory=dict)
    new: frozenset[Name] = frozenset()
    new_types: frozenset[Name] = frozenset()
    new_values: frozenset[tuple[Name, str]] = frozenset()
    written: frozenset[Name] = frozenset()
    pending_events: frozenset[Name] = frozenset()
    possible_events: frozenset[Name] = frozenset()
    deferred: frozenset[str] = frozenset()
    cursors: tuple[tuple[str, frozenset[Name]], ...] = ()
    savepoints: tuple[tuple[str | None, Session], ...] = ()


@dataclass(frozen=True)
class Session:
    """The state before a statement.

    *settings* are by lower-case name, *prepared* what PREPARE has named; *transaction* is None
    outside of a block.
    """

    catalog: Catalog
    settings: Mapping[str, str] = field(default_factory=dict)
    local_settings: Mapping[str, str] = field(default_factory=dict)
    transaction: Transaction | None = None
    prepared: Mapping[str, Statement] = field(default_factory=dict)

    def setting(self, name: str, default: str | None = None) -> str | None:
        """The value that ``SHOW name`` would give, as far as this history has set it."""
        return self.local_settings.get(name, self.settings.get(name, default))
