"""The design tools: rules on their examples, on the shop and on models of other styles."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
import sqlalchemy
from click.testing import CliRunner, Result

from migsafe.check.selection import chosen
from migsafe.cli import cli
from migsafe.config import Settings
from migsafe.errors import ConfigError, MigsafeError
from migsafe.models import (
    Design,
    DesignFinding,
    DesignRule,
    Profile,
    lint,
    wanted_catalog,
)
from migsafe.models.diagram import drawing, mermaid
from migsafe.models.rules import example_design, load_design_rules
from migsafe.models.words import bare
from migsafe.rules import load_rules
from migsafe.server import Server, sqlalchemy_url

SETS = Path(__file__).parent / "model_sets"
SHOP = Path(__file__).parent.parent / "examples" / "shop"
Command = Callable[..., Result]
RULES = load_design_rules()
RECOMMENDED = tuple(rule for rule in RULES if rule.profile is Profile.RECOMMENDED)


def examples(kind: str) -> list[object]:
    return [
        pytest.param(rule, example, id=f"{rule.code}-{number}")
        for rule in RULES
        for number, example in enumerate(getattr(rule, kind))
    ]


def shown(findings: tuple[DesignFinding, ...]) -> str:
    return "\n".join(f"{f.rule} {f.subject}: {f.message}" for f in findings)


@pytest.mark.parametrize(("rule", "example"), examples("bad"))
def test_bad_examples_are_found(rule: DesignRule, example: str) -> None:
    """A rule speaks on each of its bad examples, once for each thing, and says a way out."""
    findings = lint(example_design(example), (rule,)).findings
    assert findings
    assert all(finding.remedy for finding in findings)
    told = [(finding.subject, finding.message) for finding in findings]
    assert len(told) == len(set(told))


@pytest.mark.parametrize(("rule", "example"), examples("bad"))
def test_bad_examples_are_bad_in_one_way(rule: DesignRule, example: str) -> None:
    """No other rule of the recommended profile speaks on a bad example."""
    others = tuple(other for other in RECOMMENDED if other is not rule)
    findings = lint(example_design(example), others).findings
    assert not findings, shown(findings)


@pytest.mark.parametrize(("rule", "example"), examples("good"))
def test_good_examples_are_silent(rule: DesignRule, example: str) -> None:
    """A rule is silent on its good examples, and so is the whole recommended profile."""
    findings = lint(example_design(example), (rule, *RECOMMENDED)).findings
    assert not findings, shown(findings)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.code)
def test_a_rule_says_what_it_is_about(rule: DesignRule) -> None:
    """The first line of the docstring is a sentence; codes are of the schema design."""
    first, _, rest = rule.documentation().partition("\n")
    assert first.endswith(".")
    assert rest.startswith("\n")
    assert rule.code.startswith("MS8")


# -- on models of different styles -------------------------------------------------------------


@pytest.fixture
def migsafe(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Command]:
    """Run `migsafe models …` in a folder; modules of *tmp_path* are forgotten afterwards."""
    path = list(sys.path)

    def run(folder: Path, *arguments: str) -> Result:
        monkeypatch.syspath_prepend(folder)
        if folder == SETS:
            return apart(folder, *arguments)
        monkeypatch.chdir(folder)
        return CliRunner().invoke(cli, ["models", *arguments], standalone_mode=False)

    yield run
    sys.path[:] = path
    for name, module in list(sys.modules.items()):
        if Path(getattr(module, "__file__", None) or "/").is_relative_to(tmp_path):
            del sys.modules[name]


def apart(folder: Path, *arguments: str) -> Result:
    """Run in a process of its own: SQLModel's default registry takes each class name once."""
    command = [sys.executable, "-m", "migsafe", "models", *arguments]
    ended = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    assert ended.stderr == ""
    return Result(
        CliRunner(), ended.stdout.encode(), b"", ended.stdout.encode(),
        ended.returncode, ended.returncode, None,
    )  # fmt: skip


def spoken(result: Result) -> set[tuple[str, str]]:
    """The (rule, column or table) pairs of a JSON report."""
    findings = json.loads(result.output)["findings"]
    return {(f["rule"], ".".join(filter(None, (f["table"], f["column"])))) for f in findings}


