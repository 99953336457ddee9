"""DROP of tables, views and indexes: what keeps them, and the locks beside those on what goes."""

from __future__ import annotations

from collections.abc import Iterator

from migsafe.catalog import Constraint, Index, Table, View
from migsafe.effects import foreign_keys, keys, mentions
from migsafe.effects.ledger import ACCESS_EXCLUSIVE, SHARE_UPDATE_EXCLUSIVE, Ledger
from migsafe.effects.usage import check_not_in_use
from migsafe.names import Name


def foreign_keys_on(
    ledger: Ledger, table: Table, constraint: Constraint
) -> Iterator[tuple[Table, Constraint]]:
    """The foreign keys that rely on the key *constraint* of *table*."""
    if not keys.is_key(constraint):
        return
    columns = sorted(constraint.columns)
    for other, foreign_key in ledger.catalog.references_to(table.name):
        if sorted(foreign_key.referenced_columns) == columns:
            yield other, foreign_key


def drop_view(ledger: Ledger, view: View) -> None:
    """*view* goes, with the indexes of a materialised one."""
    check_not_in_use(ledger, view.name, "DROP VIEW")
    ledger.lock(view.name, ACCESS_EXCLUSIVE)
    ledger.lock_indexes(view.name, ACCESS_EXCLUSIVE)


def drop_index(ledger: Ledger, index: Index) -> None:
    """*index* goes, and those of the partitions with it; the tables are locked first."""
    check_not_in_use(ledger, index.table, "DROP INDEX")
    ledger.lock(index.table, ACCESS_EXCLUSIVE)
    ledger.lock_index(index, ACCESS_EXCLUSIVE)
    for child in ledger.catalog.parts_of(index.name):
        drop_index(ledger, child)


class TableDrop:
    """DROP TABLE of several tables at once, whose references to each other do not count."""

    def __init__(self, ledger: Ledger, targets: frozenset[Name], *, cascade: bool):
        self.ledger = ledger
        self.targets = targets
        self.cascade = cascade
        self._done: set[Name] = set()

    def needs_cascade(self, what: str, table: Table) -> None:
        """Refuse the DROP, unless CASCADE lets *what* go too."""
        if not self.cascade:
            self.ledger.refuse("2BP01", f"{what} depends on table {table.name.display()}")

    def drop(self, table: Table) -> None:
        """*table* goes with its indexes, sequences and partitions; partners are locked."""
        if table.name in self._done:
            return
        self._done.add(table.name)
        ledger, catalog = self.ledger, self.ledger.catalog
        check_not_in_use(ledger, table.name, "DROP TABLE")
        ledger.lock(table.name, ACCESS_EXCLUSIVE)
        ledger.lock_indexes(table.name, ACCESS_EXCLUSIVE)
        for sequence in catalog.sequences_of(table.name):
            ledger.lock(sequence.name, ACCESS_EXCLUSIVE)
        if any(s.table == table.name for s in catalog.statistics.values()):
            ledger.lock(table.name, SHARE_UPDATE_EXCLUSIVE)
        self._parent(table)
        for constraint in table.constraints:
            if constraint.inherited and table.partition_of not in self.targets:
                continue  # the trigger on the other table belongs to the parent's key
            if constraint.references is not None and constraint.references != table.name:
                for name in foreign_keys.triggered(ledger, constraint.references):
                    ledger.lock(name, ACCESS_EXCLUSIVE)
        self._children(table)
        self._dependents(table)

    def _parent(self, table: Table) -> None:
        """The partitioned table and its DEFAULT partition get new bounds."""
        if table.partition_of is None or table.partition_of in self.targets:
            return
        self.ledger.lock(table.partition_of, ACCESS_EXCLUSIVE)
        for other, foreign_key in self.ledger.catalog.references_to(table.partition_of):
            if other.name not in self.targets:
                label = f"constraint {foreign_key.name} on table {other.name.display()}"
                self.needs_cascade(label, table)
                self.ledger.lock(other.name, ACCESS_EXCLUSIVE)
        for sibling in self.ledger.catalog.partitions_of(table.partition_of):
            if sibling.partition_bound == "DEFAULT" and sibling.name != table.name:
                self.ledger.lock(sibling.name, ACCESS_EXCLUSIVE)

    def _children(self, table: Table) -> None:
        for child in self.ledger.catalog.children_of(table.name):
            if child.partition_of is None and child.name not in self.targets:
                self.needs_cascade(f"table {child.name.display()}", table)
            self.drop(child)

    def _dependents(self, table: Table) -> None:
        ledger, catalog = self.ledger, self.ledger.catalog
        for other, foreign_key in catalog.references_to(table.name):
            if other.name == table.name or other.name in self.targets or other.name in self._done:
                continue
            label = f"constraint {foreign_key.name} on table {other.name.display()}"
            self.needs_cascade(label, table)
            ledger.lock(other.name, ACCESS_EXCLUSIVE)
        for view in mentions.views_over(catalog, table.name):
            if view.name not in self.targets:
                self.needs_cascade(f"view {view.name.display()}", table)
                drop_view(ledger, view)
        for other, column in catalog.columns_of_type(table.name):
            if other.name not in self.targets:
                self.needs_cascade(f"column {other.name.display()}.{column.name}", table)
                ledger.lock(other.name, ACCESS_EXCLUSIVE)
        for function in catalog.functions.values():
            if function.uses and any(name == table.name for name, _ in function.uses):
                self.needs_cascade(f"function {function.name.display()}", table)
