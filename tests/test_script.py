"""Reading what a migration file says of itself: by its head alone, and by all of it."""

from __future__ import annotations

import ast
import random
from pathlib import Path

import pytest

from migsafe.capture import capture, find_history, read_scripts
from migsafe.capture.heads import HEADER, parsed_shape, read_head
from migsafe.capture.script import _header, read_script
from migsafe.capture.sites import Source, parsed
from migsafe.errors import HistoryError

HEAD = '''\
"""Add a table.

Revision ID: b2
revision = 'not this one'
"""
from __future__ import annotations

import sqlalchemy as sa  # revision = 'nor this one'
from alembic import op
from app.models import (
    Order,
    User,
)

# revision identifiers, used by Alembic.
revision: str = "b2"  # its own
down_revision: Union[str, None] = 'a1'
branch_labels = None
depends_on: str | None = None


def upgrade() -> None:
    op.create_table("t")


def downgrade() -> None:
    op.drop_table("t")
'''


def both_ways(text: str) -> tuple[object, object]:
    """What the head of *text* says, None when it takes all of it, and what all of it says."""
    path = Path("b2.py")
    head, (constants, *others) = read_head(text), _header(parsed(path, text), path)
    plain = (head.constants, head.line, head.doc) if head is not None else None
    return plain, ({name: constants[name] for name in HEADER}, *others)


def test_the_head_of_most_files_is_enough() -> None:
    plain, whole = both_ways(HEAD)
    assert plain == whole
    assert plain == (
        {"revision": "b2", "down_revision": "a1", "branch_labels": None, "depends_on": None},
        16,
        "Add a table.",
    )


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"b2"  # its own', '"b2" "c3"'),
        ('"b2"  # its own', 'b"b2"'),
        ('"b2"  # its own', "OWN"),
        ('"b2"  # its own', '"b\\x32"'),
        ('"b2"  # its own', '"""b2"""'),
        ('revision: str = "b2"', 'revision = number = "b2"'),
        ('revision: str = "b2"  # its own', 'revision: str = "b2"; revision = "c3"'),
        ("down_revision: Union[str, None] = 'a1'", "down_revision = ('a1', 'a2')"),
        ("    op.drop_table", "    global revision\n    op.drop_table"),
        ('op.drop_table("t")\n', 'op.drop_table("t")\n\n\nrevision = "c3"\n'),
        ('op.drop_table("t")\n', 'op.drop_table("t")\n\n\nif True:\n    revision = "c3"\n'),
        ('op.drop_table("t")\n', 'op.drop_table("t")\n\n\n\uff52evision = "c3"\n'),
        ("branch_labels = None", 'LABEL = "l"\nbranch_labels = (LABEL,)'),
        ("branch_labels = None", "for revision in ():\n    pass"),
        ("# revision identifiers", 'SQL = """\nrevision = "c3"\n"""\n# revision identifiers'),
        ("from alembic import op", "from alembic import op; revision = 'c3'"),
        ("from alembic import op", "from alembic \\\n import op"),
    ],
)
def test_a_head_that_is_not_plain_is_not_taken_for_one(old: str, new: str) -> None:
    assert old in HEAD
    plain, whole = both_ways(HEAD.replace(old, new))
    assert plain is None
    assert whole is not None


@pytest.mark.parametrize(
    "head",
    [
        '# Licence\n\n"""Title"""\nrevision = "a"\n',
        '"""  \n\n   Title \n   more\n"""\nrevision = "a"\n',
        '"""\tTitle\twith tabs \n more"""\nrevision = "a"\n',
        '""""""\nrevision = "a"\n',
        'import os\n"""no docstring"""\nrevision = "a"\n',
        'import os\nrevision = "a"\nrevision = "b"\n',
        'import os\nrevision = "a#b"\nbranch_labels = "l"  # a label\n',
        "revision = 'it is \"a\"'\n",
        'revision = "a"',
        'revision = "a"\n@decorated\ndef upgrade(): pass\n',
        'revision = "a"\nnaïve = "Ünïcode"\n',
    ],
)
def test_the_head_says_what_the_whole_file_says(head: str) -> None:
    plain, whole = both_ways(head)
    assert plain in (None, whole)


