"""`migsafe models verify`: promises of models are proved, and those made in vain are found."""

from __future__ import annotations

import itertools
import json
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from migsafe.models.verify import Proof, Verdict, Verification, verify
from migsafe.models.verify.report import as_json, as_text
from migsafe.server import Server

SETS = Path(__file__).parent / "model_sets"
SHOP = Path(__file__).parent.parent / "examples" / "shop"


def run(folder: Path, server: Server, *arguments: str) -> subprocess.CompletedProcess[str]:
    """In a process of its own, on the server of the tests."""
    command = [sys.executable, "-m", "migsafe", "models", "verify", *arguments]
    command += ["--server-url", server.url()]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True)


@pytest.fixture
def proofs(server: Server) -> Iterator[object]:
    """Verify models that are given as source."""

    def of(metadata: sa.MetaData) -> dict[tuple[str, str], Proof]:
        found = verify(metadata, server)
        return {(proof.kind, proof.subject): proof for proof in found.proofs}

    return of


def test_the_shop(server: Server) -> None:
    """Everything the shop's models promise is proved; its migrations lag behind on purpose."""
    ended = run(SHOP, server, "shop.models", "-f", "json")
    assert ended.returncode == 1, ended.stderr
    report = json.loads(ended.stdout)
    others = [p for p in report["proofs"] if p["kind"] != "migrations"]
    assert {p["verdict"] for p in others} == {"proved"}
    assert {p["kind"] for p in others} == {
        *("not-null", "length", "digits", "enum", "check", "unique", "exclusion", "foreign-key"),
        *("relationship", "index", "validation"),
    }
    told = {(p["table"], p["kind"], p["subject"]): p["told"] for p in others}
    key = ("promotions", "check", "ck_promotions_discount_range")
    assert told[key] == "0.01 passes, 0 is refused (23514)"
    assert told["reviews", "check", "ck_reviews_rating_range"] == "1 passes, 0 is refused (23514)"
    assert told["orders", "relationship", "Order.lines"].endswith("back by OrderLine.order")
    behind = {p["told"] for p in report["proofs"] if p["kind"] == "migrations"}
    assert "table returns is in the models only" in behind
    assert not any("touch_updated_at" in sentence for sentence in behind)


@pytest.mark.parametrize(
    ("target", "kinds"),
    [
        ("staff", {"unique": 5, "foreign-key": 8, "index": 5}),
        ("tenants", {"unique": 2, "foreign-key": 4, "index": 2}),
        ("tutorial", {"unique": 5, "relationship": 4, "index": 8, "validation": 8}),
    ],
)
def test_other_styles(server: Server, target: str, kinds: dict[str, int]) -> None:
    """Inheritance, composite keys in a circle and SQLModel links are proved, too."""
    ended = run(SETS, server, target, "-f", "json")
    assert ended.returncode == 0, ended.stdout + ended.stderr
    found = json.loads(ended.stdout)["proofs"]
    untried = [p for p in found if p["verdict"] != "proved"]
    assert [p["subject"] for p in untried] == ["events"] * (target == "tenants")
    for kind, count in kinds.items():
        assert sum(p["kind"] == kind and p["verdict"] == "proved" for p in found) == count, kind


def test_lint_and_verify_agree(server: Server) -> None:
    """Limits that lint calls unenforced are proved to be: by link models of SQLModel."""
    ended = run(SETS, server, "links", "-f", "json")
    assert ended.returncode == 1, ended.stderr
    found = [p for p in json.loads(ended.stdout)["proofs"] if p["verdict"] != "proved"]
    assert {p["subject"] for p in found} == {"Ingredient.grams", "Recipe.title", "Recipe.photo"}


def test_a_table_for_each_class(server: Server) -> None:
    """Concrete inheritance, whose identities are no column, and imperative mapping are tried."""
    ended = run(SETS, server, "library", "-f", "json")
    assert "fault of migsafe" not in ended.stderr
    found = json.loads(ended.stdout)["proofs"]
    assert not [p for p in found if p["verdict"] == "wrong"]
    assert sum(p["kind"] == "relationship" for p in found) == 3


