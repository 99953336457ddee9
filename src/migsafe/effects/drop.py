"""What goes together with a table, column, constraint or view, and which locks that takes."""

from __future__ import annotations

from collections.abc import Iterator

from migsafe.catalog import Constraint, Index, Sequence, Table, View
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


def drop_constraint(ledger: Ledger, table: Table, constraint: Constraint) -> None:
    """*constraint* of *table* goes, with its index and the foreign keys that rely on it."""
    index = keys.index_of(ledger, table, constraint)
    for part in _parts(ledger, index) if index is not None else ():
        ledger.lock_index(part, ACCESS_EXCLUSIVE)
        ledger.remove("index", part.name)
    if constraint.references is not None:
        foreign_keys.detach(ledger, constraint.references)
    for other, foreign_key in foreign_keys_on(ledger, table, constraint):
        ledger.lock(other.name, ACCESS_EXCLUSIVE)
        ledger.remove("constraint", other.name, foreign_key.name)


def _parts(ledger: Ledger, index: Index) -> Iterator[Index]:
    """*index* and those of the partitions."""
    yield index
    for child in ledger.catalog.indexes.values():
        if child.parent == index.name:
            yield from _parts(ledger, child)


def drop_column(ledger: Ledger, table: Table, column: str) -> None:
    """*column* of *table* goes, with all that cannot do without it."""
    ledger.lock(table.name, ACCESS_EXCLUSIVE)
    for constraint in table.constraints:
        if mentions.constraint_uses(constraint, column):
            drop_constraint(ledger, table, constraint)
            ledger.remove("constraint", table.name, constraint.name)
    for index in ledger.catalog.indexes_of(table.name):
        if mentions.index_uses(index, column):
            ledger.lock_index(index, ACCESS_EXCLUSIVE)
            ledger.remove("index", index.name)
    for statistics in ledger.catalog.statistics.values():
        used = {*statistics.columns, *mentions.columns_in(*statistics.expressions)}
        if statistics.table == table.name and column in used:
            ledger.lock(table.name, SHARE_UPDATE_EXCLUSIVE)
            ledger.remove("statistics", statistics.name)
    for sequence in ledger.catalog.sequences_of(table.name):
        if sequence.owned_by == (table.name, column):
            drop_sequence(ledger, sequence)
    for view in mentions.views_over(ledger.catalog, table.name, column):
        drop_view(ledger, view)
    for generated in mentions.generated_from(table, column):
        ledger.remove("column", table.name, generated, loses_data=True)
    for trigger in table.triggers:
        if mentions.trigger_uses(trigger, column):
            ledger.remove("trigger", table.name, trigger.name)
    ledger.remove("column", table.name, column, loses_data=True)


def drop_sequence(ledger: Ledger, sequence: Sequence) -> None:
    """*sequence* goes."""
    ledger.lock(sequence.name, ACCESS_EXCLUSIVE)
    ledger.remove("sequence", sequence.name, loses_data=True)


def drop_view(ledger: Ledger, view: View) -> None:
    """*view* goes, with the indexes of a materialised one."""
    check_not_in_use(ledger, view.name, "DROP VIEW")
    ledger.lock(view.name, ACCESS_EXCLUSIVE)
    ledger.lock_indexes(view.name, ACCESS_EXCLUSIVE)
    ledger.remove("view", view.name)


def drop_index(ledger: Ledger, index: Index) -> None:
    """*index* goes, and those of the partitions with it; the tables are locked first."""
    check_not_in_use(ledger, index.table, "DROP INDEX")
    ledger.lock(index.table, ACCESS_EXCLUSIVE)
    ledger.lock_index(index, ACCESS_EXCLUSIVE)
    ledger.remove("index", index.name)
    for child in ledger.catalog.indexes.values():
        if child.parent == index.name:
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
        ledger.remove("table", table.name, loses_data=True)
        if any(s.table == table.name for s in catalog.statistics.values()):
            ledger.lock(table.name, SHARE_UPDATE_EXCLUSIVE)
        self._parent(table)
        for constraint in table.constraints:
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
            ledger.remove("constraint", other.name, foreign_key.name)
        for view in mentions.views_over(catalog, table.name):
            if view.name not in self.targets:
                self.needs_cascade(f"view {view.name.display()}", table)
                drop_view(ledger, view)
        for other, column in catalog.columns_of_type(table.name):
            if other.name not in self.targets:
                self.needs_cascade(f"column {other.name.display()}.{column.name}", table)
                drop_column(ledger, other, column.name)
        for function in catalog.functions.values():
            if any(relation == table.name for relation, _ in function.uses):
                self.needs_cascade(f"function {function.name.display()}", table)
                ledger.remove("function", function.name)
