"""Small databases of two tables, as models and rows, in all that autogenerate compares.

A world is a set of slots, each with what it holds; a slot that is not said holds the ordinary.
What a model leaves to the database (names, storage, comments that are not said) is the same in
both worlds of a pair.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from alembic.util.sqla_compat import _get_constraint_final_name
from hypothesis import strategies as st
from sqlalchemy.dialects import postgresql

from migsafe.names import Name, quote_literal

# Where the two tables are, and how they are called.
PLACES: tuple[tuple[str | None, str], ...] = ((None, "t"), ("App s", 'My "T %s:x'))
CONVENTION = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s",
    "pk": "pk_%(table_name)s",
}
Value = Mapping[str, Any]


def one(*values: Any) -> st.SearchStrategy[Any]:
    return st.sampled_from(values)


def some(**parts: st.SearchStrategy[Any]) -> st.SearchStrategy[Value]:
    return st.fixed_dictionaries({}, optional=parts)


def column(count: int, defaults: tuple[str, ...]) -> st.SearchStrategy[Value]:
    return st.fixed_dictionaries(
        {"type": st.sampled_from(range(count))},
        optional={
            "absent": st.just(True),
            "default": st.sampled_from(defaults),
            "required": st.just(True),
            "comment": one("it's 50% :x", "another"),
            "storage": one("EXTERNAL", "MAIN"),
        },
    )


def short() -> sa.types.TypeEngine[Any]:
    return postgresql.DOMAIN("short", sa.String(20), check="VALUE <> 'zz'")


COLUMNS: dict[str, tuple[tuple[Callable[[], Any], ...], tuple[str, ...]]] = {
    "n": (
        (sa.Integer, sa.BigInteger, lambda: sa.Numeric(10, 2)),
        ("7", "(3+4)", "length('abcdefg')", "-1 + 8"),
    ),
    "p": (
        (lambda: sa.String(20), sa.Text, lambda: sa.String(40, collation="C"), short),
        ("'a%b:c'", "lower('ABC')", "'it''s'::varchar", "md5('q')::varchar(5)"),
    ),
    "T s": (
        (lambda: sa.DateTime(True), sa.DateTime, lambda: postgresql.TIMESTAMP(True, 3)),
        ("now()", "clock_timestamp() + '1 day'", "'2020-01-01 00:00'", "current_timestamp"),
    ),
    "j": (
        (postgresql.JSONB, sa.JSON),
        ("'{}'", "'{\"a\": 1}'", "json_build_object('k', random())"),
    ),
    "a": (
        (lambda: sa.ARRAY(sa.Text), lambda: sa.ARRAY(sa.String(9))),
        ("'{}'", "array['a']::text[]"),
    ),
}
VALUES = {
    "n": "3",
    "p": "'abc'",
    "T s": "'2021-02-03 04:05:06'",
    "j": "'{}'",
    "a": "'{x}'",
    "r": "'[1,5)'",
}
# Conditions with the columns that they read; each is true of the row.
CONDITIONS = (
    ("n > 0", ("n",)),
    ("(n>0)", ("n",)),
    ("n between 1 and 50", ("n",)),
    ("n in (3, 7, 8)", ("n",)),
    ("n % 5 = 3 or n = 7", ("n",)),
    ("p <> 'x%y:z'", ("p",)),
    ("length(p) > 1 and not (p = 'u' or n = 55)", ("n", "p")),
    ("p like '%' or p ilike 'a%'", ("p",)),
    ("p ~ '^[a-z%:'']*'", ("p",)),
    ("n is not null or p is null", ("n", "p")),
    ("coalesce(p, 'tx') <> 'q'", ("p",)),
)
CHECKS = st.fixed_dictionaries(
    {"of": st.sampled_from(CONDITIONS)}, optional={"not_enforced": st.just(True)}
)
UNIQUES = st.fixed_dictionaries(
    {"columns": one(("n",), ("p", "n"), ("n", "p"), ("id", "p"), ("T s",))},
    optional={
        "together": st.just(True),
        "include": one(("id",), ("id", "p")),
        "deferrable": st.booleans(),
    },
)
KEYS = (
    (("n",), ("n",)),
    (("p", "n DESC NULLS LAST"), ("p", "n")),
    (("n DESC", "id"), ("n", "id")),
    (("lower(p)",), ("p",)),
    (("(n + 1)", 'p COLLATE "C"'), ("n", "p")),
    (("coalesce(p, '50%:x')",), ("p",)),
    (("p text_pattern_ops",), ("p",)),
    (('"T s" NULLS FIRST',), ("T s",)),
    (("(case when n > 0 then p end)",), ("n", "p")),
)
INDEXES = st.fixed_dictionaries(
    {"keys": st.sampled_from(KEYS)},
    optional={
        "unique": st.just(True),
        "where": st.sampled_from(CONDITIONS),
        "include": one(("id",), ("id", "n")),
        "with": one({"fillfactor": 50}, {"fillfactor": 70}),
        "together": st.just(True),
    },
)
OTHERS = one(
    {"keys": (("n",), ("n",)), "using": "hash"},
    {"keys": (("n",), ("n",)), "using": "brin", "with": {"pages_per_range": 32}},
    {"keys": (("j",), ("j",)), "using": "gin"},
    {"keys": (("j jsonb_path_ops",), ("j",)), "using": "gin"},
    {"keys": (("a",), ("a",)), "using": "gin", "with": {"fastupdate": "off"}},
    {"keys": (("r",), ("r",)), "using": "gist"},
)
NUMBERS = {"start": 100, "increment": 10, "minvalue": 50, "maxvalue": 1000, "cycle": True}
SLOTS: dict[str, st.SearchStrategy[Any]] = {
    "absent": st.just(True),
    "id": st.fixed_dictionaries(
        {
            "type": one(sa.Integer, sa.BigInteger, sa.SmallInteger),
            "numbers": one("serial", "identity", "always", "options", "sequence", "none"),
        }
    ),
    "key": some(columns=one(("id",), ("n", "id"), ("id", "n"), ()), deferrable=st.just(True)),
    **{name: column(len(types), defaults) for name, (types, defaults) in COLUMNS.items()},
    "g": some(of=one("n + 1", "(n+1)", "n * 5", "coalesce(n, 0) * 2"), virtual=st.just(True)),
    "ck": CHECKS,
    "Ck 2%": CHECKS,
    "uq": UNIQUES,
    "Uq:2": UNIQUES,
    "ix": INDEXES,
    "Ix'2%s": INDEXES,
    "ox": OTHERS,
    "ex": some(where=one(("n > 2", ("n",)), ("p <> '%x'", ("p",))), deferrable=st.just(True)),
    "fk": some(
        ondelete=one("CASCADE", "SET NULL"),
        onupdate=one("CASCADE"),
        match=one("FULL"),
        deferrable=st.just(True),
        not_enforced=st.just(True),
    ),
    "comment": one("it's 50% :x", "another"),
    "fillfactor": one(50, 70),
    "unlogged": st.just(True),
    "row_security": st.booleans(),
}
World = Mapping[tuple[int, str], Any]
WORLDS: st.SearchStrategy[World] = st.lists(
    st.one_of(
        *(
            st.tuples(st.tuples(st.integers(0, 1), st.just(name)), strategy)
            for name, strategy in SLOTS.items()
        )
    ),
    max_size=10,
    unique_by=lambda slot: slot[0],
).map(dict)


@dataclass(frozen=True)
class Setting:
    """What two worlds share.

    Attributes:
        unnamed: the slots of constraints that have no name.
        convention: whether the metadata has a naming convention.
        commented: whether constraints and indexes have comments.
        objects: what hangs on tables of both worlds and no model knows.
    """

    unnamed: frozenset[str] = frozenset()
    convention: bool = False
    commented: bool = False
    objects: frozenset[str] = frozenset()


SETTINGS = st.builds(
    Setting,
    st.frozensets(one("ck", "uq", "fk", "key"), max_size=2),
    st.booleans(),
    st.booleans(),
    st.frozensets(one("view", "trigger", "policy", "grant"), max_size=2),
)


@dataclass(frozen=True)
class Making:
    """The models of the world *here*, one of a pair, for a PostgreSQL *major*."""

    here: World
    there: World
    setting: Setting
    major: int

    def __call__(self) -> sa.MetaData:
        convention = CONVENTION if self.setting.convention else None
        metadata = sa.MetaData(naming_convention=convention)
        numbers = [number for number in (0, 1) if self.at(number, "absent") is None]
        for number in numbers:
            self.table(metadata, number)
        for number in numbers:
            if self.at(number, "fk") is not None and 1 - number in numbers:
                self.foreign_key(metadata, number)
        return metadata

    def at(self, number: int, slot: str) -> Any:
        return self.here.get((number, slot))

    def part(self, number: int, slot: str, name: str) -> Any:
        """What either world says: without a word in one, the database keeps what it has."""
        for world in (self.here, self.there):
            said = world.get((number, slot))
            if said is not None and name in said:
                return said[name]
        return None

    def named(self, slot: str, content: object) -> dict[str, Any]:
        unnamed = slot in self.setting.unnamed and not (slot == "ck" and self.setting.convention)
        name = None if unnamed else slot
        about = f"about {content} 50%" if name and self.setting.commented else None
        return {"name": name, "comment": about}

    def key(self, number: int) -> tuple[str, ...]:
        columns = (self.at(number, "key") or {}).get("columns", ("id",))
        return tuple(c for c in columns if c == "id" or self.has(number, c))

    def has(self, number: int, name: str) -> bool:
        if name == "id":
            return True
        other = self.at(number, "ox") or {"keys": ((), ())}
        if name == "r":
            return self.at(number, "ex") is not None or "r" in other["keys"][1]
        if name in ("j", "a") and name in other["keys"][1]:
            return True
        said = self.at(number, name)
        return name in ("n", "p") if said is None else "absent" not in said

    def all(self, number: int, names: Iterable[str]) -> bool:
        return all(self.has(number, name) for name in names)

    def table(self, metadata: sa.MetaData, number: int) -> None:
        schema, name = PLACES[number]
        fillfactor = self.at(number, "fillfactor")
        security = self.here.get((number, "row_security"), self.there.get((number, "row_security")))
        linked = any((n, "fk") in world for world in (self.here, self.there) for n in (0, 1))
        table = sa.Table(
            name,
            metadata,
            self.number(number),
            *(self.column(number, name) for name in COLUMNS if self.has(number, name)),
            *([sa.Column("r", postgresql.INT4RANGE)] if self.has(number, "r") else []),
            schema=schema,
            comment=self.at(number, "comment"),
            prefixes=["UNLOGGED"] if self.at(number, "unlogged") and not linked else [],
            postgresql_with={"fillfactor": fillfactor} if fillfactor else {},
            info={"migsafe": {"row_security": security}} if security is not None else {},
        )
        computed = self.at(number, "g")
        if computed is not None and self.has(number, "n"):
            stored = not ("virtual" in computed and self.major >= 18)
            text = sa.Computed(computed.get("of", "n + 1"), persisted=stored)
            table.append_column(sa.Column("g", sa.Integer, text))
        self.constraints(table, number)
        for slot in ("ix", "Ix'2%s", "ox"):
            self.index(table, number, slot)

    def number(self, number: int) -> sa.Column[Any]:
        said = self.at(number, "id") or {"type": sa.Integer, "numbers": "serial"}
        type_, numbers = said["type"], said["numbers"]
        if (
            numbers == "serial"
            and (self.there.get((number, "id")) or {}).get("numbers") == "sequence"
        ):
            numbers = "sequence"  # A number is a number: whose sequence it is does not matter.
        if numbers == "serial":
            alone = self.key(number) == ("id",)
            return sa.Column("id", type_, autoincrement=alone, nullable=False)
        if numbers == "sequence":
            sequence = sa.Sequence(f"seq{number}", start=5, schema=PLACES[number][0])
            default = sequence.next_value()
            return sa.Column("id", type_, sequence, server_default=default, nullable=False)
        if numbers == "none":
            return sa.Column("id", type_, autoincrement=False, nullable=False)
        options: Mapping[str, Mapping[str, Any]] = {
            "identity": {},
            "always": {"always": True},
            "options": NUMBERS,
        }
        return sa.Column("id", type_, sa.Identity(**options[numbers]), nullable=False)

    def column(self, number: int, name: str) -> sa.Column[Any]:
        types, defaults = COLUMNS[name]
        said = self.at(number, name) or {"type": 0}
        indexed = name in (self.at(number, "ox") or {"keys": ((), ())})["keys"][1]
        kind = 0 if indexed and name in ("j", "a") else said["type"]
        required = "required" in said or name in self.key(number)
        default = said.get("default", defaults[0] if required else None)
        storage = self.part(number, name, "storage") if name in ("p", "j", "a") else None
        return sa.Column(
            name,
            types[kind](),
            server_default=escaped(default) if default else None,
            nullable=not required,
            comment=said.get("comment"),
            info={"migsafe": {"storage": storage}} if storage else {},
        )

    def constraints(self, table: sa.Table, number: int) -> None:
        key = self.key(number)
        if key:
            deferrable = (self.at(number, "key") or {}).get("deferrable")
            named = self.named("key", key)
            table.append_constraint(sa.PrimaryKeyConstraint(*key, **named, deferrable=deferrable))
        for slot in ("ck", "Ck 2%"):
            self.check(table, number, slot)
        for slot in ("uq", "Uq:2"):
            self.unique(table, number, slot)
        said = self.at(number, "ex")
        if said is None:
            return
        text, columns = said.get("where", (None, ()))
        where = sa.text(text) if text and self.all(number, columns) else None
        deferrable = said.get("deferrable")
        table.append_constraint(
            postgresql.ExcludeConstraint(("r", "&&"), name="ex", where=where, deferrable=deferrable)
        )

    def check(self, table: sa.Table, number: int, slot: str) -> None:
        said = self.at(number, slot)
        if said is None or not self.all(number, said["of"][1]):
            return
        enforced = not ("not_enforced" in said and self.major >= 18)
        named = self.named(slot, said["of"][0])
        info = {} if enforced or not named["name"] else {"migsafe": {"enforced": False}}
        table.append_constraint(sa.CheckConstraint(escaped(said["of"][0]), **named, info=info))

    def unique(self, table: sa.Table, number: int, slot: str) -> None:
        said = self.at(number, slot)
        if said is None or not self.all(number, said["columns"]):
            return
        first = self.at(number, "uq") or {"columns": ()}
        if slot != "uq" and said["columns"] == first["columns"]:
            return  # PostgreSQL makes one of two that are alike.
        options: dict[str, Any] = {}
        include = self.included(number, said)
        if include:
            options["postgresql_include"] = include
        if "together" in said and self.major >= 15:
            options["postgresql_nulls_not_distinct"] = True
        named = self.named(slot, said["columns"])
        table.append_constraint(
            sa.UniqueConstraint(
                *said["columns"], **named, deferrable=said.get("deferrable"), **options
            )
        )

    def included(self, number: int, said: Value) -> list[str]:
        keys = [*said.get("columns", ()), *said.get("keys", ("", ()))[1]]
        return [c for c in said.get("include", ()) if self.has(number, c) and c not in keys]

    def index(self, table: sa.Table, number: int, slot: str) -> None:
        said = self.at(number, slot)
        if said is None or not self.all(number, said["keys"][1]):
            return
        options: dict[str, Any] = {}
        text, columns = said.get("where", (None, ()))
        if text and self.all(number, columns):
            options["postgresql_where"] = escaped(text)
        if self.included(number, said):
            options["postgresql_include"] = self.included(number, said)
        if "together" in said and "unique" in said and self.major >= 15:
            options["postgresql_nulls_not_distinct"] = True
        for word in ("using", "with"):
            if word in said:
                options[f"postgresql_{word}"] = said[word]
        keys = [table.c[key] if key in table.c else escaped(key) for key in said["keys"][0]]
        comment = {"migsafe": {"comment": f"about {said['keys'][0]} 50%"}}
        sa.Index(
            slot,
            *keys,
            unique="unique" in said,
            info=comment if self.setting.commented else {},
            _table=table,
            **options,
        )

    def foreign_key(self, metadata: sa.MetaData, number: int) -> None:
        said = self.at(number, "fk")
        table, target = (metadata.tables[self.of(n)] for n in (number, 1 - number))
        key = self.at(1 - number, "key") or {}
        if self.key(1 - number) != ("id",) or "deferrable" in key:
            return
        named = self.named("fk", "f")
        cycle = all(self.at(n, "fk") is not None for n in (0, 1))
        if cycle:  # SQLAlchemy comments on such a key before it is there.
            named["comment"] = None
        enforced = not ("not_enforced" in said and self.major >= 18 and named["name"])
        table.append_column(sa.Column("f", sa.Integer))
        table.append_constraint(
            sa.ForeignKeyConstraint(
                [table.c.f],
                [target.c.id],
                **named,
                ondelete=said.get("ondelete"),
                onupdate=said.get("onupdate"),
                match=said.get("match"),
                deferrable=said.get("deferrable"),
                info={} if enforced else {"migsafe": {"enforced": False}},
                use_alter=cycle,
            )
        )

    def of(self, number: int) -> str:
        schema, name = PLACES[number]
        return f"{schema}.{name}" if schema else name


def escaped(text: str) -> sa.TextClause:
    """The SQL *text*, in which no colon is a parameter."""
    return sa.text(text.replace(":", r"\:"))


def dressing(metadata: sa.MetaData) -> list[str]:
    """What `create_all` leaves out of what *metadata* says."""
    made = []
    for table in metadata.sorted_tables:
        name = Name(table.schema, table.name)
        for column in table.columns:
            storage = column.info.get("migsafe", {}).get("storage")
            if storage:
                quoted = Name(None, column.name)
                made.append(f"alter table {name} alter column {quoted} set storage {storage}")
        if table.info.get("migsafe", {}).get("row_security"):
            made.append(f"alter table {name} enable row level security")
        for constraint in table.constraints:
            if constraint.info.get("migsafe", {}).get("enforced") is False:
                made.append(unenforced(constraint, name))
        for index in table.indexes:
            comment = index.info.get("migsafe", {}).get("comment")
            if comment:
                quoted = Name(table.schema, str(index.name))
                made.append(f"comment on index {quoted} is {quote_literal(comment)}")
    return made


def unenforced(constraint: sa.Constraint, table: Name) -> str:
    """The statement that makes *constraint* bind nobody."""
    called = Name(None, str(_get_constraint_final_name(constraint, postgresql.dialect())))
    if not isinstance(constraint, sa.CheckConstraint):
        return f"alter table {table} alter constraint {called} not enforced"
    condition = str(constraint.sqltext).replace(r"\\:", ":")
    added = f"add constraint {called} check ({condition}) not enforced"
    drop = f"alter table {table} drop constraint {called}, {added}"
    if constraint.comment is None:
        return drop
    what = f"constraint {called} on {table}"
    return f"{drop}; comment on {what} is {quote_literal(constraint.comment)}"


OBJECTS = {
    "view": "create view v{number} as select id, p, n from {table}",
    "trigger": "create trigger tr{number} before update of p, n on {table} for each row"
    " when (old.p is distinct from new.p) execute function suppress_redundant_updates_trigger()",
    "policy": "create policy po{number} on {table} using (p <> 'x' and n > 0)",
    "grant": "grant select (p, n), update on {table} to public",
}


def objects_of(old: World, new: World, setting: Setting) -> tuple[str, ...]:
    """What hangs on tables that have the ordinary columns in both worlds."""
    made = []
    for number, (schema, name) in enumerate(PLACES):
        making = [Making(w, {}, setting, 18) for w in (old, new)]
        if all(m.at(number, "absent") is None and m.all(number, "np") for m in making):
            table = Name(schema, name)
            made += [
                OBJECTS[kind].format(number=number, table=table) for kind in sorted(setting.objects)
            ]
    return tuple(made)


def rows_of(old: World, new: World, setting: Setting) -> tuple[str, ...]:
    """One row in each table of *old*; foreign keys point where a row stays."""
    making = Making(old, new, setting, 18)
    metadata = making()
    statements, later = [], []
    for number in (0, 1):
        table = metadata.tables.get(making.of(number))
        if table is None:
            continue
        values = {"id": "1"}
        values |= {name: VALUES[name] for name in VALUES if name in table.c}
        name = Name(table.schema, table.name)
        fields = ", ".join(str(Name(None, field)) for field in values)
        statements.append(
            f"insert into {name} ({fields}) overriding system value"
            f" values ({', '.join(values.values())})"
        )
        if "f" in table.c and not any((n, "absent") in new for n in (0, 1)):
            later.append(f"update {name} set f = 1")
    return (*statements, *later)
