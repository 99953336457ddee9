"""`migsafe models new` and `mixins`: what they write works, and nothing is overwritten."""

from __future__ import annotations

import ast
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st
from pydantic import BaseModel

from migsafe.errors import ConfigError
from migsafe.models.scaffold import Request, parse_fields
from migsafe.models.scaffold.source import quoted
from migsafe.models.scaffold.wording import name_problem, plural, snake
from migsafe.server import Server

# Each example takes many processes: they are looked for when asked, and never shrunk.
EXAMPLES = int(os.environ.get("MIGSAFE_EXAMPLES", "0"))
PHASES = [Phase.explicit, Phase.generate] if EXAMPLES else [Phase.explicit]
SHOP = Path(__file__).parent.parent / "examples" / "shop"
TASK = (
    "title:str(200), status:enum(pending,done)=pending, tags:list[str]:gin, due:datetime?, "
    "owner:ref(users):cascade, meta:jsonb, price:numeric(10,2)>=0"
)


def run(folder: Path, server: Server, *command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", *command], cwd=folder, capture_output=True, text=True,
        env={**os.environ, "MIGSAFE_SERVER_URL": server.url()},
    )  # fmt: skip


def succeeds(folder: Path, server: Server, *command: str) -> str:
    ended = run(folder, server, *command)
    assert ended.returncode == 0, f"{command}\n{ended.stdout}\n{ended.stderr}"
    return ended.stdout


# -- the grammar ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "column", "words"),
    [
        ("", 1, "expected the name of a field"),
        ("title", 6, "expected ':' and a type"),
        ("title:strr(200)", 7, "no type 'strr'; did you mean str?"),
        ("title:str(0)", 11, "a length is from 1"),
        ("title:str(20", 13, "expected ')' after the length"),
        ("a:int, a:text", 8, "there is a field 'a' already"),
        ("owner:ref(users), owner_id:int", 19, "there is a field 'owner_id' already"),
        ("a:int,", 7, "expected the name of a field"),
        ("a:int b:int", 7, "expected a comma, or one of"),
        ("Title:text", 1, "not a name in lower case"),
        ("class:text", 1, "a word of Python"),
        ("json:text", 1, "has a meaning in mapped or Pydantic classes"),
        ("id:int", 1, "has a meaning"),
        ("user:int", 1, "'user' is a reserved word of SQL"),
        ("xmin:int", 1, "every table of PostgreSQL has a column 'xmin'"),
        ("a:float=1e400", 1, "expected a number"),
        ("a:numeric(2,3)", 11, "not fewer than those behind the point"),
        ("a:enum(x,x)", 10, "the label 'x' is there already"),
        ("a:list[ref(users)]", 8, "a list cannot hold ref"),
        ("a:list[str", 11, "expected ']'"),
        ("a:text:gin", 8, "gin is for list and jsonb"),
        ("a:jsonb:index", 9, "say gin"),
        ("a:text:uniqe", 8, "did you mean unique?"),
        ("a:text:cascade", 8, "this is none"),
        ("a:ref(users):setnull", 21, "needs a column that may be NULL"),
        ("a:int>=1>2", 9, "there is a bound with > already"),
        ("a:int>=5<3", 1, "no value is within these bounds"),
        ("a:int>=0.5", 1, "a whole number"),
        ("a:date>=1", 1, "date has no bounds"),
        ("a:int=x", 1, "'x' is no default for int"),
        ("a:smallint=40000", 1, "a whole number from -32768"),
        ("a:int>=5=3", 1, "the default '3' is out of bounds"),
        ("a:enum(x,y)=z", 1, "expected one of x, y"),
        ("a:str(2)=abc", 1, "at most 2 characters"),
        ("a:bool=1", 1, "expected one of true, false"),
        ("a:datetime='2026-01-01'", 1, "with its zone"),
        ("a:numeric(3,1)>=100", 1, "does not fit the digits"),
    ],
)
def test_errors_point_at_their_place(text: str, column: int, words: str) -> None:
    """The message tells the column, and has a mark below it in the text."""
    with pytest.raises(ConfigError) as error:
        parse_fields(text)
    first, shown, mark = str(error.value).splitlines()
    assert first.startswith(f"--fields, column {column}: ")
    assert words in first
    assert shown == f"  {text}"
    assert mark.index("^") == column + 1


def test_names_that_pydantic_has_are_refused() -> None:
    """Every public attribute of Pydantic's models would be hidden by a field of its name."""
    names = [name for name in dir(BaseModel) if not name.startswith("_")]
    assert len(names) > 20
    assert [name for name in names if name_problem(name, 60) is None] == []


