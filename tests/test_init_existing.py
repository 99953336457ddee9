"""`migsafe init --existing`: an env.py gets the plugin, or is left exactly as it is."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import alembic
import pytest
from click.testing import CliRunner
from sqlalchemy import create_engine, text
from test_init import run

from migsafe.autogen.enabling import enabled
from migsafe.capture import find_history
from migsafe.cli import cli
from migsafe.config import load_settings
from migsafe.errors import ConfigError
from migsafe.server import sqlalchemy_url

TEMPLATES = Path(alembic.__file__).parent / "templates"
HEAD = "from alembic import context\n"
STYLES = {
    "a line": "context.configure(connection=c, target_metadata=m)\n",
    "an item a line": (
        "context.configure(\n    connection=c,  # ours\n"
        "    # all of them\n    target_metadata=m,\n)\n"
    ),
    "aligned": (
        "context.configure(connection=c, target_metadata=m,\n"
        "                  include_object=f, render_item=g)\n"
    ),
    "positional": "context.configure(c)\n",
    "nothing": "context.configure()\n",
    "a dict of the file": 'OPTIONS = {"target_metadata": m}\ncontext.configure(c, **OPTIONS)\n',
    "a dict call": "options = dict(target_metadata=m)\ncontext.configure(c, **options)\n",
    "an empty dict": "options = {}\ncontext.configure(connection=c, **options)\n",
    "options from elsewhere": (
        "context.configure(\n    connection=c,\n    **current_app.extensions['migrate'].args\n)\n"
    ),
    "plugins already": (
        'context.configure(connection=c, autogenerate_plugins=["alembic.autogenerate.*"])\n'
    ),
    "plugins in a name": (
        'PLUGINS = [\n    "alembic.autogenerate.*",\n    "ours.*",\n]\n'
        "context.configure(connection=c, autogenerate_plugins=PLUGINS)\n"
    ),
    "another name": "from alembic import context as ctx\nctx.configure(connection=c)\n",
    "alembic itself": "import alembic\nalembic.context.configure(connection=c)\n",
    "inside of a function": (
        "def go(connection):\n    from alembic import context\n\n"
        "    context.configure(connection=connection, transaction_per_migration=False)\n"
    ),
    "line ends of Windows": "context.configure(\r\n    connection=c,\r\n    x=1,\r\n)\r\n",
    "tabs": "if True:\n\tcontext.configure(connection=c, target_metadata=m, include_object=f)\n",
    "in brackets": 'context.configure(\n    c, include_name=("it",), x=(\n        1), y={**a}\n)\n',
    "a tuple over lines": "context.configure(c, include_name=(\n    f\n),)\n",
}


def options_of(source: str) -> Iterator[dict[str, ast.expr]]:
    """Yield what each call of configure is given, with the dicts that are unpacked."""
    tree = ast.parse(source)
    dicts: dict[str, dict[str, ast.expr]] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            found = node.value
            if isinstance(found, ast.Dict):
                keys = [key.value for key in found.keys if isinstance(key, ast.Constant)]
                dicts[node.targets[0].id] = dict(zip(map(str, keys), found.values, strict=True))
            elif isinstance(found, ast.Call):
                dicts[node.targets[0].id] = {str(k.arg): k.value for k in found.keywords}
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "configure":
            given: dict[str, ast.expr] = {}
            for keyword in node.keywords:
                if keyword.arg is not None:
                    given[keyword.arg] = keyword.value
                elif isinstance(keyword.value, ast.Name):
                    given |= dicts[keyword.value.id]
            yield given


def templates() -> list[Path]:
    """The env.py of all of Alembic's own templates."""
    return sorted(TEMPLATES.glob("*/env.py"))


@pytest.mark.parametrize("style", [*STYLES, *(path.parent.name for path in templates())])
def test_every_style_gets_the_plugin_once(style: str) -> None:
    """Each call gets it, the layout and the comments stay, and a second time changes nothing."""
    path = TEMPLATES / style / "env.py"
    source = HEAD + STYLES[style] if style in STYLES else path.read_text()
    if "\r" in source:
        source = source.replace(HEAD, HEAD.replace("\n", "\r\n"))
    found = enabled(source, Path("env.py")).text
    calls = list(options_of(found))
    assert calls
    for given in calls:
        if isinstance(given["autogenerate_plugins"], ast.List):
            assert "migsafe.*" in ast.literal_eval(given["autogenerate_plugins"])
        else:
            assert '"ours.*",\n    "migsafe.*",\n]' in found
    assert found.count("#") == source.count("#")
    assert found.count("\r\n") == (found.count("\n") if "\r" in source else 0)
    assert enabled(found, Path("env.py")).text == found


def test_options_that_may_come_from_elsewhere_are_not_given_twice() -> None:
    """A keyword that is in an unpacked dict as well would stop env.py with a TypeError."""
    found = enabled(HEAD + STYLES["options from elsewhere"], Path("env.py")).text
    assert found.count("migsafe.*") == 1
    assert "transaction_per_migration" not in found