def test_what_is_promised_in_vain(proofs: object) -> None:
    """NOT ENFORCED-like checks, indexes that no query takes: each is told for what it is."""
    metadata = sa.MetaData()
    sa.Table(
        "things",
        metadata,
        sa.Column("id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
        sa.Column("kind", sa.String(3), nullable=False),
        sa.Column("size", sa.Integer, nullable=False),
        sa.Column("tags", postgresql.ARRAY(sa.Text), nullable=False),
        sa.Column("twice", sa.Integer, sa.Computed("size * 2", persisted=True)),
        sa.CheckConstraint("size > 5 AND size < 10", name="size_range"),
        sa.CheckConstraint("size > -100 OR true", name="size_always"),
        sa.CheckConstraint("cardinality(tags) >= 1", name="tags_some"),
        sa.UniqueConstraint("kind", "size", name="kind_size"),
        sa.Index("by_size", "size"),
        sa.Index("by_size_too", "size"),
        sa.Index("by_tags", "tags", postgresql_using="gin"),
        sa.Index("by_lower", sa.text("lower(kind)")),
        sa.Index("by_last", "size", unique=True, postgresql_where=sa.text("kind = 'zzz'")),
    )
    found = proofs(metadata)  # type: ignore[operator]
    assert found["check", "size_range"].told == "6 passes, 5 is refused (23514)"
    assert found["check", "size_always"].verdict is Verdict.UNTRIED
    assert found["check", "tags_some"].told.endswith("'{}' is refused (23514)")
    assert found["length", "kind varchar(3)"].verdict is Verdict.PROVED
    assert found["unique", "kind_size"].verdict is Verdict.PROVED
    assert found["unique", "things_pkey"].told == "a second row with the same is refused (23505)"
    twins = {found["index", name].verdict for name in ("by_size", "by_size_too")}
    assert Verdict.WEAK in twins
    for name in ("by_tags", "by_lower"):
        assert found["index", name].verdict is Verdict.PROVED, found["index", name]


def test_what_the_database_does_not_do(proofs: object) -> None:
    """A switched off foreign key, a trigger that lets values through, an invalid index: wrong."""
    metadata = sa.MetaData()
    sa.Table("users", metadata, sa.Column("id", sa.Integer, primary_key=True))
    sa.Table(
        "orders",
        metadata,
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("user_id", sa.ForeignKey("users.id", name="fk_user"), nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("total", sa.Integer),
        sa.CheckConstraint("total > 0", name="total_positive"),
        sa.Index("by_number", "number"),
    )
    for statement in (
        "ALTER TABLE orders DISABLE TRIGGER ALL",
        "CREATE FUNCTION fill() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        "NEW.number := coalesce(NEW.number, 1); NEW.total := greatest(NEW.total, 1); "
        "RETURN NEW; END $$",
        "CREATE TRIGGER fill BEFORE UPDATE ON orders FOR EACH ROW EXECUTE FUNCTION fill()",
        "UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'by_number'::regclass",
    ):
        sa.event.listen(metadata, "after_create", sa.DDL(statement))
    found = proofs(metadata)  # type: ignore[operator]
    wrong = {key: proof.told for key, proof in found.items() if proof.verdict is Verdict.WRONG}
    assert wrong == {
        ("not-null", "number"): "NULL is accepted",
        ("foreign-key", "fk_user"): "a row that refers to none is accepted",
        ("check", "total_positive"): "0 is accepted",
        ("index", "by_number"): "it is invalid: no query can use it",
    }


def test_deletes(proofs: object) -> None:
    """What happens to rows when the row they refer to is deleted is seen, not believed."""
    metadata = sa.MetaData()
    sa.Table("users", metadata, sa.Column("id", sa.Integer, primary_key=True))
    actions = {"a": None, "c": "CASCADE", "n": "SET NULL", "r": "RESTRICT"}
    for name, action in actions.items():
        sa.Table(
            f"of_{name}",
            metadata,
            sa.Column("id", sa.Integer, primary_key=True),
            sa.Column("user_id", sa.ForeignKey("users.id", name=f"fk_{name}", ondelete=action)),
        )
    found = proofs(metadata)  # type: ignore[operator]
    told = {name: found["foreign-key", f"fk_{name} on delete"].told for name in actions}
    assert told["c"] == "when the row it refers to is deleted, its rows are deleted too"
    assert told["n"] == "when the row it refers to is deleted, its rows get NULL"
    assert told["a"].startswith("the row it refers to is kept")
    assert told["r"].startswith("the row it refers to is kept")
    assert all(
        found["foreign-key", f"fk_{name} on delete"].verdict is Verdict.PROVED for name in actions
    )


MODELS = """
from typing import List
from sqlalchemy import CheckConstraint, MetaData, String, Column
from sqlalchemy.orm import registry
from sqlmodel import Field, Relationship, SQLModel

class Model(SQLModel, registry=registry()):
    pass

class Team(Model, table=True):
    __tablename__ = "teams"
    id: int = Field(primary_key=True)
    name: str = Field(max_length=10, sa_column=Column(String, nullable=False))
    size: int = Field(ge=1)
    rank: int = Field()
    players: List["Player"] = Relationship(back_populates="team")
    __table_args__ = (CheckConstraint("rank < 100", name="rank_small"),)

class Player(Model, table=True):
    __tablename__ = "players"
    id: int = Field(primary_key=True)
    team_id: int = Field(foreign_key="teams.id")
    team: Team = Relationship(back_populates="players")
"""


def test_models_and_database_disagree(server: Server, tmp_path: Path) -> None:
    """A limit that only the model knows is a finding; one that only the database knows is told."""
    (tmp_path / "team_models.py").write_text(MODELS)
    ended = run(tmp_path, server, "team_models:Model", "-v")
    assert ended.returncode == 1, ended.stderr
    lines = textwrap.dedent(ended.stdout).splitlines()
    told = dict(itertools.pairwise(lines))
    everybody = "and the database takes it from everybody else"
    assert told["teams: weak validation Team.name"] == (
        f"  the model refuses a text of 11, {everybody}"
    )
    assert told["teams: weak validation Team.size"] == f"  the model refuses 0, {everybody}"
    assert told["teams: ok relationship Team.players"] == "  it loads, and back by Player.team"
    assert lines[-1] == "2 findings in 2 tables on PostgreSQL 18."


SCHEMAS = """
from decimal import Decimal
from enum import Enum
from typing import Annotated, Optional

from pydantic import BaseModel, Field, field_validator

class State(str, Enum):
    open = "open"
    done = "done"

Name = Annotated[str, Field(min_length=2, max_length=12)]

class TaskCreate(BaseModel):
    name: Name
    state: str
    price: Decimal = Field(ge=0)
    owner: str | None = None
    size: int = Field(alias="howLarge", ge=1)
    note: str
    tags: list[int] = []

class UpdateTask(BaseModel):
    name: Optional[Name] = None
    state: State | None = None
    price: Decimal | None = Field(None, max_digits=6)
    size: Optional[int] = None

    @field_validator("name", "price", mode="before")
    @classmethod
    def given(cls, value: object) -> object:
        assert value is not None, "needed"
        return value

class TaskPublic(BaseModel):
    name: str = Field(max_length=8)
    price: float

class TaskItemCreate(BaseModel):
    price: Decimal

class Settings(BaseModel):
    name: int
"""
TABLES = """
import sqlalchemy as sa
from decimal import Decimal
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

class Base(DeclarativeBase):
    pass

class Task(Base):
    __tablename__ = "tasks"
    __table_args__ = (
        sa.CheckConstraint("price >= 0", name="price_range"),
        sa.CheckConstraint("size BETWEEN 1 AND 9", name="size_range"),
        sa.CheckConstraint("length(note) >= 3", name="note_range"),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(sa.String(12))
    state: Mapped[str] = mapped_column(sa.Enum("open", "done", name="task_state"))
    price: Mapped[Decimal] = mapped_column(sa.Numeric(8, 2))
    owner: Mapped[str] = mapped_column(sa.Text)
    size: Mapped[int]
    note: Mapped[str] = mapped_column(sa.Text)
"""


def test_schemas_and_database_disagree(server: Server, tmp_path: Path) -> None:
    """Plain Pydantic schemas are asked about the same values as the tables that they are for."""
    (tmp_path / "task_tables.py").write_text(TABLES)
    package = tmp_path / "task_api"
    package.mkdir()
    (package / "__init__.py").touch()
    (package / "schemas.py").write_text(SCHEMAS)
    ended = run(tmp_path, server, "task_tables", "--schemas", "task_api", "-f", "json")
    assert ended.returncode == 1, ended.stderr
    told = {
        p["subject"]: (p["verdict"], p["told"])
        for p in json.loads(ended.stdout)["proofs"]
        if p["kind"] == "validation"
    }
    everybody = ", and the database takes it from everybody else"
    alone = ", which the schema takes: who sends it hears of it from the database alone"
    digits = "a number of 7 digits before the point"
    assert told == {
        "TaskCreate.name": ("weak", f"the schema refuses a text of 1{everybody}"),
        "TaskCreate.state": ("weak", f"the database refuses '!?! ~'{alone}"),
        "TaskCreate.price": ("weak", f"the database refuses {digits}{alone}"),
        "TaskCreate.size": ("weak", f"the database refuses 10{alone}"),
        "TaskCreate.note": ("weak", f"the database refuses a text of 2{alone}"),
        "UpdateTask.name": ("weak", f"the schema refuses a text of 1{everybody}"),
        "UpdateTask.state": ("proved", "schema and database agree on 1 value"),
        "UpdateTask.price": ("weak", f"the database refuses -1{alone}"),
        "UpdateTask.size": ("weak", f"the database refuses 0{alone}"),
        "TaskPublic.name": ("weak", "the database takes a text of 9, which the schema cannot show"),
        "TaskPublic.price": ("proved", told["TaskPublic.price"][1]),
    }
    ended = run(tmp_path, server, "task_tables", "--schemas", "json")
    assert ended.returncode == 2
    assert "no class of json speaks of a table" in ended.stderr


def test_a_schema_is_of_the_nearest_class(server: Server, tmp_path: Path) -> None:
    """Of classes with one name the nearer is meant; where none is nearer, that is said."""
    table = "import sqlalchemy as sa\nfrom two_bases import Base\n\nclass Item(Base):\n"
    table += '    __table__ = sa.Table("{0}", Base.metadata, sa.Column("id", sa.Integer, '
    table += 'primary_key=True), sa.Column("name", sa.String({1}), nullable=False))\n'
    schema = "from pydantic import BaseModel, Field\n\nclass {}(BaseModel):\n"
    schema += "    name: str = Field(max_length=4)\n"
    files = {
        "two_bases.py": "from sqlalchemy.orm import DeclarativeBase\n\n"
        "class Base(DeclarativeBase):\n    pass\n",
        "two_tables.py": "from two_bases import Base\nimport two_api.blog.tables\n"
        "import two_api.shop.tables\n",
        "two_api/blog/tables.py": table.format("blog_items", 4),
        "two_api/shop/tables.py": table.format("shop_items", 8),
        "two_api/shop/schemas.py": schema.format("ItemCreate"),
        "two_api/schemas.py": schema.format("ItemUpdate"),
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    for folder in ("two_api", "two_api/blog", "two_api/shop"):
        (tmp_path / folder / "__init__.py").touch()
    ended = run(tmp_path, server, "two_tables:Base", "--schemas", "two_api")
    assert ended.returncode == 1, ended.stderr
    both = "two_api.blog.tables.Item and two_api.shop.tables.Item"
    lines = [line.strip() for line in ended.stdout.splitlines()]
    place = lines.index("untried validation ItemUpdate")
    assert lines[place + 1] == f"its name fits {both}: it is compared with none"
    assert lines[place + 2] == "shop_items: weak validation ItemCreate.name"
    assert "blog_items: weak" not in ended.stdout


def test_models_that_do_not_map(server: Server, tmp_path: Path) -> None:
    """A relationship that SQLAlchemy cannot make out is a finding, with its words."""
    (tmp_path / "lost_models.py").write_text(
        MODELS.replace('back_populates="team")', 'back_populates="club")')
    )
    ended = run(tmp_path, server, "lost_models:Model", "--no-migrations")
    assert ended.returncode == 1, ended.stderr
    assert "wrong relationship mappers" in ended.stdout
    assert "club" in ended.stdout


def test_models_that_cannot_be_made(server: Server, tmp_path: Path) -> None:
    """Tables that PostgreSQL refuses are one sentence and exit code 2."""
    (tmp_path / "odd_models.py").write_text(
        "import sqlalchemy as sa\nmetadata = sa.MetaData()\n"
        "sa.Table('t', metadata, sa.Column('x', sa.Integer), sa.CheckConstraint('y > 1'))\n"
    )
    ended = run(tmp_path, server, "odd_models")
    assert ended.returncode == 2
    assert ended.stderr == (
        'migsafe: the models\' tables cannot be made: column "y" does not exist\n'
    )


def test_reports() -> None:
    """Text shows what needs a look, or everything; JSON has all of it."""
    proofs = (
        Proof("check", None, "positive", Verdict.PROVED, "0 is refused"),
        Proof("migrations", None, "migrations", Verdict.WRONG, "table a is in the models only"),
    )
    found = Verification(proofs, 1, 18, {})
    assert list(as_text(found)) == [
        "wrong migrations: table a is in the models only",
        "",
        "CHECKs               1 proved",
        "migrations           0 proved, 1 wrong",
        "1 finding in 1 table on PostgreSQL 18.",
    ]
    assert "ok check positive" in list(as_text(found, every=True))
    assert json.loads(as_json(found))["summary"]["wrong"] == 1