def test_a_reference_may_have_a_reserved_name() -> None:
    """The column of `user:ref(users)` is user_id, which is no word of SQL."""
    assert [field.column for field in parse_fields("user:ref(users), order:ref(orders)")] == [
        "user_id",
        "order_id",
    ]


@given(text=st.text(alphabet="ab'\"\\\n%é", max_size=8))
def test_texts_are_quoted_as_formatters_do(text: str) -> None:
    """Double quotes, unless they would take more backslashes."""
    code = quoted(text)
    assert ast.literal_eval(code) == text
    assert code.startswith("'") is (text.count('"') > text.count("'"))


def test_names() -> None:
    """Tables are the plurals of classes."""
    names = {"OrderLine": "order_lines", "Category": "categories", "Box": "boxes", "Day": "days"}
    assert {name: plural(snake(name)) for name in names} == names
    assert snake("HTTPServer") == "http_server"


@pytest.mark.parametrize(
    ("request_of", "words"),
    [
        (lambda: Request("Task", "limit:int"), "'limit' is a reserved word of SQL"),
        (lambda: Request("Task", "self:int"), "'self' has a meaning"),
        (lambda: Request("task", "a:int"), "not the name of a class"),
        (lambda: Request("Task", "a:int", ("uid",)), "no mixin 'uid'"),
        (lambda: Request("Task", "a:int", table="My Tasks"), "not the name of a table"),
        (lambda: Request("Task", "a:int", table="order"), "'order' is a reserved word of SQL"),
        (lambda: Request("Task", "a:int", revision="../x"), "'../x' is not the id of a revision"),
        (lambda: Request("Task", "created_at:int", ("timestamps",)), "'created_at' already"),
    ],
)
def test_requests_are_checked(request_of: object, words: str) -> None:
    """Names, mixins and fields are looked at before a server is started."""
    with pytest.raises(ConfigError, match=words):
        request_of()  # type: ignore[operator]


# -- projects ------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def projects(tmp_path_factory: pytest.TempPathFactory, server: Server) -> Callable[[str], Path]:
    """Copies of new projects of a style: `init`, `models mixins`, and a first model."""
    kept: dict[str, Path] = {}

    def copy(style: str) -> Path:
        if style not in kept:
            kept[style] = new_project(tmp_path_factory.mktemp(style), server, style)
        folder = tmp_path_factory.mktemp("copy") / "project"
        shutil.copytree(kept[style], folder)
        return folder

    return copy


@pytest.fixture(scope="module")
def mypy_cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What mypy knows of the libraries, for all projects and all processes of pytest-xdist."""
    base = tmp_path_factory.getbasetemp()
    return (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "mypy"


def new_project(folder: Path, server: Server, style: str) -> Path:
    succeeds(folder, server, "migsafe", "init", "migrations")
    package = ("--package", "app.models", "--session", "async")
    made = succeeds(folder, server, "migsafe", "models", "mixins", *package, "--style", style)
    assert made.splitlines()[-1] == "+ app/models/session.py"
    env = folder / "migrations" / "env.py"
    base = "import app.models\ntarget_metadata = app.models.Base.metadata"
    own = "target_metadata = MetaData(naming_convention=NAMING_CONVENTION)"
    env.write_text(env.read_text().replace(own, base))
    fields = ("--fields", "email:str(320):unique, name:str(100)>=1")
    succeeds(folder, server, "migsafe", "models", "new", "User", *fields, "--mixins", "timestamps")
    return folder


COMMANDS = """
import sys
from migsafe.cli import main
for command in (["lint", "app.models"], ["verify", "app.models", "--schemas", "app.schemas"]):
    try:
        main(["models", *command])
    except SystemExit as ended:
        if ended.code:
            raise
