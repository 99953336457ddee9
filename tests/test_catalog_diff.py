"""diff(), describe() and equivalent(): differences of catalogs, as a reader would say them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from migsafe.catalog import (
    Catalog,
    Column,
    Constraint,
    ConstraintKind,
    Enum,
    Extension,
    Function,
    Generated,
    Identity,
    Index,
    IndexKey,
    Other,
    Rows,
    Schema,
    Sequence,
    Table,
    TableKind,
    Trigger,
    View,
)
from migsafe.catalog.diff import Difference, describe, diff, equivalent
from migsafe.catalog.loose import loose_text
from migsafe.names import Name
from migsafe.pgtypes import TypeRef

INTEGER, TEXT = TypeRef.parse("integer"), TypeRef.parse("text")
USERS = Name("public", "users")
EMAIL = Column("email", TypeRef.parse("varchar(50)"), not_null=True)
CHECK = Constraint("ck_price", ConstraintKind.CHECK, ("price",), "(price > 0)")
UNIQUE = Constraint("users_email_key", ConstraintKind.UNIQUE, ("email",), index="users_email_key")
TABLE = Table(
    USERS, (Column("id", INTEGER, True), EMAIL, Column("price", INTEGER)), (CHECK, UNIQUE)
)
INDEX = Index(Name("public", "ix_users_email"), USERS, (IndexKey("email"),))
KEY = replace(INDEX, name=Name("public", "users_email_key"), unique=True, constraint=UNIQUE.name)
MOOD = Enum(Name("public", "mood"), ("sad", "ok"))
CATALOG = (
    Catalog.empty()
    .with_table(TABLE)
    .with_index(INDEX)
    .with_index(KEY)
    .having("types", MOOD.name, MOOD)
)


def texts(before: Catalog, after: Catalog) -> list[str]:
    return [str(d) for d in diff(before, after)]


def restored(before: Catalog, after: Catalog) -> list[str]:
    return [describe(d, restored=True) for d in diff(before, after)]


def with_column(column: Column) -> Catalog:
    return CATALOG.with_table(TABLE.with_column(column))


def test_equal_catalogs_do_not_differ() -> None:
    """Two equal values have no differences, whatever order their objects came in."""
    other = replace(CATALOG, indexes=dict(reversed(list(CATALOG.indexes.items()))))
    assert diff(CATALOG, other) == ()
    assert diff(CATALOG, replace(CATALOG, search_path=("app",), major=14, gaps=("why",))) == ()
    filled = CATALOG.with_table(replace(TABLE, rows=Rows.SOME))
    assert diff(CATALOG, filled) == ()


@pytest.mark.parametrize(
    ("column", "said", "of_undoing"),
    [
        (
            replace(EMAIL, type=TEXT),
            "column users.email: type is text, was character varying(50)",
            "users.email: type is text, was character varying(50)",
        ),
        (
            replace(EMAIL, not_null=False),
            "column users.email: allows NULL, was NOT NULL",
            "users.email: NOT NULL was not restored",
        ),
        (
            replace(EMAIL, default="'a'::text"),
            "column users.email: default is 'a'::text, was none",
            "users.email: default 'a'::text is left behind",
        ),
        (
            replace(EMAIL, identity=Identity.BY_DEFAULT),
            "column users.email: identity is by default, was none",
            "users.email: identity by default is left behind",
        ),
        (
            replace(EMAIL, generated=Generated("lower(name)")),
            "column users.email: generation expression is lower(name) stored, was none",
            "users.email: generation expression lower(name) stored is left behind",
        ),
        (
            replace(EMAIL, type=TypeRef(Name("public", "mood"))),
            "column users.email: type is mood, was character varying(50)",
            "users.email: type is mood, was character varying(50)",
        ),
    ],
)
def test_a_changed_column(column: Column, said: str, of_undoing: str) -> None:
    """A change of a column is said with what it is and was."""
    assert texts(CATALOG, with_column(column)) == [said]
    assert restored(CATALOG, with_column(column)) == [of_undoing]


def test_missing_and_new() -> None:
    """An object on one side only is missing or new; after undoing, not restored or left behind."""
    without = CATALOG.lacking("indexes", INDEX.name).lacking("types", MOOD.name)
    assert texts(CATALOG, without) == ["enum mood is missing", "index ix_users_email is missing"]
    assert texts(without, CATALOG) == ["enum mood is new", "index ix_users_email is new"]
    assert restored(without, CATALOG) == [
        "enum mood is left behind",
        "index ix_users_email is left behind",
    ]
    assert restored(CATALOG, without)[0] == "enum mood was not restored"


def test_a_table_stands_for_what_belongs_to_it() -> None:
    """Indexes and sequences of a missing table, and indexes of a missing constraint, go unsaid."""
    owned = Sequence(Name("public", "users_id_seq"), INTEGER, owned_by=(USERS, "id"))
    full = CATALOG.having("sequences", owned.name, owned)
    assert texts(full, Catalog.empty().having("types", MOOD.name, MOOD)) == [
        "table users is missing"
    ]
    unconstrained = full.lacking("indexes", KEY.name).with_table(
        replace(TABLE, constraints=(CHECK,))
    )
    assert texts(full, unconstrained) == ["unique constraint users_email_key on users is missing"]
    unowned = full.lacking("sequences", owned.name)
    assert texts(full, unowned) == ["sequence users_id_seq is missing"]


def test_parts_of_tables() -> None:
    """What hangs on a table is said with the table."""
    trigger = Trigger("touch", Name("public", "f"), "BEFORE", ("UPDATE",))
    changed = replace(
        TABLE,
        constraints=(replace(CHECK, expression="(price > 1)"), replace(UNIQUE, deferrable=True)),
        triggers=(trigger,),
        kind=TableKind.FOREIGN,
    )
    assert texts(CATALOG, CATALOG.with_table(changed)) == [
        "check constraint ck_price on users: expression is (price > 1), was (price > 0)",
        "unique constraint users_email_key on users: deferrable is yes, was no",
        "trigger touch on users is new",
        "table users: kind is foreign, was table",
    ]


def test_a_name_is_quoted_and_keeps_its_dots() -> None:
    """Names with dots, quotes and capitals are shown as SQL would write them."""
    table = Table(Name("App", "a.b"), (Column('c"d', INTEGER),))
    before = Catalog.empty().with_table(table)
    after = before.with_table(replace(table, columns=(Column('c"d', TEXT),)))
    assert texts(before, after) == ['column "App"."a.b"."c""d": type is text, was integer']


def test_column_order_is_benign() -> None:
    """A column dropped and added again stands at the end; nobody minds."""
    moved = CATALOG.with_table(replace(TABLE, columns=(*TABLE.columns[1:], TABLE.columns[0])))
    (found,) = diff(CATALOG, moved)
    assert found.benign
    assert str(found) == "table users: column order is email, price, id, was id, email, price"


def not_null(name: str, **others: bool) -> Constraint:
    return Constraint(name, ConstraintKind.NOT_NULL, ("email",), **others)


@pytest.mark.parametrize(
    ("name", "benign"), [("people_email_not_null", True), ("nn", False), ("a_not_null12", True)]
)
def test_names_of_not_null_constraints(name: str, benign: bool) -> None:
    """The name of a NOT NULL that nobody named may change, one that somebody chose may not."""
    before = CATALOG.with_table(TABLE.with_constraint(not_null("users_email_not_null")))
    after = CATALOG.with_table(TABLE.with_constraint(not_null(name)))
    (found,) = diff(before, after)
    assert (found.attribute, found.benign) == ("name", benign)


def test_not_null_is_said_once() -> None:
    """PostgreSQL 18 has a constraint for it, but the column tells."""
    before = CATALOG.with_table(TABLE.with_constraint(not_null("users_email_not_null")))
    assert texts(before, with_column(replace(EMAIL, not_null=False))) == [
        "column users.email: allows NULL, was NOT NULL"
    ]
    invalid = not_null("users_email_not_null", validated=False)
    assert texts(before, CATALOG.with_table(TABLE.with_constraint(invalid))) == [
        "NOT NULL constraint users_email_not_null on users: validated is no, was yes"
    ]


def test_where_a_partition_has_its_columns_from_is_benign() -> None:
    """After DETACH and ATTACH the columns count as defined in the partition too."""
    partition = replace(TABLE, partition_of=Name("public", "all"), columns=(EMAIL,))
    local = replace(partition, columns=(replace(EMAIL, local=False),))
    (found,) = diff(CATALOG.with_table(partition), CATALOG.with_table(local))
    assert found.benign


def test_other_objects_differ_by_attribute() -> None:
    """A rare object's attributes are compared one by one."""
    key = ("event trigger", "et")
    before = CATALOG.having("others", key, Other(*key, (("enabled", "O"), ("event", "sql_drop"))))
    after = CATALOG.having("others", key, Other(*key, (("enabled", "D"), ("event", "sql_drop"))))
    assert texts(before, after) == ["event trigger et: enabled is disabled, was enabled"]


