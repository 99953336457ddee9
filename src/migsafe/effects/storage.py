"""How a table is stored and who owns it: actions of ALTER TABLE that leave its columns alone."""

from __future__ import annotations

from migsafe.catalog import Catalog, ConstraintKind, Enum, Index, Table, TableKind
from migsafe.effects.altering import Altering
from migsafe.effects.column_type import unwrap
from migsafe.effects.functions import are_shipped
from migsafe.effects.ledger import (
    ACCESS_EXCLUSIVE,
    ROW_EXCLUSIVE,
    SHARE,
    SHARE_UPDATE_EXCLUSIVE,
    Ledger,
)
from migsafe.effects.options import check_table_options
from migsafe.names import Name
from migsafe.pgtypes import TypeRef
from migsafe.sql import ast


def descend(action: ast.SetStatistics | ast.SetStorage, altering: Altering) -> None:
    """An action on a column that children follow."""
    altering.family()
    altering.column(action.column)


def set_options(action: ast.SetOptions, altering: Altering) -> None:
    """SET (…): partitioned tables store nothing."""
    own = any(not option.name.startswith("toast.") for option in action.options)
    if altering.table.kind is TableKind.PARTITIONED and own:
        why = f"partitioned table {altering.display()} has no storage parameters"
        altering.ledger.refuse("42809" if altering.ledger.major >= 16 else "22023", why)
    check_table_options(action.options, altering.ledger)


def not_of(action: ast.NotOf, altering: Altering) -> None:
    """NOT OF: the table becomes one like others."""
    if altering.table.of_type is None:
        altering.ledger.refuse("42809", f"{altering.display()} is not a typed table")


def set_storage(action: ast.SetStorage, altering: Altering) -> None:
    """SET STORAGE: types of a fixed length have only one."""
    descend(action, altering)
    column = altering.column(action.column)
    if column is not None:
        check_storage(action.storage, column.type, altering.display(column.name), altering.ledger)


def check_storage(storage: str, type_: TypeRef, label: str, ledger: Ledger) -> None:
    """Refuse to store values of a fixed length otherwise than as they are."""
    if storage.upper() not in ("PLAIN", "DEFAULT") and _is_fixed(type_, ledger.catalog):
        ledger.refuse("0A000", f"{label} is {type_}, whose storage is PLAIN")


_FIXED_WORDS = """int2 int4 int8 float4 float8 bool date time timetz timestamp timestamptz interval
    uuid money oid name char point line lseg box circle macaddr macaddr8 pg_lsn xid cid"""
_FIXED = frozenset(_FIXED_WORDS.split())


def _is_fixed(type_: TypeRef, catalog: Catalog) -> bool:
    """Whether values of *type_* have a fixed length, and so are never stored apart."""
    base = unwrap(catalog, type_).base
    if base.dimensions:
        return False
    return isinstance(catalog.type(base.name), Enum) or (
        base.is_builtin and base.name.name in _FIXED
    )


def set_column_options(action: ast.SetColumnOptions, altering: Altering) -> None:
    """SET (n_distinct = …): the column must exist, and has two options."""
    altering.column(action.column)
    for option in action.options:
        if option.name not in ("n_distinct", "n_distinct_inherited"):
            altering.ledger.refuse("22023", f"columns have no option {option.name}")


def set_rule(action: ast.SetRule, altering: Altering) -> None:
    """ENABLE and DISABLE RULE."""
    exists = any(rule.name == action.name for rule in altering.table.rules)
    if not exists and altering.table.unknown is None:
        why = f"rule {action.name} of {altering.display()} does not exist"
        altering.ledger.refuse("42704", why)


