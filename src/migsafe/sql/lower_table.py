"""CREATE TABLE and its parts: parser nodes → columns, constraints, partitions."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from migsafe.sql import _pg
from migsafe.sql.nodes import (
    PERSISTENCE,
    column_type,
    enum,
    expression,
    expression_of,
    names,
    optional_name,
    options,
    relation,
    relations,
    strings,
)
from migsafe.sql.parts import (
    ColumnDef,
    ConstraintDef,
    ConstraintKind,
    Exclusion,
    Expression,
    Identity,
    IndexElement,
    LikeClause,
    PartitionKey,
)
from migsafe.sql.relations import CreateTable
from migsafe.sql.sequences import sequence_options
from migsafe.values import replace

_KINDS = {
    "CONSTR_NOTNULL": ConstraintKind.NOT_NULL,
    "CONSTR_CHECK": ConstraintKind.CHECK,
    "CONSTR_PRIMARY": ConstraintKind.PRIMARY_KEY,
    "CONSTR_UNIQUE": ConstraintKind.UNIQUE,
    "CONSTR_EXCLUSION": ConstraintKind.EXCLUDE,
    "CONSTR_FOREIGN": ConstraintKind.FOREIGN_KEY,
}
_ATTRIBUTES: dict[str, dict[str, Any]] = {
    "CONSTR_ATTR_DEFERRABLE": {"deferrable": True},
    "CONSTR_ATTR_NOT_DEFERRABLE": {"deferrable": False},
    "CONSTR_ATTR_DEFERRED": {"deferrable": True, "initially_deferred": True},
    "CONSTR_ATTR_IMMEDIATE": {"initially_deferred": False},
    "CONSTR_ATTR_ENFORCED": {"enforced": True},
    "CONSTR_ATTR_NOT_ENFORCED": {"enforced": False, "not_valid": True},
}
_MATCH = {"f": "FULL", "p": "PARTIAL"}
_ON_CHANGE = {"r": "RESTRICT", "c": "CASCADE", "n": "SET NULL", "d": "SET DEFAULT"}
# parsenodes.h, TableLikeOption.
_LIKE = ("COMMENTS", "COMPRESSION", "CONSTRAINTS", "DEFAULTS", "GENERATED", "IDENTITY", "INDEXES")
_LIKE_BITS = (*_LIKE, "STATISTICS", "STORAGE")
_ON_COMMIT = {
    "ONCOMMIT_PRESERVE_ROWS": "PRESERVE ROWS",
    "ONCOMMIT_DELETE_ROWS": "DELETE ROWS",
    "ONCOMMIT_DROP": "DROP",
}


def create_table(node: Any) -> CreateTable:
    elements = [_pg.unwrap(element) for element in node.table_elts]
    parents = relations(node.inh_relations)
    bound = bound_text(node.partbound) if node.HasField("partbound") else None
    return CreateTable(
        name=relation(node.relation),
        columns=tuple([column(m) for kind, m in elements if kind == "column_def"]),
        constraints=tuple([constraint(m) for kind, m in elements if kind == "constraint"]),
        like=tuple(_likes(elements)),
        inherits=() if bound else parents,
        partition_of=parents[0] if bound else None,
        partition_bound=bound,
        partition_by=_partition_key(node.partspec) if node.HasField("partspec") else None,
        persistence=PERSISTENCE[node.relation.relpersistence],
        options=options(node.options),
        of_type=names(node.of_typename.names) if node.HasField("of_typename") else None,
        tablespace=node.tablespacename or None,
        method=node.access_method or None,
        on_commit=_ON_COMMIT.get(enum(node, "oncommit")),
        if_not_exists=node.if_not_exists,
    )


def create_foreign_table(node: Any) -> CreateTable:
    table = create_table(node.base_stmt)
    return replace(table, server=node.servername, options=table.options + options(node.options))


def column(node: Any) -> ColumnDef:
    """A ColumnDef node; what follows the type comes as a list of constraints."""
    known = column_type(node.type_name) if node.HasField("type_name") else (None, False)
    found: dict[str, Any] = {"type": known[0], "serial": known[1]}
    if node.HasField("coll_clause"):
        found["collation"] = names(node.coll_clause.collname)
    if node.HasField("raw_default"):
        found["default"] = expression(node.raw_default)
    found.update(column_constraints(node.colname, node.constraints))
    return ColumnDef(
        name=node.colname,
        storage=node.storage_name.upper() or None,
        compression=node.compression or None,
        fdw_options=options(node.fdwoptions),
        **found,
    )


def column_constraints(name: str, items: Iterable[Any]) -> dict[str, Any]:
    """What its column constraints say of a column; DEFERRABLE and the like refer backwards."""
    found: dict[str, Any] = {}
    constraints: list[ConstraintDef] = []
    not_null = False
    for node in (item.constraint for item in items):
        kind = enum(node, "contype")
        if kind == "CONSTR_NOTNULL":
            not_null = True
            named = node.conname or node.is_no_inherit
            constraints.append(constraint(node, column=name) if named else _NOT_NULL)
        elif kind in _KINDS:
            constraints.append(constraint(node, column=name))
        elif kind in _ATTRIBUTES and constraints:
            constraints[-1] = replace(constraints[-1], **_ATTRIBUTES[kind])
        else:
            found.update(_column_property(kind, node))
    if not_null:
        found["not_null"] = True
    kept = [c for c in constraints if not _is_bare_not_null(c)]
    return {**found, "constraints": tuple(kept)} if kept else found


_NOT_NULL = ConstraintDef(ConstraintKind.NOT_NULL)


def _is_bare_not_null(constraint: ConstraintDef) -> bool:
    """Whether no more is said than that the column is NOT NULL."""
    is_not_null = constraint.kind is ConstraintKind.NOT_NULL
    return is_not_null and not constraint.name and not constraint.no_inherit


def _column_property(kind: str, node: Any) -> dict[str, Any]:
    if kind == "CONSTR_NULL":
        return {"not_null": False}
    if kind == "CONSTR_DEFAULT":
        return {"default": expression(node.raw_expr)}
    if kind == "CONSTR_GENERATED":
        return {"generated": expression(node.raw_expr), "virtual": node.generated_kind == "v"}
    if kind == "CONSTR_IDENTITY":
        return {"identity": identity(node)}
    return {}


def identity(node: Any) -> Identity:
    return Identity(node.generated_when == "a", sequence_options(node.options))


def constraint(node: Any, *, column: str | None = None) -> ConstraintDef:
    """A Constraint node; *column* is the one that it was written at."""
    kind = _KINDS[enum(node, "contype")]
    columns = strings(node.fk_attrs) or strings(node.keys)
    return ConstraintDef(
        kind=kind,
        name=node.conname or None,
        columns=columns or ((column,) if column and kind is not ConstraintKind.CHECK else ()),
        expression=expression_of(node, "raw_expr"),
        deferrable=node.deferrable or node.initdeferred,
        initially_deferred=node.initdeferred,
        not_valid=node.skip_validation,
        no_inherit=node.is_no_inherit,
        enforced=node.is_enforced or kind not in (ConstraintKind.CHECK, ConstraintKind.FOREIGN_KEY),
        using_index=node.indexname or None,
        include=strings(node.including),
        nulls_not_distinct=node.nulls_not_distinct,
        without_overlaps=node.without_overlaps,
        exclusions=tuple([_exclusion(item.list.items) for item in node.exclusions]),
        method=node.access_method or None,
        where=expression_of(node, "where_clause"),
        options=options(node.options),
        tablespace=node.indexspace or None,
        **(_reference(node) if kind is ConstraintKind.FOREIGN_KEY else {}),
    )


def _reference(node: Any) -> dict[str, Any]:
    return {
        "references": relation(node.pktable),
        "referenced_columns": strings(node.pk_attrs),
        "match": _MATCH.get(node.fk_matchtype, "SIMPLE"),
        "on_delete": _ON_CHANGE.get(node.fk_del_action, "NO ACTION"),
        "on_delete_columns": strings(node.fk_del_set_cols),
        "on_update": _ON_CHANGE.get(node.fk_upd_action, "NO ACTION"),
        "period": node.fk_with_period,
    }


def _exclusion(items: Any) -> Exclusion:
    return Exclusion(index_element(items[0].index_elem), names(items[1].list.items))


def index_element(node: Any) -> IndexElement:
    """An IndexElem node."""
    nulls = enum(node, "nulls_ordering")
    return IndexElement(
        column=node.name or None,
        expression=expression_of(node, "expr"),
        collation=optional_name(node.collation),
        opclass=optional_name(node.opclass),
        opclass_options=options(node.opclassopts),
        descending=enum(node, "ordering") == "SORTBY_DESC",
        nulls_first=None if nulls == "SORTBY_NULLS_DEFAULT" else nulls == "SORTBY_NULLS_FIRST",
    )


def _likes(elements: list[tuple[str, Any]]) -> Iterator[LikeClause]:
    columns = 0
    for kind, node in elements:
        columns += kind == "column_def"
        if kind == "table_like_clause":
            words = (word for bit, word in enumerate(_LIKE_BITS) if node.options & (1 << bit))
            yield LikeClause(relation(node.relation), frozenset(words), columns)


def _partition_key(node: Any) -> PartitionKey:
    strategy = enum(node, "strategy").removeprefix("PARTITION_STRATEGY_").lower()
    return PartitionKey(strategy, tuple(_key_part(p.partition_elem) for p in node.part_params))


def _key_part(node: Any) -> IndexElement:
    return IndexElement(
        column=node.name or None,
        expression=expression_of(node, "expr"),
        collation=optional_name(node.collation),
        opclass=optional_name(node.opclass),
    )


def bound_text(node: Any) -> str:
    """The text of a partition's bound: ``DEFAULT`` or ``FOR VALUES …``."""
    if node.is_default:
        return "DEFAULT"
    if node.strategy == "h":
        return f"FOR VALUES WITH (modulus {node.modulus}, remainder {node.remainder})"
    if node.strategy == "l":
        return f"FOR VALUES IN ({_datums(node.listdatums)})"
    return f"FOR VALUES FROM ({_datums(node.lowerdatums)}) TO ({_datums(node.upperdatums)})"


def _datums(items: Iterable[Any]) -> str:
    return ", ".join(_datum(expression(item)) for item in items)


def _datum(bound: Expression) -> str:
    return bound.sql.upper() if bound.sql in ("minvalue", "maxvalue") else bound.sql


LOWERINGS = {"create_stmt": create_table, "create_foreign_table_stmt": create_foreign_table}
