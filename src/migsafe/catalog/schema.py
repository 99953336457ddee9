"""Catalog: all objects of one database, found by name."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterable, Iterator, Mapping
from dataclasses import field
from typing import Any

from migsafe.catalog.attached import Constraint, Index
from migsafe.catalog.marks import Marks
from migsafe.catalog.objects import (
    Collation,
    Domain,
    Enum,
    Extension,
    Function,
    Other,
    Publication,
    Schema,
    Sequence,
    Statistics,
    Type,
    View,
)
from migsafe.catalog.table import Column, Table, TableKind
from migsafe.names import Name
from migsafe.pgtypes import TypeRef
from migsafe.values import dataclass, kept_of, replace

COLLECTIONS = (
    *("schemas", "tables", "indexes", "views", "sequences", "types", "functions", "extensions"),
    *("publications", "statistics", "collations", "others"),
)
FunctionKey = tuple[Name, tuple[str, ...]]


@dataclass(frozen=True)
class Catalog:
    """All objects that are not PostgreSQL's own or an extension's.

    The mappings are never changed after construction; use the ``with_…`` methods.

    Attributes:
        major: the PostgreSQL major version whose behaviour the values follow.
        search_path: schemas in which an unqualified name is looked for; new objects go to the
            first. Not part of the schema, so it does not count in comparisons.
        gaps: why objects may exist that are not listed here (a statement that cannot be
            understood, a history that does not start from nothing). Empty means complete.
    """

    schemas: Mapping[str, Schema] = field(default_factory=dict)
    tables: Mapping[Name, Table] = field(default_factory=dict)
    indexes: Mapping[Name, Index] = field(default_factory=dict)
    views: Mapping[Name, View] = field(default_factory=dict)
    sequences: Mapping[Name, Sequence] = field(default_factory=dict)
    types: Mapping[Name, Type] = field(default_factory=dict)
    functions: Mapping[FunctionKey, Function] = field(default_factory=dict)
    extensions: Mapping[str, Extension] = field(default_factory=dict)
    publications: Mapping[str, Publication] = field(default_factory=dict)
    statistics: Mapping[Name, Statistics] = field(default_factory=dict)
    collations: Mapping[Name, Collation] = field(default_factory=dict)
    others: Mapping[tuple[str, str], Other] = field(default_factory=dict)
    major: int = field(default=18, compare=False)
    search_path: tuple[str, ...] = field(default=("public",), compare=False)
    gaps: tuple[str, ...] = field(default=(), compare=False)

    @classmethod
    def empty(cls, major: int = 18) -> Catalog:
        """A new database: the schema ``public`` and nothing else."""
        return cls(schemas={"public": Schema("public")}, major=major)

    # -- resolving names ---------------------------------------------------------------------

    @kept_of("search_path")
    def _places(self) -> tuple[str, ...]:
        """The schemas in which a relation or type is looked for; temporary ones hide the others."""
        return ("pg_temp", *self.search_path)

    def _resolve(self, name: Name, mapping: Mapping[Name, Any]) -> Name | None:
        if not mapping:
            return None
        for schema in self._places if name.schema is None else (name.schema,):
            if (schema, name.name) in mapping:
                return Name(schema, name.name)
        return None

    def qualify(self, name: Name) -> Name:
        """The name under which a new object called *name* is created."""
        if name.schema is not None:
            return name
        path = self.search_path or ("public",)
        for schema in path:
            if schema in self.schemas:
                return Name(schema, name.name)
        return Name(path[0], name.name)

    def relation(self, name: Name) -> Table | View | Index | Sequence | None:
        """What ``name::regclass`` finds: a table, view, index or sequence, or None."""
        schema, plain = name
        tables, views, indexes, sequences = self.tables, self.views, self.indexes, self.sequences
        for place in self._places if schema is None else (schema,):
            key: Any = (place, plain)  # a name is a tuple, and finds as one; making it takes longer
            if key in tables:
                return tables[key]
            if key in indexes:
                return indexes[key]
            if key in views:
                return views[key]
            if key in sequences:
                return sequences[key]
        return None

    def has(self, name: Name) -> bool:
        """Whether a relation or a type has this resolved *name*."""
        if name in self.tables or name in self.indexes:
            return True
        return name in self.views or name in self.sequences or name in self.types

    def table(self, name: Name) -> Table | None:
        """The table *name* refers to, or None."""
        relation = self.relation(name)
        return relation if isinstance(relation, Table) else None

    def index(self, name: Name) -> Index | None:
        """The index *name* refers to, or None."""
        relation = self.relation(name)
        return relation if isinstance(relation, Index) else None

    def view(self, name: Name) -> View | None:
        """The view or materialised view *name* refers to, or None."""
        relation = self.relation(name)
        return relation if isinstance(relation, View) else None

    def sequence(self, name: Name) -> Sequence | None:
        """The sequence *name* refers to, or None."""
        relation = self.relation(name)
        return relation if isinstance(relation, Sequence) else None

    def type(self, name: Name) -> Type | None:
        """The user's enum, domain, composite or range type *name* refers to, or None."""
        found = self._resolve(name, self.types)
        return None if found is None else self.types[found]

    def enum(self, name: Name) -> Enum | None:
        """The enum *name* refers to, or None."""
        found = self.type(name)
        return found if isinstance(found, Enum) else None

    def domain(self, name: Name) -> Domain | None:
        """The domain *name* refers to, or None."""
        found = self.type(name)
        return found if isinstance(found, Domain) else None

    def functions_named(self, name: Name) -> tuple[Function, ...]:
        """All overloads of *name* that the search_path reaches."""
        schemas = (name.schema,) if name.schema else self.search_path
        wanted = {Name(schema, name.name) for schema in schemas}
        return tuple(f for (found, _), f in self.functions.items() if found in wanted)

    # -- what belongs together -----------------------------------------------------------------

    @kept_of(*COLLECTIONS)
    def _marks(self) -> dict[str, Marks]:
        """By collection, what its objects are looked up by; those that were asked for."""
        return {}

    def marked(self, collection: str, mark: Hashable) -> list[Any]:
        """The objects of *collection* that have a mark of `migsafe.catalog.marks`, by name."""
        known = self._marks.get(collection)
        if known is None:
            known = self._marks[collection] = Marks.of(getattr(self, collection))
        keys = known.having(mark)
        if not keys:
            return []
        objects = getattr(self, collection)
        return [objects[key] for key in (sorted(keys) if len(keys) > 1 else keys)]

    def indexes_of(self, table: Name) -> tuple[Index, ...]:
        """The indexes of a table or materialised view (its resolved name), sorted by name."""
        return tuple([i for i in self.marked("indexes", table) if i.table == table])

    def parts_of(self, index: Name) -> tuple[Index, ...]:
        """The indexes of partitions that belong to the partitioned *index*, sorted by name."""
        return tuple([i for i in self.marked("indexes", index) if i.parent == index])

    def references_to(self, table: Name) -> Iterator[tuple[Table, Constraint]]:
        """Foreign keys of any table that point at *table*, itself included, as they were made."""
        found = {other.name: other for other in self.marked("tables", table)}
        # Most tables are referred to by one or none.
        names = found if len(found) < 2 else [name for name in self.tables if name in found]
        for other in (found[name] for name in names):
            for key in other.foreign_keys:
                if key.references == table:
                    yield other, key

    def partitions_of(self, table: Name) -> tuple[Table, ...]:
        """The direct partitions of *table*, sorted by name."""
        parent = self.tables.get(table)
        if parent is not None and parent.kind is not TableKind.PARTITIONED:
            return ()
        return tuple([child for child in self.children_of(table) if child.partition_of == table])

    def children_of(self, table: Name) -> tuple[Table, ...]:
        """Direct partitions and inheritance children of *table*, sorted by name."""
        found = self.marked("tables", table)
        return tuple([t for t in found if t.partition_of == table or table in t.inherits])

    def sequences_of(self, table: Name) -> tuple[Sequence, ...]:
        """Sequences owned by a column of *table* (serial and identity), sorted by name."""
        return tuple(self.marked("sequences", table))

    def views_using(self, relation: Name, column: str | None = None) -> tuple[View, ...]:
        """Views that read *relation* (or its *column*) directly, sorted by name."""
        return tuple(
            view
            for view in self.marked("views", relation)
            if any(r == relation and column in (None, c) for r, c in view.uses)
        )

    def columns_of_type(self, name: Name) -> Iterator[tuple[Table, Column]]:
        """Columns whose type is the user's type *name*, or an array of it."""
        for table in self.marked("tables", name):
            for column in table.typed_columns:
                if column.type.name == name:
                    yield table, column

    def resolve_type(self, ref: TypeRef) -> TypeRef:
        """*ref* with its schema filled in, where the type is one of this catalog's."""
        found = self._resolve(ref.name, self.types)
        return ref if found is None else replace(ref, name=found)

    # -- other catalogs ------------------------------------------------------------------------

    def having(self, collection: str, key: Any, value: Any) -> Catalog:
        """This catalog with ``collection[key] = value``."""
        objects = getattr(self, collection).copy()
        objects[key] = value
        return self._with(collection, objects, (key,))

    def lacking(self, collection: str, *keys: Any) -> Catalog:
        """This catalog without ``collection[key]`` for each of *keys*."""
        objects = getattr(self, collection).copy()  # ten times as quick as dict() after a pop
        for key in keys:
            objects.pop(key, None)
        return self._with(collection, objects, keys)

    def _with(self, collection: str, objects: Mapping[Any, Any], keys: Iterable[Any]) -> Catalog:
        """This catalog with other *objects*, which differ from those it has in *keys* alone."""
        marks = self._marks.copy()
        if (known := marks.get(collection)) is not None:
            marks[collection] = known.moved(getattr(self, collection), objects, keys)
        if (said := self.changed) is not None:
            said = {**said, collection: (*said.get(collection, ()), *keys)}
        catalog = replace(self)
        # What else was found out is as true of it.
        catalog.__dict__.update({collection: objects, "_marks": marks, "changed": said})
        return catalog

    @kept_of(*COLLECTIONS)
    def changed(self) -> Mapping[str, tuple[Any, ...]] | None:
        """By collection, the keys that were set or taken out since a catalog began."""
        return None

    def begin(self) -> Catalog:
        """Have nothing `changed` yet; for whoever has made this catalog."""
        self.__dict__["changed"] = {}
        return self

    def with_all(self, collections: Mapping[str, Mapping[Any, Any]]) -> Catalog:
        """This catalog with other *collections*, by name; what is the same there stays the same."""
        catalog = self
        for collection, objects in collections.items():
            old = getattr(self, collection)
            keys = [key for key in {**old, **objects} if old.get(key) is not objects.get(key)]
            if keys:
                catalog = catalog._with(collection, objects, keys)
        return catalog

    def with_tables(self, tables: Collection[Table]) -> Catalog:
        """This catalog with all *tables* added or replaced."""
        named = {table.name: table for table in tables}
        return self._with("tables", {**self.tables, **named}, named) if named else self

    def with_table(self, table: Table) -> Catalog:
        """This catalog with *table* added or replaced."""
        return self.having("tables", table.name, table)

    def with_index(self, index: Index) -> Catalog:
        """This catalog with *index* added or replaced."""
        return self.having("indexes", index.name, index)

    def with_gap(self, reason: str) -> Catalog:
        """This catalog, no longer complete because of *reason*."""
        return self if reason in self.gaps else replace(self, gaps=(*self.gaps, reason))