def test_long_texts_have_changed() -> None:
    """A definition too long for a line is not quoted, but kept in the value."""
    name = Name("public", "v")
    before, after = (
        CATALOG.having("views", name, View(name, f"SELECT {'x' * 200} AS a{n}")) for n in (1, 2)
    )
    (found,) = diff(before, after)
    assert str(found) == "view v: definition has changed"
    assert found.before != found.after


def test_differences_have_a_fixed_order() -> None:
    """Kinds come in one order, names in the alphabet's."""
    before = CATALOG.having("schemas", "b", Schema("b")).having("schemas", "a", Schema("a"))
    assert [d.name for d in diff(before, Catalog.empty())] == ["a", "b", "mood", "users"]


def test_the_whole_object_is_in_the_value() -> None:
    """Who wants more than words finds the objects."""
    (found,) = diff(CATALOG, CATALOG.lacking("types", MOOD.name))
    assert found == Difference("enum", "mood", None, MOOD, None)


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("price > 0", "(price > (0)::numeric)"),
        (
            "status IN ('a', 'b')",
            "((status)::text = ANY ((ARRAY['a'::character varying, 'b'::varchar])::text[]))",
        ),
        ("price > 1.5", "(price > 1.5)"),
        ("nextval('users_id_seq')", "nextval('public.users_id_seq'::regclass)"),
        ("'ok'", "'ok'::app.mood"),
        ("lower(email)", "lower((email)::text)"),
        ("'{}'", "'{}'::timestamp without time zone[]"),
        ("first || ' ' || last", "((first || ' '::text) || last)"),
    ],
)
def test_loose_texts(written: str, read: str) -> None:
    """What a server adds to an expression is not in its loose form."""
    assert loose_text(read) == loose_text(written)


