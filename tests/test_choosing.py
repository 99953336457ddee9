"""Which revisions a command looks at: ranges in Alembic's notation, file names, several folders."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

import pytest
from click.testing import CliRunner

from migsafe.capture import find_history, read_scripts
from migsafe.capture.ranges import between, named
from migsafe.cli.check import command
from migsafe.errors import HistoryError, MigsafeError
from migsafe.roundtrip import selected

FILE = """
import sqlalchemy as sa
from alembic import op

revision = {revision!r}
down_revision = {parent!r}
branch_labels = {labels!r}


def upgrade():
    op.execute("DROP TABLE gone_{revision}")
"""
CHAIN = {"aa11": None, "bb11": "aa11", "bb22": "bb11", "cc11": "aa11", "cc22": "cc11"}


def write(folder: Path, chain: dict[str, str | None], labelled: str | None = None) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for revision, parent in chain.items():
        labels = ("side",) if revision == labelled else None
        text = FILE.format(revision=revision, parent=parent, labels=labels)
        (folder / f"{revision}.py").write_text(text)
    return folder


@pytest.fixture
def versions(tmp_path: Path) -> Path:
    """Two branches, of which one is called side."""
    return write(tmp_path / "one" / "versions", CHAIN, labelled="cc11")


def checked(*arguments: str, stdin: str | None = None) -> list[str]:
    """The revisions whose dropped table is reported."""
    result = CliRunner().invoke(
        command,
        ["-f", "json", "--no-cache", "--select", "MS304", *arguments],
        standalone_mode=False,
        input=stdin,
    )
    if result.exception:
        raise result.exception
    findings = json.loads(result.stdout)["findings"]
    assert result.return_value == (1 if findings else 0)
    return sorted(finding["revision"] for finding in findings)


@pytest.mark.parametrize(
    ("range_", "expected"),
    [
        ("bb11:", "bb11 bb22"),
        (":cc11", "aa11 cc11"),
        ("aa11:bb22", "aa11 bb11 bb22"),
        ("bb1:+1", "bb11 bb22"),
        ("side:side@head", "cc11 cc22"),
        ("base:cc22", "aa11 cc11 cc22"),
        ("heads:heads", "bb22 cc22"),
        ("a:heads", "aa11 bb11 bb22 cc11 cc22"),
        (":", "aa11 bb11 bb22 cc11 cc22"),
        ("heads", "bb22 cc22"),
        ("side", "cc11"),
        ("cc2", "cc22"),
    ],
)
def test_ranges_are_as_in_alembic(versions: Path, range_: str, expected: str) -> None:
    """Ids, beginnings of ids, labels, heads and steps; both ends are in the range."""
    assert checked(str(versions), "-r", range_) == expected.split()


def test_steps_back_from_a_head(tmp_path: Path) -> None:
    """A number below zero counts from the head, as in alembic history -r-1:."""
    versions = write(tmp_path / "versions", {"aa11": None, "bb11": "aa11", "cc11": "bb11"})
    assert checked(str(versions), "--range=-1:") == ["bb11", "cc11"]
    assert checked(str(versions), "--only", "head") == ["cc11"]


@pytest.mark.parametrize(
    ("range_", "says"),
    [
        ("zz:", "no revision 'zz'"),
        ("bb:", "beginning of several revisions: bb11, bb22"),
        ("head:", "several heads, bb22, cc22"),
        ("current:", "known to a database only"),
        ("bb22:cc22", "not an ancestor"),
        ("base", "names no revision"),
    ],
)
def test_what_is_no_revision_is_an_error(versions: Path, range_: str, says: str) -> None:
    """The message says what is wrong with the name."""
    with pytest.raises(HistoryError, match=says):
        checked(str(versions), "-r", range_)


def test_both_commands_mean_the_same(versions: Path) -> None:
    """--from, --to and --only choose for check what they choose for a round trip."""
    location = find_history([versions])
    for first, last, only in (
        ("bb11", None, ()),
        (None, "cc11", ()),
        ("a", "side", ()),
        ("aa11", None, ("bb22", "side")),
    ):
        options = [
            *(["--from", first] if first else []),
            *(["--to", last] if last else []),
            *(word for one in only for word in ("--only", one)),
        ]
        assert checked(str(versions), *options) == sorted(
            selected(location, first=first, last=last, only=only) or ()
        )
    scripts = read_scripts(location)
    assert between(scripts) == frozenset(CHAIN)
    assert named(scripts, ["heads", "aa"]) == {"aa11", "bb22", "cc22"}


def test_files_of_several_histories(versions: Path, tmp_path: Path) -> None:
    """Each file is judged in its own history, and only those that were named are reported."""
    other = write(tmp_path / "two" / "versions", {"dd11": None, "dd22": "dd11"})
    files = [str(versions / "bb22.py"), str(other / "dd11.py"), str(versions / "aa11.py")]
    assert checked(*files) == ["aa11", "bb22", "dd11"]
    with pytest.raises(HistoryError, match="several histories"):
        find_history(files)


def test_a_file_of_one_of_several_folders(tmp_path: Path) -> None:
    """A history whose configuration names two folders is read as a whole."""
    write(tmp_path / "mig" / "first", {"aa11": None})
    second = write(tmp_path / "mig" / "second", {"bb11": "aa11"})
    (tmp_path / "alembic.ini").write_text(
        "[alembic]\nscript_location = mig\nversion_locations = mig/first mig/second\n"
    )
    assert checked(str(second / "bb11.py")) == ["bb11"]
    assert checked(str(second / "bb11.py"), str(tmp_path / "mig/first/aa11.py")) == ["aa11", "bb11"]


def test_names_from_standard_input(
    versions: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What git prints, in any folder of its repository; other files and deleted ones are left."""
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    (tmp_path / "README.md").write_text("read me")
    names = ["one/versions/bb11.py", "README.md", "one/versions/deleted.py", "one"]
    for cwd in (tmp_path, tmp_path / "one", versions):
        monkeypatch.chdir(cwd)
        assert checked("-", stdin="\n".join(names) + "\n") == ["bb11"]
        assert checked("-", stdin="\0".join(names)) == ["bb11"]
    assert checked("-", stdin="README.md\n") == []
    assert checked("-", stdin="") == []
    assert checked("-", stdin="bb22.py\n") == ["bb22"]


def test_range_and_its_ends_are_not_given_twice(versions: Path) -> None:
    """--range says both ends."""
    with pytest.raises(Exception, match="either --range or --from"):
        checked(str(versions), "-r", "aa11:", "--from", "bb11")


def test_git_without_a_repository(versions: Path) -> None:
    """What git refuses is one message."""
    with pytest.raises(MigsafeError, match="git"):
        checked(str(versions), "--staged")


def test_the_hook_of_pre_commit(
    versions: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its command and pattern: migrations are named on the command line, from the top."""
    text = (Path(__file__).parent.parent / ".pre-commit-hooks.yaml").read_text()
    hook = dict(re.findall(r"^[ -] (\w+): (.+)$", text, re.M))
    assert hook["entry"].split() == ["migsafe", "check"]
    assert hook["require_serial"] == "true"
    names = ["one/versions/bb11.py", "one/versions/sub/x.py", "one/models.py", "versions/x.sql"]
    matching = [name for name in names if re.search(hook["files"], name)]
    assert matching == names[:2]
    monkeypatch.chdir(tmp_path)
    assert checked(matching[0]) == ["bb11"]