def set_compression(action: ast.SetCompression, altering: Altering) -> None:
    """SET COMPRESSION: for new values only; lz4 is an option of PostgreSQL's build."""
    column = altering.column(action.column)
    fixed = column is not None and _is_fixed(column.type, altering.ledger.catalog)
    if column is not None and action.method.lower() != "default" and fixed:
        why = f"{altering.display(column.name)} is {column.type}, which is not compressed"
        altering.ledger.refuse("0A000", why)
    if action.method.lower() == "lz4":
        altering.ledger.may_fail("0A000", "this PostgreSQL may be built without lz4")


def set_persistence(action: ast.SetPersistence, altering: Altering) -> None:
    """SET LOGGED and SET UNLOGGED: a rewrite, unless the table is so already."""
    ledger, table = altering.ledger, altering.table
    if table.kind is TableKind.PARTITIONED:
        if ledger.major >= 18:
            word = "LOGGED" if action.logged else "UNLOGGED"
            why = f"SET {word} cannot be done to partitioned table {altering.display()}"
            ledger.refuse("42809", why)
        return
    wanted = "p" if action.logged else "u"
    if table.persistence == wanted:
        return
    for publication in ledger.catalog.publications.values() if wanted == "u" else ():
        if any(member.table == table.name for member in publication.tables):
            why = f"{altering.display()} is in publication {publication.name}"
            ledger.refuse("55000", why)
    _check_partners(table, wanted, ledger)
    altering.rewrite(table)
    for sequence in ledger.catalog.sequences_of(table.name):
        if ledger.major >= 15:
            ledger.lock(sequence.name, ACCESS_EXCLUSIVE, ROW_EXCLUSIVE)
            ledger.rewrite(sequence.name)


def _check_partners(table: Table, wanted: str, ledger: Ledger) -> None:
    """A logged table may not refer to an unlogged one."""
    if wanted == "u":
        for other, _ in ledger.catalog.references_to(table.name):
            if other.name != table.name and other.persistence == "p":
                why = f"logged table {other.name.display()} refers to {table.name.display()}"
                ledger.refuse("42P16", why)
        return
    for constraint in table.constraints_of(ConstraintKind.FOREIGN_KEY):
        other_table = ledger.catalog.tables.get(constraint.references or table.name)
        if other_table is None or other_table.name == table.name:
            continue
        if other_table.persistence == "u":
            why = f"{table.name.display()} refers to unlogged {other_table.name.display()}"
            ledger.refuse("42P16", why)


def set_access_method(action: ast.SetAccessMethod, altering: Altering) -> None:
    """SET ACCESS METHOD: a rewrite, unless the table has it already."""
    table = altering.table
    is_partitioned = table.kind is TableKind.PARTITIONED
    if is_partitioned and altering.ledger.major < 17:
        why = f"partitioned table {altering.display()} has no access method"
        altering.ledger.refuse("0A000", why)
    if not is_method(action.method, altering.ledger):
        altering.ledger.refuse("42704", f"there is no access method {action.method}")
    if not is_partitioned and (action.method or "heap") != (table.access_method or "heap"):
        altering.rewrite(table)


def is_method(method: str | None, ledger: Ledger) -> bool:
    """Whether tables may be stored by *method*, which an extension can bring."""
    return method in (None, "heap") or not are_shipped(ledger.catalog.extensions)


def set_tablespace(action: ast.SetTablespace, altering: Altering) -> None:
    """SET TABLESPACE: the file is copied, without a look at its rows; indexes stay."""
    table = altering.table
    same = action.tablespace == (table.tablespace or "pg_default")
    if table.kind is not TableKind.PARTITIONED and not same:
        altering.ledger.rewrite(table.name)


def cluster_on(action: ast.ClusterOn, altering: Altering) -> None:
    """CLUSTER ON marks an index."""
    index = altering.ledger.catalog.indexes.get(Name(altering.name.schema, action.index))
    if index is None:
        altering.ledger.refuse("42704", f"index {action.index} does not exist")
        return
    _check_own(index, altering)
    if index.method not in ("btree", "gist"):
        altering.ledger.refuse("0A000", f"{index.name.display()} by {index.method} has no order")
    if altering.table.kind is TableKind.PARTITIONED:
        altering.ledger.refuse("0A000", f"partitioned {altering.display()} has no such mark")
    altering.ledger.lock_index(index, SHARE_UPDATE_EXCLUSIVE)
    if index.predicate is not None:
        altering.ledger.refuse("0A000", f"{index.name.display()} is a partial index")