def test_the_shop(migsafe: Command) -> None:
    """The shop's weaknesses are unindexed references and keys smaller than their parents'."""
    result = migsafe(SHOP, "lint", "shop.models:metadata", "-f", "json")
    assert result.return_value == 1
    assert spoken(result) == {
        ("MS802", "payments.invoice_id"),
        ("MS802", "reviews.product_id"),
        ("MS802", "reviews.user_id"),
        ("MS806", "returns.id"),
        ("MS806", "reviews.id"),
        ("MS831", "orders"),
    }
    lines = (SHOP / "shop/models/billing.py").read_text().splitlines()
    [invoice] = [f for f in json.loads(result.output)["findings"] if f["table"] == "payments"]
    assert invoice["file"] == "shop/models/billing.py"
    assert lines[invoice["line"] - 1].strip().startswith("invoice_id:")


def test_the_tutorial(migsafe: Command) -> None:
    """SQLModel as tutorials write it: link model, default names, times from Python."""
    result = migsafe(SETS, "lint", "tutorial:SQLModel", "-f", "json")
    assert spoken(result) == {
        ("MS802", "heroteamlink.hero_id"),
        ("MS803", ""),
        ("MS805", "hero.created_at"),
        ("MS810", "user"),
        ("MS825", "hero.created_at"),
    }


def test_inheritance_and_schemas(migsafe: Command) -> None:
    """Joined and single-table inheritance, mixins, dataclasses and two schemas are understood."""
    result = migsafe(SETS, "lint", "staff", "-f", "json")
    assert spoken(result) == {
        ("MS801", "skills"),
        ("MS802", "laptops.owner_id"),
        ("MS802", "people.agency_id"),
        ("MS802", "skills.person_id"),
        ("MS808", "people.daily_fee"),
    }
    places = {f["column"]: f["line"] for f in json.loads(result.output)["findings"] if f["file"]}
    lines = (SETS / "staff.py").read_text().splitlines()
    assert "def owner_id" in lines[places["owner_id"] - 1]
    assert "daily_fee" in lines[places["daily_fee"] - 1]


def test_link_models(migsafe: Command) -> None:
    """Link models, enums and documents of SQLModel; limits that no CHECK enforces are found."""
    assert spoken(migsafe(SETS, "lint", "links", "-f", "json")) == {
        ("MS825", "recipes.created_at"),
        ("MS826", "ingredients.grams"),
        ("MS826", "ingredients.place"),
        ("MS826", "recipes.title"),
        ("MS827", "recipes.photo"),
    }


def test_classes_mapped_by_hand(migsafe: Command) -> None:
    """Imperative mapping, mixins and concrete inheritance, with what the audit says of them."""
    found = spoken(migsafe(SETS, "lint", "library", "-f", "json", "--profile", "audit"))
    assert found == {
        ("MS817", "books.isbn"),
        ("MS823", "authors.deleted_at"),
        ("MS827", "books.isbn"),
        ("MS831", "authors"),
        ("MS833", "books.state"),
        ("MS835", "loans.owner_id"),
    }