def test_comments_stay_with_what_they_are_about() -> None:
    """New lines come before the last one."""
    found = enabled(HEAD + STYLES["an item a line"], Path("env.py")).text
    assert "    connection=c,  # ours\n" in found
    assert found.endswith("    target_metadata=m,\n)\n")


REFUSED = {
    "from env import helpers\n": "no call of context.configure",
    "context = thing()\ncontext.configure(x=1)\n": "no call of context.configure",
    HEAD + "run(context.configure)\n": "without being called",
    HEAD + "def (\n": "it is not understood",
    HEAD + "context.configure(c, autogenerate_plugins=plugins())\n": "no list that can be read",
    HEAD + "o = f()\no['autogenerate_plugins'] = []\ncontext.configure(c, **o)\n": "elsewhere",
}


@pytest.mark.parametrize("source", REFUSED)
def test_what_is_not_understood_is_refused(source: str) -> None:
    """The message has the reason, and what to do by hand."""
    with pytest.raises(ConfigError, match=REFUSED[source]):
        enabled(source, Path("env.py"))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with migrations, in a project of its own: pyproject.toml is written beside it."""
    made = tmp_path / "migrations"
    (made / "versions").mkdir(parents=True)
    return made


def test_a_refusal_writes_nothing(folder: Path) -> None:
    """One message with the file, exit code 2, and no file is changed or made."""
    source = HEAD + "run(context.configure)\n"
    (folder / "env.py").write_text(source)
    ended = run(folder, "migsafe", "init", "--existing", ".", "--yes")
    assert ended.returncode == 2
    assert "env.py:2: context.configure is used without being called" in ended.stderr
    assert (folder / "env.py").read_text() == source
    assert not (folder.parent / "pyproject.toml").exists()


def test_a_project_is_shown_asked_for_and_enabled(tmp_path: Path, db: str) -> None:
    """The diff first; then --yes; then autogenerate sees what Alembic alone does not."""
    assert run(tmp_path, "alembic", "init", "migrations").returncode == 0
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "shop"\n')
    env = tmp_path / "migrations" / "env.py"
    source = env.read_text().replace(
        "target_metadata = None",
        "import sqlalchemy as sa\ntarget_metadata = sa.MetaData()\n"
        'sa.Table("t", target_metadata, sa.Column("n", sa.Integer), '
        'sa.CheckConstraint("n > 0", name="ck"))',
    )
    env.write_text(source)
    shown = run(tmp_path, "migsafe", "init", "--existing")
    assert shown.returncode == 1, shown.stderr
    assert '+        autogenerate_plugins=["alembic.autogenerate.*", "migsafe.*"],' in shown.stdout
    assert "+[tool.migsafe]" in shown.stdout
    assert env.read_text() == source
    done = run(tmp_path, "migsafe", "init", "--existing", "--yes")
    assert done.returncode == 0, done.stderr
    assert load_settings(tmp_path).path == tmp_path / "pyproject.toml"
    assert load_settings(tmp_path).autogenerate.lock_timeout == "5s"
    again = run(tmp_path, "migsafe", "init", "--existing")
    assert (again.returncode, "nothing to do" in again.stdout) == (0, True)
    engine = create_engine(sqlalchemy_url(db))
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE t (n integer)"))
    engine.dispose()
    ini = tmp_path / "alembic.ini"
    url = sqlalchemy_url(db).replace("%", "%%")
    ini.write_text(ini.read_text().replace("driver://user:pass@localhost/dbname", url))
    made = run(tmp_path, "alembic", "revision", "--autogenerate", "-m", "check", "--rev-id=one")
    assert made.returncode == 0, made.stderr
    [script] = (tmp_path / "migrations" / "versions").glob("*.py")
    assert "VALIDATE CONSTRAINT ck" in script.read_text()


def test_a_lock_timeout_of_its_own_is_enough(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where env.py limits locks, pyproject.toml says nothing of it."""
    (folder / "env.py").write_text(
        HEAD + 'c.execute("SET lock_timeout = 1000")\ncontext.configure(connection=c)\n'
    )
    monkeypatch.chdir(folder)
    done = CliRunner().invoke(cli, ["init", "--existing", ".", "--yes"])
    assert done.exit_code == 0, done.output
    section = (find_history(["."]).root / "pyproject.toml").read_text()
    assert section.startswith("[tool.migsafe]\n")
    assert "lock_timeout" not in section


def test_an_env_with_its_own_transaction_gets_plain_scripts(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No autocommit block can run in it: online is turned off, or the user is told."""
    (folder / "env.py").write_text((TEMPLATES / "multidb" / "env.py").read_text())
    monkeypatch.chdir(folder)
    done = CliRunner().invoke(cli, ["init", "--existing", ".", "--yes"])
    assert done.exit_code == 0, done.output
    root = find_history(["."]).root
    assert load_settings(root).autogenerate.online is False
    assert "transaction_per_migration" not in (folder / "env.py").read_text()
    (root / "pyproject.toml").write_text("[tool.migsafe]\n")
    told = CliRunner().invoke(cli, ["init", "--existing", "."])
    assert "begins a transaction by itself" in told.output
    assert "nothing to do" in told.output