def _check_own(index: Index, altering: Altering) -> None:
    if index.table != altering.name:
        why = f"{index.name.display()} is not an index of {altering.display()}"
        altering.ledger.refuse("42809", why)


def replica_identity(action: ast.ReplicaIdentity, altering: Altering) -> None:
    """REPLICA IDENTITY: changes what updates and deletes write to the log."""
    if action.index is None:
        return
    index = altering.ledger.catalog.indexes.get(Name(altering.name.schema, action.index))
    if index is None:
        altering.ledger.refuse("42704", f"index {action.index} does not exist")
    else:
        _check_own(index, altering)
        altering.ledger.lock_index(index, SHARE)
        keys = [key.column for key in index.keys]
        columns = [altering.table.column(key) for key in keys if key]
        nullable = [column for column in columns if column and not column.not_null]
        if not index.unique or index.predicate or None in keys or nullable:
            why = f"{index.name.display()} does not identify rows: they need unique, non-null keys"
            altering.ledger.refuse("42809", why)


def owner_to(action: ast.OwnerTo, altering: Altering) -> None:
    """OWNER TO: locks indexes and sequences too, when the owner changes."""
    ledger, table = altering.ledger, altering.table
    if not is_owner(ledger, table.owner, action.role):
        change_owner(ledger, table)


def is_owner(ledger: Ledger, owner: str | None, role: str) -> bool:
    """Whether *role* owns what *owner* owns; nobody said means the user of the session."""
    user = ledger.session.setting("session_authorization")
    if role.lower() in ("current_user", "session_user", "current_role"):
        return owner in (None, user)
    return role == (owner or user)


def change_owner(ledger: Ledger, table: Table) -> None:
    """A table gets another owner, and its indexes and sequences with it."""
    ledger.lock(table.name, ACCESS_EXCLUSIVE)
    ledger.lock_indexes(table.name, ACCESS_EXCLUSIVE)
    for sequence in ledger.catalog.sequences_of(table.name):
        ledger.lock(sequence.name, ACCESS_EXCLUSIVE)


def _has_keys(table: Table, ledger: Ledger) -> bool:
    """Whether *table* has triggers of foreign keys of the table that it is a partition of."""
    parent = ledger.catalog.tables.get(table.partition_of) if table.partition_of else None
    if parent is None:
        return False
    referred = any(True for _ in ledger.catalog.references_to(parent.name))
    return referred or any(key.inherited for key in table.foreign_keys)


def set_trigger(action: ast.SetTrigger, altering: Altering) -> None:
    """ENABLE and DISABLE TRIGGER, in partitions too where the trigger was cloned."""
    table = altering.table
    if action.name is None:
        for member in altering.ledger.family(table, only=altering.only):
            keyed = altering.ledger.major >= 15 and _has_keys(member, altering.ledger)
            if keyed or any(trigger.inherited for trigger in member.triggers):
                altering.ledger.lock(member.name, altering.mode)
        return
    if all(trigger.name != action.name for trigger in table.triggers) and not table.unknown:
        why = f"trigger {action.name} of {altering.display()} does not exist"
        altering.ledger.refuse("42704", why)
    # Before 15 the triggers of partitions are internal ones, which the catalog does not list.
    row = any(trigger.name == action.name and trigger.row for trigger in table.triggers)
    hidden = row and table.kind is TableKind.PARTITIONED and altering.ledger.major < 15
    for member in altering.ledger.family(table, only=altering.only):
        if hidden or any(trigger.name == action.name for trigger in member.triggers):
            altering.ledger.lock(member.name, altering.mode)
