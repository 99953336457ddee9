"""Whether the object that COMMENT, GRANT, OWNER TO, RENAME and the like are about exists."""

from __future__ import annotations

from migsafe.catalog import Composite, Domain, Index, Sequence, Table, View
from migsafe.effects.collations import check_collation
from migsafe.effects.functions import check_function
from migsafe.effects.ledger import Ledger
from migsafe.effects.places import check_schema, is_row_type
from migsafe.fold.routine import find_functions
from migsafe.names import Name
from migsafe.pgtypes import CATALOG
from migsafe.sql.parts import ObjectKind as Kind
from migsafe.sql.parts import Target

RELATIONS = (
    Kind.TABLE,
    Kind.FOREIGN_TABLE,
    Kind.VIEW,
    Kind.MATERIALIZED_VIEW,
    Kind.INDEX,
    Kind.SEQUENCE,
)
ROUTINES = {Kind.FUNCTION: "fw", Kind.PROCEDURE: "p", Kind.AGGREGATE: "a", Kind.ROUTINE: "fwpa"}
_PARTS = {Kind.TRIGGER: "triggers", Kind.POLICY: "policies", Kind.RULE: "rules"}
Relation = Table | View | Index | Sequence


def check_object(kind: Kind, target: Target, ledger: Ledger) -> None:
    """Refuse *target* when the catalog knows that there is no such object."""
    if kind in RELATIONS:
        relation = ledger.relation(target.name)
        if relation is not None and not is_of_kind(relation, kind):
            ledger.refuse("42809", f"{relation.name.display()} is not a {kind.value.lower()}")
    elif kind is Kind.COLUMN and target.table is not None:
        _check_column(target.table, target.name.name, ledger)
    elif target.table is not None:
        _check_part(kind, target.table, target.name.name, ledger)
    elif not ledger.catalog.gaps:
        _check_other(kind, target, ledger)


def is_of_kind(relation: Relation, kind: Kind) -> bool:
    """Whether *relation* is what the words of *kind* say."""
    if isinstance(relation, View):
        return kind is (Kind.MATERIALIZED_VIEW if relation.materialized else Kind.VIEW)
    if isinstance(relation, Table):
        return kind is Kind.TABLE or (kind is Kind.FOREIGN_TABLE and relation.server is not None)
    return kind is (Kind.INDEX if isinstance(relation, Index) else Kind.SEQUENCE)


def _check_column(table: Name, column: str, ledger: Ledger) -> None:
    found = ledger.catalog.type(table)
    relation = None if isinstance(found, Composite) else ledger.relation(table)
    known: set[str] | None = None
    if isinstance(found, Composite):
        known = {attribute[0] for attribute in found.attributes}
    elif isinstance(relation, Index | Sequence):
        ledger.refuse("42809", f"{relation.name.display()} has no columns of its own")
    elif isinstance(relation, View):
        known = {name for name, _ in relation.columns} or None
    elif isinstance(relation, Table) and relation.unknown is None:
        known = {own.name for own in relation.columns}
    if known is not None and column not in known:
        ledger.refuse("42703", f"column {table.display()}.{column} does not exist")


def _check_part(kind: Kind, owner: Name, name: str, ledger: Ledger) -> None:
    """A constraint, trigger, policy or rule of a table, or a constraint of a domain."""
    if kind is Kind.DOMAIN_CONSTRAINT:
        domain = ledger.catalog.domain(owner)
        known = {constraint.name for constraint in domain.constraints} if domain else None
    else:
        relation = ledger.relation(owner)
        attribute = _PARTS.get(kind, "constraints")
        parts = getattr(relation, attribute, None)
        shapeless = isinstance(relation, Table) and relation.unknown is not None
        known = None if parts is None or shapeless else {part.name for part in parts}
        if kind is Kind.RULE and isinstance(relation, View):
            known = None  # its own _RETURN is not listed
    if known is not None and name not in known:
        ledger.refuse("42704", f"{kind.value.lower()} {name} of {owner.display()} does not exist")


def _check_other(kind: Kind, target: Target, ledger: Ledger) -> None:
    name, catalog = target.name, ledger.catalog
    known = {
        Kind.EXTENSION: {*catalog.extensions, "plpgsql"},
        Kind.PUBLICATION: set(catalog.publications),
        Kind.STATISTICS: {statistics.name for statistics in catalog.statistics},
    }
    if kind in ROUTINES:
        check_routine(kind, target, ledger)
    elif kind in (Kind.TYPE, Kind.DOMAIN):
        _check_type(kind, name, ledger)
    elif kind is Kind.SCHEMA:
        check_schema(name.name, ledger)
    elif kind in known and name.name not in known[kind]:
        ledger.refuse("42704", f"{kind.value.lower()} {name.display()} does not exist")
    elif kind is Kind.COLLATION:
        check_collation(name, None, ledger)


def _check_type(kind: Kind, name: Name, ledger: Ledger) -> None:
    found = ledger.catalog.type(name)
    if kind is Kind.DOMAIN and found is not None and not isinstance(found, Domain):
        ledger.refuse("42809", f"{name.display()} is not a domain")
    own = name.schema == CATALOG or is_row_type(name, ledger.catalog)
    if found is None and not own and not ledger.catalog.extensions:
        check_schema(name.schema, ledger)
        ledger.refuse("42704", f"type {name.display()} does not exist")


def check_routine(kind: Kind, target: Target, ledger: Ledger) -> None:
    """Refuse a function that does not exist, or is a procedure, and the other way round."""
    catalog, name = ledger.catalog, target.name
    found = list(find_functions(catalog, target))
    if found:
        if all(function.kind not in ROUTINES[kind] for function in found):
            ledger.refuse("42809", f"{name.display()} is not a {kind.value.lower()}")
        return
    check_schema(name.schema, ledger)
    if catalog.functions_named(name):
        ledger.refuse("42883", f"no {name.display()} takes these arguments")
    check_function(name, ledger)
