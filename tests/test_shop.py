"""The example shop: its history runs both ways, and leads to an earlier state of its models."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import psycopg
import pytest
import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy.dialects.postgresql import JSONB, ExcludeConstraint
from sqlalchemy.orm import DeclarativeBase
from sqlmodel import SQLModel

from migsafe.server import Server, sqlalchemy_url

SHOP = Path(__file__).parents[1] / "examples" / "shop"
VERSIONS = SHOP / "migrations" / "versions"


class Hazard(NamedTuple):
    """A danger in the history: the line in upgrade() where its statement starts, and its kind."""

    file: str
    fragment: str
    kind: str


EXPECTED_HAZARDS = (
    Hazard("0006_order_numbers.py", "bind.execute(orders.update()", "unbatched-update"),
    Hazard("0006_order_numbers.py", 'op.alter_column("orders", "number"', "set-not-null"),
    Hazard("0007_look_up_orders_by_number.py", "op.create_index(", "blocking-index"),
    Hazard("0008_payment_amounts_in_units_not_cents.py", "op.alter_column(", "type-rewrite"),
    Hazard("0009_profile_cleanup.py", 'batch_op.alter_column("full_name"', "rename-column"),
    Hazard("0009_profile_cleanup.py", 'batch_op.drop_column("newsletter")', "drop-column"),
    Hazard("0009_profile_cleanup.py", 'op.drop_table("wishlists")', "drop-table"),
    Hazard("0010_stricter_orders.py", "op.create_foreign_key(", "validating-foreign-key"),
    Hazard("0010_stricter_orders.py", "op.create_check_constraint(", "validating-check"),
    Hazard("0011_language_of_reviews.py", "op.add_column(", "not-null-without-default"),
)
SAFE_FILES = (
    "0001_catalogue_and_customers.py",
    "0002_orders_and_billing.py",
    "0003_reviews_wishlists_and_promotions.py",
    "0004_product_listing_flags.py",
    "0005_product_name_search.py",
    "0012_require_country_and_reviewer.py",
    "0013_validate_country_and_reviewer.py",
)
BROKEN_DOWNGRADE = "0003"
LEFT_BEHIND = ("type", "public.reviewstatus", "PENDING, PUBLISHED, REJECTED")

# What the models have and the history has not: the work of the next autogenerate.
PENDING_TYPES = {"public.product_condition", "public.product_badge", "public.return_reason"}
PENDING_COLUMNS = {
    "public.products.is_featured": "boolean NOT NULL DEFAULT false",
    "public.products.condition": "product_condition NOT NULL DEFAULT 'new'::product_condition",
    "public.products.badges": "product_badge[]",
    "public.promotions.currency": "currency",
    "public.promotions.channels": "channel[]",
}
PENDING_INDEXES = {
    "public.ix_products_attributes": "USING gin (attributes jsonb_path_ops)",
    "public.ix_products_labels": "USING gin (labels)",
    "public.ix_orders_open": "WHERE ((status = 'pending'::order_status) AND (deleted_at IS NULL))",
    "public.ix_orders_user_id_placed_at": "(user_id, placed_at) INCLUDE (number, total)",
    "public.uq_addresses_default": "UNIQUE INDEX uq_addresses_default",
    "public.uq_reviews_product_id_user_id": "WHERE (deleted_at IS NULL)",
    "billing.ix_invoices_unpaid": "WHERE (paid_at IS NULL)",
}
PENDING_CONSTRAINTS = {
    "public.products.ck_products_price_not_negative": "CHECK",
    "public.promotions.ck_promotions_discount_range": "CHECK",
    "public.payments.ck_payments_amount_positive": "CHECK",
    "public.reviews.ck_reviews_rating_range": "CHECK",
    "public.payments.fk_payments_invoice_id_invoices": "FOREIGN KEY",
}

OBJECTS = """
WITH wanted AS (
    SELECT oid, nspname FROM pg_namespace
    WHERE nspname !~ '^pg_' AND nspname <> 'information_schema'
), own AS (
    SELECT c.oid, c.relname, c.relkind, w.nspname || '.' || c.relname AS name
    FROM pg_class c JOIN wanted w ON w.oid = c.relnamespace
    WHERE c.relname !~ '^alembic_version'
)
SELECT 'schema', nspname, '' FROM wanted
UNION ALL SELECT 'extension', extname, '' FROM pg_extension
UNION ALL SELECT 'relation', name, relkind::text FROM own
UNION ALL
SELECT 'column', name || '.' || attname,
    concat_ws(' ', format_type(atttypid, atttypmod), CASE WHEN attnotnull THEN 'NOT NULL' END,
        nullif(attidentity, ''), nullif(attgenerated, ''), 'DEFAULT ' || pg_get_expr(adbin, oid))
