"""DROP of types, domains and functions, which tables may depend on."""

from __future__ import annotations

from collections.abc import Iterator

from migsafe.catalog import Catalog, Composite, Domain, Table, Type, View
from migsafe.effects import drop, mentions
from migsafe.effects.ledger import ACCESS_EXCLUSIVE, Ledger
from migsafe.fold.routine import find_functions
from migsafe.names import Name
from migsafe.sql import ast, parse
from migsafe.sql.expressions import function_calls


def drop_types(statement: ast.Drop, ledger: Ledger) -> None:
    """DROP TYPE and DROP DOMAIN: with CASCADE the columns go too."""
    for name in statement.names:
        found = ledger.catalog.type(name)
        if found is None:
            if not statement.if_exists:
                ledger.refuse("42704", f"type {name.display()} does not exist")
            continue
        for user in _type_users(ledger.catalog, found.name):
            if not statement.cascade:
                ledger.refuse("2BP01", f"{user} depends on type {found.name.display()}")
        _drop_type(found, ledger)


def _drop_type(type_: Type, ledger: Ledger) -> None:
    """*type_* goes with the columns and domains of it."""
    if isinstance(type_, Composite):
        ledger.lock(type_.name, ACCESS_EXCLUSIVE)
    for table, column in ledger.catalog.columns_of_type(type_.name):
        drop.drop_column(ledger, table, column.name)
    typed = [t for t in ledger.catalog.tables.values() if t.of_type == type_.name]
    dropping = drop.TableDrop(ledger, frozenset(t.name for t in typed), cascade=True)
    for table in typed:
        dropping.drop(table)
    for other in ledger.catalog.types.values():
        if isinstance(other, Domain) and other.base.name == type_.name:
            _drop_type(other, ledger)
    ledger.remove("type", type_.name)


def _type_users(catalog: Catalog, name: Name) -> list[str]:
    users = [f"column {user}" for user in mentions.row_type_users(catalog, name)]
    for type_ in catalog.types.values():
        base = getattr(type_, "base", None)
        attributes = getattr(type_, "attributes", ())
        if (base is not None and base.name == name) or any(a[1].name == name for a in attributes):
            users.append(f"type {type_.name.display()}")
    return users


def drop_functions(statement: ast.Drop, ledger: Ledger) -> None:
    """DROP FUNCTION and PROCEDURE: what calls them goes only with CASCADE."""
    for target in statement.targets:
        name = target.name
        overloads = tuple(find_functions(ledger.catalog, target))
        if not overloads and not statement.if_exists and not ledger.catalog.gaps:
            ledger.refuse("42883", f"function {name} does not exist")
        for function in overloads[:1]:
            for table, user in _function_users(ledger.catalog, function.name):
                if not statement.cascade:
                    ledger.refuse("2BP01", f"{user} depends on function {name}")
                ledger.lock(table.name, ACCESS_EXCLUSIVE)
                _drop_user(table, user, ledger)
            for view in _calling_views(ledger.catalog, function.name):
                if not statement.cascade:
                    why = f"view {view.name.display()} depends on function {name}"
                    ledger.refuse("2BP01", why)
                drop.drop_view(ledger, view)
            ledger.remove("function", function.name)


def _drop_user(table: Table, user: str, ledger: Ledger) -> None:
    """The index or trigger *user* of *table* goes with a function."""
    kind, _, name = user.partition(" ")
    for index in ledger.catalog.indexes_of(table.name) if kind == "index" else ():
        if index.name.display() == name:
            ledger.lock_index(index, ACCESS_EXCLUSIVE)
            ledger.remove("index", index.name)
    if kind in ("trigger", "constraint", "policy"):
        ledger.remove(kind, table.name, name)


def _calling_views(catalog: Catalog, name: Name) -> Iterator[View]:
    """The views whose query calls the function *name*."""
    for view in catalog.views.values():
        statements = [p.statement for p in parse(view.definition or "")]
        calls = (c for s in statements if isinstance(s, ast.Select) for c in s.calls)
        if any(_same(call.name, name) for call in calls):
            yield view


def _function_users(catalog: Catalog, name: Name) -> list[tuple[Table, str]]:
    """The triggers, defaults, checks and indexes that call the function *name*."""
    users: list[tuple[Table, str]] = []
    for table in catalog.tables.values():
        users += [(table, f"trigger {t.name}") for t in table.triggers if _same(t.function, name)]
        texts = {
            **{f"default of {c.name}": c.default for c in table.columns},
            **{f"column {c.name}": c.generated.expression for c in table.columns if c.generated},
            **{f"constraint {c.name}": c.expression for c in table.constraints},
            **{f"policy {p.name}": f"({p.using or 1}, {p.check or 1})" for p in table.policies},
        }
        for index in catalog.indexes_of(table.name):
            computed = [k.expression for k in index.keys if k.expression]
            texts[f"index {index.name.display()}"] = f"ROW({', '.join(computed)})"
        users += [(table, user) for user, text in texts.items() if text and _calls(text, name)]
    return users


def _calls(text: str, name: Name) -> bool:
    if name.name not in text:
        return False
    return any(_same(call, name) for call in function_calls(ast.Expression(text)))


def _same(written: Name, name: Name) -> bool:
    return written.name == name.name and written.schema in (None, name.schema)
