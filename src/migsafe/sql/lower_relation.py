"""Indexes, views, sequences, and what is common to all objects: drop, rename, move, own."""

from __future__ import annotations

from typing import Any

from migsafe.names import Name
from migsafe.sql import _pg
from migsafe.sql.lower_table import index_element
from migsafe.sql.nodes import (
    PERSISTENCE,
    cascades,
    enum,
    expression_of,
    object_kind,
    options,
    relation,
    role,
    strings,
)
from migsafe.sql.parts import Expression, ObjectKind, Target
from migsafe.sql.queries import facts
from migsafe.sql.relations import (
    AlterSequence,
    CreateIndex,
    CreateSequence,
    CreateView,
    DependsOnExtension,
    Drop,
    RefreshMatView,
    Rename,
    SetOwner,
    SetSchema,
)
from migsafe.sql.sequences import sequence_options
from migsafe.sql.targets import target

_CHECK_OPTIONS = {"LOCAL_CHECK_OPTION": "LOCAL", "CASCADED_CHECK_OPTION": "CASCADED"}


def create_index(node: Any) -> CreateIndex:
    return CreateIndex(
        name=node.idxname or None,
        table=relation(node.relation),
        elements=tuple([index_element(item.index_elem) for item in node.index_params]),
        unique=node.unique,
        concurrently=node.concurrent,
        if_not_exists=node.if_not_exists,
        only=not node.relation.inh,
        method=node.access_method or "btree",
        include=tuple([item.index_elem.name for item in node.index_including_params]),
        where=expression_of(node, "where_clause"),
        options=options(node.options),
        tablespace=node.table_space or None,
        nulls_not_distinct=node.nulls_not_distinct,
    )


def create_view(node: Any) -> CreateView:
    found = facts(node.query)
    return CreateView(
        name=relation(node.view),
        query=Expression(_pg.deparse_statement(node.query)),
        columns=strings(node.aliases),
        reads=found.reads,
        mentions=found.mentions,
        calls=found.calls,
        or_replace=node.replace,
        persistence=PERSISTENCE[node.view.relpersistence],
        options=options(node.options),
        check_option=_CHECK_OPTIONS.get(enum(node, "with_check_option")),
    )


def refresh(node: Any) -> RefreshMatView:
    return RefreshMatView(relation(node.relation), node.concurrent, not node.skip_data)


def create_sequence(node: Any) -> CreateSequence:
    return CreateSequence(
        name=relation(node.sequence),
        options=sequence_options(node.options),
        persistence=PERSISTENCE[node.sequence.relpersistence],
        if_not_exists=node.if_not_exists,
    )


def alter_sequence(node: Any) -> AlterSequence:
    found = sequence_options(node.options)
    return AlterSequence(relation(node.sequence), found, node.missing_ok)


def drop(node: Any) -> Drop:
    kind = object_kind(node, "remove_type")
    return Drop(
        kind=kind,
        targets=tuple([target(kind, item) for item in node.objects]),
        if_exists=node.missing_ok,
        cascade=cascades(node),
        concurrently=node.concurrent,
    )


def rename(node: Any) -> Rename:
    kind = object_kind(node, "rename_type")
    subject, sub_name = _renamed(kind, node)
    with_kind = kind in (ObjectKind.COLUMN, ObjectKind.TYPE_ATTRIBUTE)
    return Rename(
        kind=kind,
        name=subject.name,
        new_name=node.newname,
        sub_name=sub_name,
        relation_kind=object_kind(node, "relation_type") if with_kind else _relation_kind(kind),
        arguments=subject.arguments,
        if_exists=node.missing_ok,
        only=kind is not ObjectKind.TYPE_ATTRIBUTE
        and node.HasField("relation")
        and not node.relation.inh,
        cascade=cascades(node),
    )


def _relation_kind(kind: ObjectKind) -> ObjectKind | None:
    return ObjectKind.TABLE if kind is ObjectKind.TABLE_CONSTRAINT else None


def _renamed(kind: ObjectKind, node: Any) -> tuple[Target, str | None]:
    """What a RenameStmt is about, and the name of the part of it that is renamed."""
    if node.HasField("relation"):
        return Target(relation(node.relation)), node.subname or None
    if not node.HasField("object"):
        return Target(Name(None, node.subname)), None
    whole = ObjectKind.DOMAIN if kind is ObjectKind.DOMAIN_CONSTRAINT else kind
    return target(whole, node.object), node.subname or None


def set_schema(node: Any) -> SetSchema:
    kind, subject = _subject(node)
    return SetSchema(kind, subject, node.newschema, node.missing_ok)


def set_owner(node: Any) -> SetOwner:
    kind, subject = _subject(node)
    return SetOwner(kind, subject, role(node.newowner))


def depends(node: Any) -> DependsOnExtension:
    kind, subject = _subject(node)
    return DependsOnExtension(kind, subject, node.extname.sval, node.remove)


def _subject(node: Any) -> tuple[ObjectKind, Target]:
    kind = object_kind(node, "object_type")
    if not node.HasField("relation"):
        return kind, target(kind, node.object)
    owner = relation(node.relation)
    if not node.HasField("object"):
        return kind, Target(owner)
    parts = strings(node.object.list.items)
    return kind, Target(Name(None, parts[-1]), table=owner)


LOWERINGS = {
    "index_stmt": create_index,
    "view_stmt": create_view,
    "refresh_mat_view_stmt": refresh,
    "create_seq_stmt": create_sequence,
    "alter_seq_stmt": alter_sequence,
    "drop_stmt": drop,
    "rename_stmt": rename,
    "alter_object_schema_stmt": set_schema,
    "alter_owner_stmt": set_owner,
    "alter_object_depends_stmt": depends,
}