FROM own JOIN pg_attribute ON attrelid = own.oid AND attnum > 0 AND NOT attisdropped
    LEFT JOIN (SELECT adrelid, adnum, adbin FROM pg_attrdef) d
    ON adrelid = attrelid AND adnum = attnum
WHERE relkind = 'r'
UNION ALL
SELECT 'order', name, string_agg(attname, ', ' ORDER BY attnum)
FROM own JOIN pg_attribute ON attrelid = own.oid AND attnum > 0 AND NOT attisdropped
WHERE relkind = 'r' GROUP BY name
UNION ALL
SELECT CASE contype WHEN 'n' THEN 'not null' ELSE 'constraint' END, name || '.' || conname,
    pg_get_constraintdef(k.oid)
FROM own JOIN pg_constraint k ON conrelid = own.oid
UNION ALL SELECT 'index', name, pg_get_indexdef(oid) FROM own WHERE relkind = 'i'
UNION ALL
SELECT 'type', nspname || '.' || typname, string_agg(enumlabel, ', ' ORDER BY enumsortorder)
FROM pg_type t JOIN wanted w ON w.oid = typnamespace JOIN pg_enum ON enumtypid = t.oid
GROUP BY 2
UNION ALL
SELECT 'trigger', name || '.' || tgname, pg_get_triggerdef(t.oid)
FROM own JOIN pg_trigger t ON tgrelid = own.oid WHERE NOT tgisinternal
UNION ALL
SELECT 'function', p.oid::regprocedure::text, prosrc
FROM pg_proc p JOIN wanted w ON w.oid = pronamespace
"""

Objects = frozenset[tuple[str, str, str]]


def objects(url: str) -> Objects:
    """Return what is in the database as (kind, name, definition)."""
    with psycopg.connect(url) as connection:
        return frozenset(connection.execute(OBJECTS).fetchall())


def of_kind(found: Objects, kind: str) -> dict[str, str]:
    return {name: definition for has, name, definition in found if has == kind}


@pytest.fixture
def metadata(monkeypatch: pytest.MonkeyPatch) -> sa.MetaData:
    """The MetaData that the models share."""
    monkeypatch.syspath_prepend(SHOP)
    from shop.models import metadata

    return metadata


@pytest.fixture
def config(metadata: sa.MetaData, monkeypatch: pytest.MonkeyPatch) -> Config:
    """The Alembic project, without alembic.ini so that the logging of the tests stays as it is."""
    monkeypatch.delenv("DATABASE_URL", raising=False)
    config = Config()
    config.set_main_option("script_location", str(SHOP / "migrations"))
    config.set_main_option("path_separator", "os")
    return config


@pytest.fixture
def migrate(config: Config, monkeypatch: pytest.MonkeyPatch) -> Callable[[str, str], None]:
    """Return a function that takes the database of a URL to a revision."""

    def to(url: str, revision: str) -> None:
        monkeypatch.setenv("DATABASE_URL", url)
        downwards = revision == "base" or revision.startswith("-")
        (command.downgrade if downwards else command.upgrade)(config, revision)

    return to


def revisions(config: Config) -> list[str]:
    script = ScriptDirectory.from_config(config)
    return [revision.revision for revision in script.walk_revisions()][::-1]


def created(url: str, metadata: sa.MetaData) -> Objects:
    """Create the models in an empty database and return what is there."""
    engine = sa.create_engine(sqlalchemy_url(url), poolclass=sa.NullPool)
    metadata.create_all(engine)
    return objects(url)


def test_alembic_runs_in_the_folder(db: str) -> None:
    """A newcomer's `alembic upgrade head` and `alembic downgrade base` work as they are."""
    empty = objects(db)
    for arguments in (["upgrade", "head"], ["downgrade", "base"]):
        done = subprocess.run(
            [sys.executable, "-m", "alembic", *arguments],
            cwd=SHOP,
            env={**os.environ, "DATABASE_URL": db, "PYTHONDONTWRITEBYTECODE": "1"},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
    assert objects(db) - empty == {LEFT_BEHIND}
    assert empty <= objects(db)


def test_every_downgrade_but_one_gives_back_the_schema(
    any_db: str, config: Config, migrate: Callable[[str, str], None]
) -> None:
    """Each revision goes up, down and up; only the known one leaves something behind."""
    left: dict[str, Objects] = {}
    before = objects(any_db)
    for revision in revisions(config):
        migrate(any_db, revision)
        after = objects(any_db)
        migrate(any_db, "-1" if revision != "0001" else "base")
        left[revision] = objects(any_db) ^ before
        migrate(any_db, revision)
        assert objects(any_db) == after, revision
        before = after
    assert {key: value for key, value in left.items() if value} == {BROKEN_DOWNGRADE: {LEFT_BEHIND}}


def test_data_survives_the_change_of_amounts(db: str, migrate: Callable[[str, str], None]) -> None:
    """Cents become units and cents again, and orders that exist get their number."""
    migrate(db, "0005")
    with psycopg.connect(db) as connection:
        connection.execute("INSERT INTO users (email, full_name) VALUES ('a@example.com', 'A')")
        connection.execute("INSERT INTO orders (user_id, currency) VALUES (1, 'EUR')")
        connection.execute(
            "INSERT INTO payments (order_id, provider_reference, amount, currency)"
            " VALUES (1, 'ref', 1999, 'EUR')"
        )
    migrate(db, "0008")
    with psycopg.connect(db) as connection:
        row = connection.execute("SELECT number, amount::text FROM orders, payments").fetchone()
        assert row == ("SO-00000001", "19.99")
    migrate(db, "-1")
    with psycopg.connect(db) as connection:
        assert connection.execute("SELECT amount FROM payments").fetchone() == (1999,)


def test_history_is_an_earlier_state_of_the_models(
    server: Server, metadata: sa.MetaData, migrate: Callable[[str, str], None]
) -> None:
    """What the history has is in the models too; the models have just the planned extras."""
    with server.database() as url, server.database() as other:
        migrate(url, "head")
        head, models = objects(url), created(other, metadata)
    for kind in ("schema", "extension", "relation", "column", "constraint", "index", "type"):
        assert of_kind(head, kind).items() <= of_kind(models, kind).items(), kind
    extra = models - head
    assert set(of_kind(extra, "type")) == PENDING_TYPES
    assert {n: d for n, d in of_kind(extra, "relation").items() if d == "r"} == {
        "public.returns": "r"
    }
    assert outside_returns(extra, "column") == PENDING_COLUMNS
    for kind, pending in (("index", PENDING_INDEXES), ("constraint", PENDING_CONSTRAINTS)):
        found = outside_returns(extra, kind)
        assert set(found) == set(pending)
        assert [name for name in pending if pending[name] not in found[name]] == []


def outside_returns(extra: Objects, kind: str) -> dict[str, str]:
    """Return the objects of *kind* that are on tables which the history has."""
    return {
        name: definition
        for name, definition in of_kind(extra, kind).items()
        if not name.startswith("public.returns.")
        and " ON public.returns " not in definition
        and " ON public.pk_returns" not in definition
    }


def test_models_can_be_created(any_db: str, metadata: sa.MetaData) -> None:
    """`create_all` makes every table and every enum in an empty database."""
    found = created(any_db, metadata)
    tables = {name for name, kind in of_kind(found, "relation").items() if kind == "r"}
    assert tables == {
        f"{table.schema or 'public'}.{table.name}" for table in metadata.tables.values()
    }
    assert len(of_kind(found, "type")) == 8


@pytest.mark.parametrize("hazard", EXPECTED_HAZARDS, ids=lambda hazard: hazard.kind)
def test_hazards_are_where_they_are_said_to_be(hazard: Hazard) -> None:
    """Each expected hazard is one line of an upgrade()."""
    assert len(list(lines_of(hazard))) == 1


def lines_of(hazard: Hazard) -> Iterator[int]:
    """Yield the numbers of the lines in upgrade() that hold the hazard's fragment."""
    lines = (VERSIONS / hazard.file).read_text(encoding="utf-8").splitlines()
    end = lines.index("def downgrade() -> None:")
    return (number for number, line in enumerate(lines[:end], 1) if hazard.fragment in line)


def test_every_revision_is_either_hazardous_or_safe() -> None:
    """No revision is left without an expectation."""
    hazardous = {hazard.file for hazard in EXPECTED_HAZARDS}
    assert sorted([*hazardous, *SAFE_FILES]) == sorted(path.name for path in VERSIONS.glob("*.py"))


def test_models_are_half_sqlmodel_half_declarative(metadata: sa.MetaData) -> None:
    """Both kinds of models share one MetaData with a naming convention."""
    from shop.models import Base, Model

    kinds = [
        (SQLModel if issubclass(mapper.class_, SQLModel) else DeclarativeBase)
        for mapper in Base.registry.mappers
    ]
    assert kinds.count(SQLModel) == kinds.count(DeclarativeBase) == len(metadata.tables) // 2 == 6
    assert Base.metadata is Model.metadata is metadata
    assert set(metadata.naming_convention) >= {"ix", "uq", "ck", "fk", "pk"}


def test_models_use_the_types_of_postgresql(metadata: sa.MetaData) -> None:
    """There are shared, array and other-schema enums, JSONB, arrays, identity and generated."""
    columns = [column for table in metadata.tables.values() for column in table.columns]
    users_of: dict[str, set[str]] = {}
    for column in columns:
        if isinstance(column.type, sa.Enum):
            users_of.setdefault(str(column.type.name), set()).add(column.table.name)
    assert users_of["currency"] >= {"orders", "payments"}
    arrays = [column.type.item_type for column in columns if isinstance(column.type, sa.ARRAY)]
    assert {str(item.name) for item in arrays if isinstance(item, sa.Enum)} == {
        "channel",
        "product_badge",
    }
    assert any(isinstance(item, sa.Text) for item in arrays)
    assert metadata.tables["billing.invoices"].c.status.type.schema == "billing"
    assert sum(isinstance(column.type, JSONB) for column in columns) == 2
    assert sum(column.identity is not None for column in columns) >= 2
    assert {column.name for column in columns if column.computed} == {"search", "line_total"}
    assert sum(column.name == "deleted_at" for column in columns) >= 3
    assert sum(column.name == "created_at" for column in columns) >= 3


def test_models_use_the_constraints_of_postgresql(metadata: sa.MetaData) -> None:
    """There are CHECKs, an exclusion, composite and self-referencing keys, many-to-many."""
    constraints = [c for table in metadata.tables.values() for c in table.constraints]
    keys = [c for c in constraints if isinstance(c, sa.ForeignKeyConstraint)]
    assert {c.table.name for c in keys if len(c.columns) > 1} == {"orders", "returns"}
    assert [c.table.name for c in keys if c.referred_table is c.table] == ["categories"]
    assert sum(isinstance(c, sa.CheckConstraint) for c in constraints) >= 6
    assert [c.table.name for c in constraints if isinstance(c, ExcludeConstraint)] == ["promotions"]
    link = metadata.tables["product_categories"]
    assert {key.column.table.name for key in link.foreign_keys} == {"products", "categories"}
    assert {key.parent for key in link.foreign_keys} == set(link.primary_key.columns)


def test_models_use_the_indexes_of_postgresql(metadata: sa.MetaData) -> None:
    """There are GIN, trigram, full-text, partial, covering and partial unique indexes."""
    indexes = [index for table in metadata.tables.values() for index in table.indexes]
    options = {str(index.name): index.dialect_options["postgresql"] for index in indexes}
    assert options["ix_products_attributes"]["ops"] == {"attributes": "jsonb_path_ops"}
    assert options["ix_products_name_trgm"]["ops"] == {"name": "gin_trgm_ops"}
    assert options["ix_products_search"]["using"] == "gin"
    partial = [
        index for index in indexes if index.dialect_options["postgresql"]["where"] is not None
    ]
    assert {index.unique for index in partial} == {True, False}
    assert sum(bool(option["include"]) for option in options.values()) >= 2