main(["check"])
"""


def proved(folder: Path, server: Server, mypy_cache: Path) -> None:
    """What is written type-checks, is formatted, lints clean, verifies, and its tests pass."""
    cache = ("--cache-dir", str(mypy_cache))
    succeeds(folder, server, "mypy", "--strict", *cache, "app", "tests")
    succeeds(folder, server, "ruff", "format", "--isolated", "--check", "app", "tests")
    succeeds(folder, server, "ruff", "check", "--isolated", "--select", "F,E,I", "app", "tests")
    (folder / "commands.py").write_text(COMMANDS)
    succeeds(folder, server, "commands")
    succeeds(folder, server, "pytest", "-q", "-p", "no:cacheprovider", "tests")


def test_a_model_from_a_line_of_text(
    projects: Callable[[str], Path], mypy_cache: Path, server: Server
) -> None:
    """The dry run shows all that is then written; files that are there stop it."""
    project = projects("sqlalchemy")
    wish = ("migsafe", "models", "new", "Task", "--mixins", "uuid,soft-delete", "--fields", TASK)
    before = sorted(project.rglob("*.py"))
    shown = succeeds(project, server, *wish, "--session", "async", "--dry-run", "--rev-id", "abc")
    assert sorted(project.rglob("*.py")) == before
    made = succeeds(project, server, *wish, "--session", "async", "--rev-id", "abc")
    new = set(project.rglob("*.py")) - set(before)
    files = {str(path.relative_to(project)): path.read_text() for path in new}
    assert {line[2:] for line in made.splitlines() if line.startswith("+ ")} == set(files)
    for name, text in files.items():
        assert f"+ {name}\n" in shown
        body = "".join(f"    {line}\n" if line else "\n" for line in text.splitlines())
        if "Create Date" not in text:
            assert body in shown
    assert set(files) == {
        "app/models/task.py",
        "app/schemas/task.py",
        "app/repositories/task.py",
        "tests/test_task.py",
        "migrations/versions/abc_add_tasks.py",
    }
    assert (project / "app/models/__init__.py").read_text().splitlines() == [
        "from app.models.base import Base as Base",
        "from app.models.task import Task as Task",
        "from app.models.user import User as User",
    ]
    refused = run(project, server, *wish)
    assert refused.returncode == 2
    assert "there is a table tasks already" in refused.stderr
    proved(project, server, mypy_cache)


def test_a_project_of_both_styles(tmp_path: Path, server: Server) -> None:
    """In the shop the revision is numbered like the others, and has the new table alone."""
    copy = tmp_path / "shop"
    shutil.copytree(SHOP, copy)
    told = succeeds(copy, server, "migsafe", "models", "new", "Task", "--fields", TASK)
    assert "The models also differ from the migrations elsewhere" in told
    migration = (copy / "migrations/versions/0014_add_tasks.py").read_text()
    assert migration.count("op.create_table(") == 1
    assert "is_featured" not in migration
    assert "owner: Mapped[User] = relationship(" in (copy / "shop/models/task.py").read_text()
    refused = run(copy, server, "migsafe", "models", "new", "Job", "--fields", "a:int, b:ref(uses)")
    assert refused.returncode == 2
    assert refused.stderr.startswith("migsafe: --fields, column 8: there is no table 'uses'")


def test_what_is_there_is_neither_hidden_nor_presumed(
    projects: Callable[[str], Path], server: Server
) -> None:
    """Classes, attributes of the base, imports of the files, and tables without a migration."""
    project = projects("sqlalchemy")
    with (project / "app" / "models" / "base.py").open("a") as file:
        file.write("\n    def shown(self) -> str:\n        return repr(self)\n")
    (project / "app" / "models" / "old.py").write_text(
        "from sqlalchemy.orm import Mapped, mapped_column\n\nfrom app.models.base import Base\n\n\n"
        "class Tag(Base):\n"
        '    __tablename__ = "old_tags"\n\n    id: Mapped[int] = mapped_column(primary_key=True)\n'
    )
    with (project / "app" / "models" / "__init__.py").open("a") as file:
        file.write("from app.models.old import Tag as OldTag  # noqa: F401\n")
    before = sorted(project.rglob("*.py"))
    for name, fields, words in (
        ("Tag", "a:int", "there is a class Tag already, in app.models.old"),
        ("Note", "a:int, shown:bool", "--fields, column 8: Base has 'shown' already"),
        ("Note", "tag:ref(old_tags)", "no migration makes the table old_tags"),
        ("Note", "read:enum(yes,no)", "two things would be called NoteRead"),
    ):
        refused = run(project, server, "migsafe", "models", "new", name, "--fields", fields)
        assert refused.returncode == 2, refused.stdout
        assert refused.stderr.startswith(f"migsafe: {words}"), refused.stderr
    assert sorted(project.rglob("*.py")) == before


def test_models_in_one_module(tmp_path: Path, server: Server) -> None:
    """Beside a models.py the model gets a module of its own, which env.py imports."""
    succeeds(tmp_path, server, "migsafe", "init", "migrations")
    (tmp_path / "models.py").write_text(
        "from sqlalchemy.orm import DeclarativeBase\n\n\nclass Base(DeclarativeBase):\n    pass\n"
    )
    env = tmp_path / "migrations" / "env.py"
    own = "target_metadata = MetaData(naming_convention=NAMING_CONVENTION)"
    text = env.read_text().replace(own, "target_metadata = Base.metadata")
    env.write_text(
        text.replace(
            "from alembic import context\n",
            "from alembic import context\nfrom models import Base\n",
        )
    )
    succeeds(tmp_path, server, "migsafe", "models", "new", "Note", "--fields", "body:text>=1")
    assert "import note_model  # noqa: F401\n" in env.read_text()
    model = (tmp_path / "note_model.py").read_text()
    # Without a naming convention every name is written out.
    assert 'name="ck_notes_body_range"' in model
    succeeds(tmp_path, server, "pytest", "-q", "-p", "no:cacheprovider", "tests")


# -- any fields ----------------------------------------------------------------------------------

NAMES = st.sampled_from(
    "alpha beta gamma delta on_hold due_on size2 amount label nation weight score".split()
)


@st.composite
def types(draw: st.DrawFn) -> str:
    """A type with suffixes that go with it."""
    bounds = st.sampled_from(["", ">=0", ">0<100", "<=50", ">=-5<=5"])
    kinds = {
        "str(40)": ["", ":unique", ":index", ">=2", "='a \"b'''", ">=1<=9=abc"],
        "text": ["", ":index", "<=80", "=x"],
        "int": [draw(bounds), "=7", ":unique", ":index"],
        "bigint": [draw(bounds), ":unique"],
        "smallint": [draw(bounds), ">=1<=5=3"],
        "float": [draw(bounds), "=1.5"],
        "numeric(8,2)": [draw(bounds), ">=0.01", "=2.50", ">0=1"],
        "bool": ["", "=true", "=false"],
        "date": ["", "=now", "='2026-01-31'", ":index"],
        "datetime": ["", "=now", ":index", "='2026-01-31T10:00:00+00:00'"],
        "time": ["", "='10:30'"],
        "interval": [""],
        "uuid": ["", "=random", ":unique"],
        "bytes": [""],
        "jsonb": ["", ":gin", "={}", "=[]"],
        "enum(pending,'on hold',2nd)": ["", "=pending", ":index", "='on hold'"],
        "list[str]": ["", ":gin", "=[]", ">=1"],
        "list[int]": [":gin", "<=3"],
        "list[numeric(6,3)]": ["", "=[]"],
        "list[enum(a,b)]": ["", ":gin"],
        "list[str(9)]": ["", ":gin"],
        "ref(users)": ["", ":cascade", ":unique", ":restrict"],
        "ref(users)?": [":setnull"],
        "ref(widgets)?": ["", ":setnull", ":cascade"],
    }
    kind = draw(st.sampled_from(sorted(kinds)))
    suffix = draw(st.sampled_from(kinds[kind]))
    mark = draw(st.sampled_from(["", "?"])) if not kind.endswith("?") else ""
    return f"{kind}{mark}{suffix}"


WISHES = st.tuples(
    st.lists(st.tuples(NAMES, types()), min_size=4, max_size=9, unique_by=lambda one: one[0]),
    st.sets(st.sampled_from(["uuid", "timestamps", "soft-delete"])),
    st.sampled_from(["sync", "async"]),
)


EVERY_TYPE = (
    [
        ("alpha", "str(40)>=2"),
        ("beta", "text?<=80"),
        ("gamma", "int>=-5<=5=3"),
        ("delta", "bigint:unique"),
        ("size2", "smallint>0<100"),
        ("weight", "float=1.5"),
        ("amount", "numeric(8,2)>=0.01"),
        ("flag", "bool=false"),
        ("due_on", "date=now"),
        ("happened", "datetime:index=now"),
        ("opens", "time='10:30'"),
        ("lasts", "interval?"),
        ("token", "uuid:unique=random"),
        ("picture", "bytes?"),
        ("settings", "jsonb:gin={}"),
        ("state", "enum(pending,'on hold',2nd,'it''s','a,b',A,a,none,'<b>|%s')='a,b'"),
        ("query", "str(40):unique>=2='it''s \"q\" %s ${x} :y'"),
        ("labels", "list[enum(a,b)]:gin=[]"),
        ("sizes", "list[numeric(6,3)]?<=3"),
        ("owner", "ref(users):cascade"),
        ("buyer", "ref(users)?:unique"),
        ("parent", "ref(widgets)?:setnull"),
    ],
    {"timestamps", "soft-delete"},
    "sync",
)


@settings(
    max_examples=EXAMPLES or 1,
    deadline=None,
    phases=PHASES,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@example(wish=EVERY_TYPE, style="sqlmodel")
@given(wish=WISHES, style=st.sampled_from(["sqlalchemy", "sqlmodel"]))
def test_any_fields_make_a_model(
    projects: Callable[[str], Path],
    mypy_cache: Path,
    server: Server,
    wish: tuple[list[tuple[str, str]], set[str], str],
    style: str,
) -> None:
    """What is written imports, type-checks, migrates there and back, lints clean and verifies."""
    fields, mixins, session = wish
    project = projects(style)
    text = ", ".join(f"{name}:{kind}" for name, kind in fields)
    new = ("migsafe", "models", "new", "Widget", "--mixins", ",".join(sorted(mixins)))
    succeeds(project, server, *new, "--session", session, "--fields", text)
    proved(project, server, mypy_cache)