def test_heads_of_all_kinds_are_read_as_whole_files_are() -> None:
    """Lines of heads in any order: by the head alone nothing else is read than by all."""
    lines = [
        *HEAD.splitlines(keepends=True),
        '"""',
        "'''\n",
        "x = (\n",
        ")\n",
        "\\\n",
        "revision\n",
    ]
    chance = random.Random(5)
    read = 0
    for _ in range(2000):
        text = "".join(chance.sample(lines, chance.randint(1, 8))) + chance.choice(lines)
        try:
            plain, whole = both_ways(text)
        except HistoryError:
            continue
        if plain is not None:
            read += 1
            assert plain == whole, text
    assert read > 20


def test_what_follows_the_head_has_its_place_in_the_file() -> None:
    """The head and the rest, parsed apart, are what the whole file is."""
    source = Source(Path("b2.py"), HEAD)
    assert source.shape == source.shape.replace("b2", "").replace("a1", "")
    head, rest = parsed_shape(source.shape), source.rest
    assert head is not None
    whole = source.tree.body
    assert [ast.dump(n, include_attributes=True) for n in rest.body] == [
        ast.dump(n, include_attributes=True) for n in whole[-2:]
    ]
    assert [type(n) for n in head.body] == [type(n) for n in whole[1:-2]]


def test_a_head_that_is_not_python_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "b2.py"
    path.write_text(HEAD.replace("from alembic import op", "from alembic import op op"))
    script = read_script(path)
    assert script.source.shape == ""
    with pytest.raises(HistoryError, match="not valid Python: invalid syntax") as refused:
        assert script.functions
    assert refused.value.line == 9


BROKEN = HEAD.replace('op.create_table("t")', 'op.create_table("t"')


def _project(tmp_path: Path, text: str) -> Path:
    versions = tmp_path / "versions"
    versions.mkdir()
    (versions / "b2.py").write_text(text.replace("'a1'", "None"), encoding="utf-8")
    return versions


def test_a_file_that_is_not_python_is_refused_when_it_is_captured(tmp_path: Path) -> None:
    versions = _project(tmp_path, BROKEN)
    location = find_history([versions])
    assert read_script(versions / "b2.py").revision == "b2"
    for read in (capture, read_scripts):
        with pytest.raises(HistoryError) as refused:
            read(location)
        assert refused.value.message == "this migration is not valid Python: '(' was never closed"
        assert refused.value.file == versions / "b2.py"
        assert refused.value.line == 23


def test_what_a_file_is_written_in(tmp_path: Path) -> None:
    path = tmp_path / "b2.py"
    path.write_bytes(b"# coding: latin-1\r\n" + HEAD.replace("a table", "größe").encode("latin-1"))
    script = read_script(path)
    assert script.doc == "Add größe."
    assert "\r" not in script.source.text
    path.write_bytes(HEAD.replace("a table", "größe").encode("latin-1"))
    with pytest.raises(HistoryError, match="not valid Python"):
        read_script(path)
    path.write_bytes(b"\xef\xbb\xbf" + HEAD.encode())
    assert read_script(path).revision == "b2"


@pytest.mark.parametrize(
    ("text", "packages"),
    [
        ("import a.b as c, d\nfrom e.f import (\n g, h)\n", {"a", "d", "e"}),
        ("try:import a\nexcept ImportError:\n\timport b; import c\n", {"a", "b", "c"}),
        ("from a \\\n import b\nimport \\\n c, \\\n d\n", {"a", "c", "d"}),
        ("from . import a\nfrom .b import c\n", set()),
        ("x = 'from users import rows'  # import it\n", set()),
    ],
)
def test_the_packages_a_file_imports(text: str, packages: set[str]) -> None:
    source = Source(Path("a.py"), text)
    exact = {name.partition(".")[0] for name, _ in source.imported}
    assert exact == packages
    assert source.packages >= packages