def test_loose_texts_of_different_expressions_differ() -> None:
    """The loose form keeps what an expression means."""
    expressions = ["price > 0", "price >= 0", "price > 1", "cost > 0", "price > 1.5", "price > 2.5"]
    assert len(set(map(loose_text, expressions))) == len(expressions)


def test_equivalent_ignores_what_a_history_cannot_know() -> None:
    """Owners, privileges, definitions and spellings do not count; expressions and shapes do."""
    read = replace(
        CATALOG.with_table(
            replace(
                TABLE,
                owner="me",
                acl=("a=r/me",),
                constraints=(replace(CHECK, expression="(price > (0)::numeric)"), UNIQUE),
            )
        ),
        others={("cast", "x"): Other("cast", "x")},
    )
    assert equivalent(CATALOG, read) == ()
    wrong = replace(CHECK, expression="(price > 1)")
    found = equivalent(CATALOG.with_table(replace(TABLE, constraints=(wrong, UNIQUE))), read)
    assert [d.attribute for d in found] == ["expression"]
    assert [d.name for d in equivalent(CATALOG, read.lacking("types", MOOD.name))] == ["mood"]


def test_equivalent_knows_the_limits_of_either_side() -> None:
    """Unknown tables are left out, and missing objects of a catalog with gaps."""
    vague = CATALOG.with_table(Table(USERS, unknown="a DO block"))
    assert equivalent(vague.lacking("indexes", INDEX.name), CATALOG) == ()
    gaps = CATALOG.lacking("types", MOOD.name).with_gap("a DO block")
    assert equivalent(gaps, CATALOG) == ()
    assert equivalent(CATALOG, gaps) == ()
    assert len(equivalent(CATALOG.lacking("types", MOOD.name), CATALOG)) == 1


def test_equivalent_of_extensions_and_functions() -> None:
    """The version of an extension and the body of a function as stored are the server's."""
    name = Name("public", "f")
    folded = CATALOG.having("extensions", "citext", Extension("citext", "public")).having(
        "functions", (name, ()), Function(name)
    )
    read = CATALOG.having("extensions", "citext", Extension("citext", "x", "1.8", "c")).having(
        "functions", (name, ()), Function(name, body="select 1", returns="integer", definition="d")
    )
    assert equivalent(folded, read) == ()
