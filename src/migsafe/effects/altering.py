"""An ALTER TABLE under way: which tables it has to rewrite or read when all actions are done."""

from __future__ import annotations

from migsafe.catalog import Column, Table, TableKind, View
from migsafe.effects.ledger import ACCESS_EXCLUSIVE, SHARE, Ledger
from migsafe.effects.mentions import row_type_users
from migsafe.locks import LockMode
from migsafe.names import Name

SYSTEM_COLUMNS = ("ctid", "xmin", "cmin", "xmax", "cmax", "tableoid")


class Altering:
    """The table an ALTER TABLE is about, and what its third phase (ATRewriteTables) has to do."""

    def __init__(self, ledger: Ledger, name: Name, mode: LockMode, *, only: bool, count: int):
        self.ledger = ledger
        self.name = name
        self.mode = mode
        self.only = only
        self.alone = count == 1
        self._rewrites: dict[Name, None] = {}
        self._reads: dict[Name, None] = {}
        self._retyped: set[str] = set()

    @property
    def table(self) -> Table:
        """The table as the actions done so far have left it."""
        return self.ledger.catalog.tables[self.name]

    def display(self, part: str | None = None) -> str:
        """The name of the table, or of a part of it, as people write it."""
        return f"{self.name.display()}.{part}" if part else self.name.display()

    def family(self) -> list[Table]:
        """The table and the children the action descends to; they are locked as it is."""
        members = self.ledger.family(self.table, only=self.only)
        for member in members:
            self.ledger.lock(member.name, self.mode)
        return members

    def not_only(self, what: str) -> None:
        """Refuse ONLY where an action has to be done in children too."""
        if self.only and self.ledger.catalog.children_of(self.name):
            self.ledger.refuse("42P16", f"{what} must be added to child tables too")

    def column(self, name: str, *, if_exists: bool = False) -> Column | None:
        """The column *name*; refuses the statement when there is none."""
        found = self.table.column(name)
        if found is None and name in SYSTEM_COLUMNS:
            self.ledger.refuse("0A000", f"{self.display(name)} is a system column")
        if found is None and not if_exists and self.table.unknown is None:
            self.ledger.refuse("42703", f"column {self.display(name)} does not exist")
        return found

    def retype(self, name: str) -> None:
        """Note that the column *name* gets another type, which one statement does only once."""
        if name in self._retyped:
            self.ledger.refuse("0A000", f"the type of {self.display(name)} is changed twice")
        self._retyped.add(name)

    def rewrite(self, table: Table) -> None:
        """Have all rows of *table* written anew."""
        self._rewrites[table.name] = None

    def read(self, table: Table) -> None:
        """Have all rows of *table* checked."""
        self._reads[table.name] = None

    def will_rewrite(self, table: Name) -> bool:
        """Whether *table* is going to be written anew."""
        return table in self._rewrites

    def needs_own_row_type(self) -> None:
        """Refuse when a column somewhere holds rows of this table, which cannot be changed."""
        for user in row_type_users(self.ledger.catalog, self.name):
            why = f"column {user} uses the row type of {self.display()}"
            self.ledger.refuse("0A000", why)

    def finish(self) -> None:
        """Do the third phase."""
        for name in self._rewrites:
            table = self.ledger.catalog.tables.get(name)
            if table is not None:
                rewrite_table(self.ledger, table)
        for name in self._reads:
            table = self.ledger.catalog.tables.get(name)
            if table is not None:
                self.ledger.scan(table)


def rewrite_table(ledger: Ledger, table: Table | View) -> None:
    """*table* and all its indexes get new storage, under locks nobody passes."""
    if isinstance(table, Table) and table.kind is not TableKind.TABLE:
        return
    ledger.lock(table.name, ACCESS_EXCLUSIVE, SHARE)
    ledger.scan(table)
    ledger.rewrite(table.name)
    for index in ledger.catalog.indexes_of(table.name):
        ledger.lock_index(index, ACCESS_EXCLUSIVE)
        ledger.rebuild(index)