def test_reflection_alone(
    db: str, server: Server, migsafe: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A MetaData that was read from a database is judged, drawn and proved like it."""
    with psycopg.connect(db) as connection:
        connection.execute("CREATE EXTENSION pg_trgm")
        connection.execute("CREATE EXTENSION citext")
        connection.execute(
            "CREATE TABLE readers (email citext PRIMARY KEY, name text CHECK (length(name) > 2))"
        )
        connection.execute("CREATE INDEX readers_name ON readers USING gin (name gin_trgm_ops)")
    command = [sys.executable, "-c", CREATE, "library", sqlalchemy_url(db)]
    subprocess.run(command, cwd=SETS, check=True)
    monkeypatch.setenv("DATABASE_URL", sqlalchemy_url(db))
    found = migsafe(SETS, "lint", "reflected", "-f", "json", "--profile", "audit")
    assert spoken(found) == spoken(
        migsafe(SETS, "lint", "--url", db, "-f", "json", "--profile", "audit")
    )
    assert entities(migsafe(SETS, "diagram", "reflected").output) == [
        *("authors", "books", "guests", "loans", "members", "readers")
    ]
    assert "# loans" in migsafe(SETS, "document", "reflected").output
    proved = migsafe(SETS, "verify", "reflected", "--server-url", server.url(), "-f", "json")
    proofs = json.loads(proved.output)["proofs"]
    assert {proof["verdict"] for proof in proofs} == {"proved"}
    assert {"readers_name", "readers_name_check"} <= {proof["subject"] for proof in proofs}


def test_composite_keys(migsafe: Command) -> None:
    """Composite keys, a circle that may be NULL and a partitioned table are no weakness."""
    result = migsafe(SETS, "lint", "tenants:metadata", "-f", "json")
    assert spoken(result) == {("MS810", "projects.order")}


def test_profiles(migsafe: Command) -> None:
    """Each profile says more than the one before; --select asks one rule of any profile."""
    found = [
        spoken(migsafe(SHOP, "lint", "shop.models", "-f", "json", "--profile", profile.value))
        for profile in Profile
    ]
    assert found[0] < found[1] < found[2]
    only = migsafe(SHOP, "lint", "shop.models", "-f", "json", "--select", "MS819")
    assert spoken(only) == {("MS819", "products.description"), ("MS819", "reviews.body")}
    less = migsafe(SHOP, "lint", "shop.models", "-f", "json", "--ignore", "MS806,MS802,MS831")
    assert not spoken(less)
    assert less.return_value == 0


def test_a_mixin_is_told_once(migsafe: Command, tmp_path: Path) -> None:
    """What many tables have from one mixin is one entry of the text, and counted for each."""
    model = """
        import datetime
        from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

        class Base(DeclarativeBase):
            pass

        class Timed:
            id: Mapped[str] = mapped_column(primary_key=True)
            seen: Mapped[datetime.datetime]

        animals = [
            type(name, (Timed, Base), {"__tablename__": name}) for name in ("cats", "dogs", "birds")
        ]
        """
    (tmp_path / "timed_animals.py").write_text(textwrap.dedent(model))
    lines = migsafe(tmp_path, "lint", "timed_animals").output.splitlines()
    assert lines == [
        "timed_animals.py:10: warning MS804 naive-timestamp",
        "  birds.seen is timestamp: it does not say which moment it means",
        "  likewise cats.seen and dogs.seen",
        "  instead: DateTime(timezone=True)",
        "",
        "3 warnings in 3 tables.",
    ]


def test_findings_are_accepted_by_comments(migsafe: Command, tmp_path: Path) -> None:
    """A comment with a reason at the column or the class accepts; one without does not."""
    model = """
        from sqlmodel import Field, MetaData, SQLModel
        from sqlalchemy.orm import registry

        class Model(SQLModel, registry=registry()):
            pass

        class Note(Model, table=True):  # migsafe: ignore[MS810] everybody knows
            __tablename__ = "Notes"
            id: int = Field(primary_key=True)
            # migsafe: ignore[MS808] an estimate
            price: float
            amount: float  # migsafe: ignore[MS808]
            readBy: str
        """
    (tmp_path / "accepted_notes.py").write_text(textwrap.dedent(model))
    result = migsafe(tmp_path, "lint", "accepted_notes:Model", "-f", "json")
    assert spoken(result) == {("MS808", "Notes.amount")}
    assert json.loads(result.output)["summary"]["ignored"] == 3


def test_settings_are_heard(migsafe: Command, tmp_path: Path) -> None:
    """[tool.migsafe] ignores rules and sets severities; words about other rules are passed over."""
    (tmp_path / "settled.py").write_text(
        "import sqlalchemy as sa\nmetadata = sa.MetaData()\n"
        "sa.Table('t', metadata, sa.Column('x', sa.JSON), sa.Column('price', sa.Float))\n"
    )
    (tmp_path / "pyproject.toml").write_text(
        '[tool.migsafe]\nignore = ["MS101", "textual-json"]\n'
        'severity = {MS801 = "info", MS808 = "error"}\n'
    )
    result = migsafe(tmp_path, "lint", "settled")
    assert result.return_value == 1
    assert "error MS808" in result.output
    assert "1 error in 1 table." in result.output


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((), "name the models"),
        (("nowhere:metadata",), "no module 'nowhere'"),
        (("empty:nothing",), "empty has no 'nothing'; it has metadata"),
        (("empty.py:metadata",), "does not name a module"),
        (("os:environ",), "no MetaData"),
        (("sqlmodel:SQLModel.metadata.tables",), "no MetaData"),
        (("broken",), "broken.py:2: broken does not import: ZeroDivisionError"),
        (("needy",), "needy imports 'not_installed_here'"),
        (("empty",), "has no tables"),
        (("double",), "double has 2 MetaData; name double:left or double:right"),
        (("round_a",), "round_b.py:2: round_a does not import: AttributeError: partially"),
        (("untyped",), "cannot create these models"),
        (("--url", "mysql://localhost/x"), "not a PostgreSQL URL"),
        (("--url", "postgresql://me:hidden@localhost:1/x"), "no connection to localhost:1/x"),
        (("empty", "--select", "MS89"), "no design rule 'MS89'"),
    ],
)
def test_bad_input(
    migsafe: Command, tmp_path: Path, arguments: tuple[str, ...], words: str
) -> None:
    """What cannot be read is one sentence without a traceback or a password."""
    (tmp_path / "broken.py").write_text("x = 1\ny = x / 0\n")
    (tmp_path / "needy.py").write_text("import not_installed_here\n")
    (tmp_path / "empty.py").write_text("from sqlalchemy import MetaData\nm = metadata = MetaData()")
    (tmp_path / "double.py").write_text(
        "import sqlalchemy as sa\nleft, right = sa.MetaData(), sa.MetaData()\n"
        "sa.Table('a', left)\nsa.Table('b', right)\n"
    )
    (tmp_path / "round_a.py").write_text("import round_b\nx = round_b.y\n")
    (tmp_path / "round_b.py").write_text("import round_a\ny = round_a.x\n")
    (tmp_path / "untyped.py").write_text(
        "import sqlalchemy as sa\nmetadata = sa.MetaData()\n"
        "sa.Table('t', metadata, sa.Column('x'))\n"
    )
    result = migsafe(tmp_path, "lint", *arguments)
    assert isinstance(result.exception, MigsafeError)
    assert words in str(result.exception)
    assert "hidden" not in str(result.exception)
    assert "\n" not in str(result.exception)


def test_exit_code_of_bad_input(tmp_path: Path) -> None:
    """What could not run ends with 2."""
    command = [sys.executable, "-m", "migsafe", "models", "lint", "nowhere:metadata"]
    ended = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert ended.returncode == 2
    assert ended.stdout == ""
    assert ended.stderr.startswith("migsafe: there is no module 'nowhere'")


# -- models and databases ------------------------------------------------------------------------

STYLES = [
    (SHOP, "shop.models"),
    *((SETS, target) for target in ("library", "links", "staff", "tenants", "tutorial:SQLModel")),
]
# Rules that look at classes and names of models, of which a database knows nothing.
OF_MODELS = {"MS803", "MS825", "MS826", "MS827", "MS828", "MS829", "MS830", "MS831", "MS832"}
CREATE = """
import sys
import sqlalchemy as sa
from migsafe.models import load_metadata
metadata = load_metadata(sys.argv[1])
with sa.create_engine(sys.argv[2]).begin() as connection:
    for schema in sorted({t.schema for t in metadata.tables.values() if t.schema}):
        connection.execute(sa.schema.CreateSchema(schema, if_not_exists=True))
    metadata.create_all(connection)
"""


JUDGED = [style for style in STYLES if style[1] not in ("library", "links")]


@pytest.mark.parametrize(("folder", "target"), JUDGED, ids=[target for _, target in JUDGED])
def test_a_database_is_judged_as_its_models(
    folder: Path, target: str, db: str, migsafe: Command
) -> None:
    """What create_all makes of the models is judged, drawn and documented as the models are."""
    wanted = migsafe(folder, "lint", target, "-f", "json", "--profile", "strict")
    drawn = migsafe(folder, "diagram", target)
    command = [sys.executable, "-c", CREATE, target, sqlalchemy_url(db)]
    subprocess.run(command, cwd=folder, check=True)
    found = migsafe(folder, "lint", "--url", db, "-f", "json", "--profile", "strict")
    assert spoken(found) == {pair for pair in spoken(wanted) if pair[0] not in OF_MODELS}
    assert migsafe(folder, "diagram", "--url", db).output == drawn.output
    both = migsafe(folder, "lint", target, "--url", db, "-f", "json", "--profile", "strict")
    assert both.output == wanted.output
    pages = migsafe(folder, "document", "--url", db).output
    assert headings(pages) == headings(migsafe(folder, "document", target).output)


def headings(pages: str) -> list[str]:
    """Headings and the first cell of every row."""
    rows = (line.split(" | ")[0] for line in pages.splitlines())
    return [row for row in rows if row.startswith(("#", "| "))]


# -- diagram and document ------------------------------------------------------------------------

_ATTRIBUTE = re.compile(
    r' {8}[A-Za-z_][\w\[\]()-]* [A-Za-z_]\w*( (PK|FK|UK)(, (PK|FK|UK))*)?( "[^"]*")?\Z', re.ASCII
)
_ENTITY = r'(?:[A-Za-z_]\w*|"[^"]+")'
_BLOCK = re.compile(rf" {{4}}({_ENTITY}) \{{\Z")
_LINE = re.compile(
    rf' {{4}}({_ENTITY}) (?:\|\||\|o)(?:--|\.\.)(?:o\||o\{{) ({_ENTITY}) : "[^"]*"\Z'
)


def entities(diagram: str) -> list[str]:
    """The entities of a diagram all of whose lines are Mermaid; relations are between entities."""
    head, *lines = diagram.splitlines()
    assert head == "erDiagram"
    found, related, inside = [], set(), False
    for line in lines:
        if inside:
            inside = line != "    }"
            assert not inside or _ATTRIBUTE.match(line), line
        elif block := _BLOCK.match(line):
            found.append(block[1])
            inside = True
        elif not line.startswith("    %% "):
            relation = _LINE.match(line)
            assert relation, line
            related |= {relation[1], relation[2]}
    assert not inside
    assert related <= set(found)
    return found


@pytest.mark.parametrize(("folder", "target"), STYLES, ids=[target for _, target in STYLES])
def test_diagrams_are_mermaid(folder: Path, target: str, migsafe: Command) -> None:
    """Each table is an entity, each line is of Mermaid's grammar."""
    diagram = migsafe(folder, "diagram", target).output
    tables = json.loads(migsafe(folder, "lint", target, "-f", "json").output)["tables"]
    assert len(entities(diagram)) == tables


@pytest.mark.parametrize(("folder", "target"), STYLES, ids=[target for _, target in STYLES])
def test_pages_and_pictures_of_each_style(
    folder: Path, target: str, migsafe: Command, tmp_path: Path
) -> None:
    """Each table is in the picture and has a page, and both are the same in every process."""
    file = tmp_path / "drawn.html"
    migsafe(folder, "diagram", target, "-o", str(file))
    names = set(re.findall(r'data-name="([^"]*)"', file.read_text(encoding="utf-8")))
    assert names
    pages = tmp_path / "pages"
    migsafe(folder, "document", target, "-o", str(pages))
    assert len(list((pages / "tables").glob("*.md"))) == len(names)
    # Another process has another order of sets; the text may not have.
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONHASHSEED", "7")
        assert apart(folder, "document", target, "-o", str(pages), "--check").output == ""


def test_cardinalities() -> None:
    """Optional, mandatory, one-to-one and identifying relationships look different."""
    design = example_design(
        """
        class Order(Base):
            __tablename__ = "orders"

            id: Mapped[int] = mapped_column(ForeignKey("users.id"), primary_key=True)
            buyer: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
            seller: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
            referrer: Mapped[int] = mapped_column(ForeignKey("users.id"), unique=True)
        """
    )
    lines = set(mermaid(drawing(design)).splitlines()[-4:])
    assert lines == {
        '    users ||--o| orders : "id"',
        '    users ||..o{ orders : "buyer (on delete cascade)"',
        '    users |o..o{ orders : "seller"',
        '    users ||..o| orders : "referrer"',
    }


def test_odd_names_are_mermaid() -> None:
    """Names that Mermaid has no words for are written otherwise, and told in a comment."""
    names = ["title", "One", "My Table", "Größe", "a.b", 'quo"te', "1st", "to", "class"]
    metadata = sqlalchemy.MetaData()
    for name in names:
        columns = ["first name", "1x", "größe", "PK", 'q"u', "ref"]
        sqlalchemy.Table(
            name, metadata, *(sqlalchemy.Column(c, sqlalchemy.Interval) for c in columns)
        )
    diagram = mermaid(drawing(Design(wanted_catalog(metadata), metadata)))
    assert len(entities(diagram)) == len(names)
    assert 'interval PK_ "PK"' in diagram


def test_pages_are_written_checked_and_removed(migsafe: Command, tmp_path: Path) -> None:
    """--check is silent after writing, and names each page that is old, missing or too many."""
    write = ("document", "shop.models", "-o", str(tmp_path))
    assert migsafe(SHOP, *write).return_value == 0
    assert migsafe(SHOP, *write, "--check").output == ""
    pages = {path: path.read_text() for path in tmp_path.rglob("*.md")}
    assert len(pages) == 13
    (tmp_path / "tables/users.md").write_text(pages[tmp_path / "tables/users.md"] + "\n")
    (tmp_path / "tables/orders.md").unlink()
    (tmp_path / "tables/gone.md").write_text(pages[tmp_path / "README.md"])
    (tmp_path / "tables/own.md").write_text("# Written by hand\n")
    checked = migsafe(SHOP, *write, "--check")
    assert checked.return_value == 1
    assert sorted(line.removeprefix(f"{tmp_path}/") for line in checked.output.splitlines()) == [
        "tables/gone.md is of no table",
        "tables/orders.md is missing",
        "tables/users.md is out of date",
    ]
    migsafe(SHOP, *write)
    (tmp_path / "tables/own.md").unlink()
    assert {path: path.read_text() for path in tmp_path.rglob("*.md")} == pages


def test_pages_say_what_indexes_serve(migsafe: Command, tmp_path: Path) -> None:
    """Constraints, foreign keys, searches, covered and partial look-ups are told apart."""
    migsafe(SHOP, "document", "shop.models", "-o", str(tmp_path))
    text = "".join(path.read_text() for path in sorted(tmp_path.rglob("*.md")))
    rows = [line.strip("| ").split(" | ") for line in text.splitlines()]
    serves = {row[0].strip("`"): row[2] for row in rows if len(row) == 3}
    assert serves["pk_orders"] == "the primary key"
    assert serves["uq_products_sku"] == "keeps sku unique; look-ups by sku"
    assert serves["uq_users_email_active"].startswith("keeps email unique where deleted_at IS NULL")
    assert serves["ix_order_lines_product_id"].startswith("foreign key product_id → products")
    assert serves["ix_orders_user_id_placed_at"].endswith(
        "answers with number, total without reading the table"
    )
    assert serves["ix_invoices_unpaid"] == "look-ups by due_on; only for rows where paid_at IS NULL"
    assert serves["ix_products_labels"] == "elements of labels"
    assert "LIKE" in serves["ix_products_name_trgm"]
    assert "`'draft'`, `'issued'`, `'paid'`, `'void'`" in text


def test_design_rules_are_listed_and_explained() -> None:
    """`migsafe rules` and `migsafe explain` know the design rules."""
    runner = CliRunner()
    listed = runner.invoke(cli, ["rules"]).output
    for rule in RULES:
        assert f"{rule.code}  {rule.rule_name()} " in listed
        explained = runner.invoke(cli, ["explain", rule.code]).output
        assert rule.documentation() in explained
        assert f"profile {rule.profile.value}" in explained


def test_the_checker_takes_design_rules_in_settings() -> None:
    """A project that ignores a design rule can still check its migrations."""
    settings = Settings(ignore=("MS806", "MS101"), severity={"MS801": "info"})
    rules = load_rules()
    assert {rule.code for rule in rules} - {"MS101"} == {r.code for r in chosen(rules, settings)}
    with pytest.raises(ConfigError):
        chosen(rules, Settings(ignore=("MS999",)))


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("((a > 0))", "a > 0"),
        ("(a) OR (b)", "(a) OR (b)"),
        ("(a = '(') OR (b = ')')", "(a = '(') OR (b = ')')"),
        (None, ""),
    ],
)
def test_outer_parentheses(expression: str | None, expected: str) -> None:
    """Only parentheses around all of an expression are left out."""
    assert bare(expression) == expected
