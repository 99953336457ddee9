"""MS403: a column gets a type that nobody has created."""

from __future__ import annotations

from collections.abc import Iterator

from migsafe.capture.model import Step
from migsafe.catalog import Catalog
from migsafe.effects import Effects
from migsafe.pgtypes import TypeRef
from migsafe.rule import Context, Rule, Severity, code
from migsafe.sql.ast import AddColumn, AlterColumnType, AlterTable

# Types of extensions that come with PostgreSQL or are installed by administrators.
_OF_EXTENSIONS = """
    citext hstore ltree lquery ltxtquery cube earth isbn isbn13 issn ismn ean13 upc seg query_int
    vector halfvec sparsevec geometry geography box2d box3d raster topogeometry semver uint1 uint2
    uint4 uint8 ulid ksuid h3index roaringbitmap hll topn tdigest agtype graphid"""


class MissingType(Rule):
    """A column is given a type that does not exist, which fails.

    `op.add_column` with `sa.Enum` does not create the type, unlike `op.create_table`. Create it
    before, and drop it in the downgrade.
    """

    code = "MS403"
    downgrade_severity = Severity.WARNING
    looks_at = (AddColumn, AlterColumnType)
    bad = (
        """
        op.add_column("users", sa.Column("mood", sa.Enum("good", "bad", name="mood")))
        """,
        """
        op.alter_column(
            "users", "name", type_=sa.Enum("a", "b", name="letter"), postgresql_using="name::letter"
        )
        """,
    )
    good = (
        """
        mood = sa.Enum("good", "bad", name="mood")
        mood.create(op.get_bind())
        op.add_column("users", sa.Column("mood", mood))
        """,
        'op.add_column("users", sa.Column("state", postgresql.ENUM(name="status")))',
    )

    def check(self, step: Step, effects: Effects, context: Context) -> Iterator[str]:
        enum = step.op.enum if step.op else None
        wanted = enum is not None and enum.create_type and bool(enum.labels)
        for table, column, type_ in _types(step):
            if _is_missing(type_, context.catalog, wanted=wanted):
                yield f"type {type_.name.display()} of {table}.{column} does not exist: this fails"

    def remedy(self, step: Step, effects: Effects, context: Context) -> str | None:
        enum = step.op.enum if step.op else None
        for _, _, type_ in _types(step):
            name = type_.name
            values = [code.text(label) for label in (enum.labels if enum else None) or ("…",)]
            made = code.call(
                "postgresql.ENUM", *values, name=code.text(name.name), schema=code.schema(name)
            )
            return f"{made}.create(op.get_bind(), checkfirst=True)  # before the column"
        return None


def _types(step: Step) -> Iterator[tuple[str, str, TypeRef]]:
    statement = step.statement
    if not isinstance(statement, AlterTable):
        return
    for action in statement.actions:
        if isinstance(action, AddColumn) and action.column.type is not None:
            yield statement.name.display(), action.column.name, action.column.type
        elif isinstance(action, AlterColumnType):
            yield statement.name.display(), action.column, action.type


def _is_missing(type_: TypeRef, catalog: Catalog, *, wanted: bool) -> bool:
    """Whether *type_* is not there; *wanted* says that the operation means to bring it along."""
    if type_.is_builtin or type_.name.name.endswith("%TYPE") or (catalog.gaps and not wanted):
        return False
    if type_.name.name in _OF_EXTENSIONS.split() or catalog.type(type_.name) is not None:
        return False
    return catalog.relation(type_.name) is None
