"""Diagrams: what they show, where it stands, and how a browser draws it."""

from __future__ import annotations

import itertools
import random
import re
import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from browsing import ask, colours
from click import UsageError
from click.testing import CliRunner

from migsafe.catalog import Catalog
from migsafe.cli import cli
from migsafe.config import Settings
from migsafe.errors import HistoryError
from migsafe.fold import fold
from migsafe.models import Design
from migsafe.models.diagram import Change, drawing, mermaid, page, svg
from migsafe.models.diagram.layout import layout
from migsafe.models.diagram.routes import is_hidden
from migsafe.models.revisions import around, at_revision, stories
from migsafe.names import Name
from migsafe.sql import parse

SHOP = Path(__file__).parent.parent / "examples" / "shop"
SVG = "{http://www.w3.org/2000/svg}"


def designed(*statements: str) -> Design:
    catalog = Catalog.empty(18)
    for parsed in parse(";".join(statements)):
        catalog = fold(catalog, parsed.statement)
    return Design(catalog)


def large(count: int) -> Design:
    """*count* tables in areas, all of which refer to one, and some to others near them."""
    chance = random.Random(count)
    statements = ["CREATE TABLE tenants (id bigint PRIMARY KEY)"]
    for number in range(1, count):
        columns = ["id bigint PRIMARY KEY", "tenant_id bigint NOT NULL REFERENCES tenants"]
        for other in chance.sample(range(max(1, number - 9), number), min(number - 1, 2)):
            columns.append(f"t{other}_id bigint REFERENCES t{other} ON DELETE CASCADE")
        columns += [f"field_{n} timestamptz" for n in range(chance.randint(0, 12))]
        statements.append(f"CREATE TABLE t{number} ({', '.join(columns)})")
    return designed(*statements)


BEFORE = """
CREATE TABLE users (id bigint PRIMARY KEY, name text);
CREATE TABLE orders (
    id bigint PRIMARY KEY, user_id bigint NOT NULL REFERENCES users, note text, total integer
);
CREATE TABLE old (id bigint PRIMARY KEY, user_id bigint REFERENCES users);
CREATE INDEX ix_orders_note ON orders (note)
"""
AFTER = """
CREATE TABLE users (id bigint PRIMARY KEY, name text);
CREATE TABLE orders (
    id bigint PRIMARY KEY, user_id bigint NOT NULL REFERENCES users ON DELETE CASCADE,
    total bigint, "a<b" text
);
CREATE TABLE new (id bigint PRIMARY KEY REFERENCES users);
CREATE INDEX ix_orders_total ON orders (total)
"""


def test_what_changes_is_marked() -> None:
    """Tables, columns, foreign keys and indexes are new, gone, changed, or as they were."""
    drawn = drawing(designed(AFTER), designed(BEFORE))
    boxes = {box.name.name: box for box in drawn.boxes}
    assert {name: box.change for name, box in boxes.items()} == {
        "new": Change.NEW, "old": Change.GONE, "orders": Change.OTHER, "users": Change.NONE,
    }  # fmt: skip
    rows = {row.name: (row.change.value, row.was) for row in boxes["orders"].rows}
    assert rows == {
        "id": ("", ""), "user_id": ("", ""), "total": ("changed", "integer"),
        "a<b": ("new", ""), "note": ("gone", ""),
    }  # fmt: skip
    assert boxes["orders"].others == (
        ("INDEX (total)", Change.NEW),
        ("INDEX (note)", Change.GONE),
    )
    lines = {line.child.name: line.change.value for line in drawn.lines}
    assert lines == {"orders": "changed", "new": "new", "old": "gone"}
    text = mermaid(drawn)
    assert 'bigint total "changed, was integer"' in text
    assert "    class old gone\n" in text


@pytest.mark.parametrize("count", [2, 30, 130])
def test_boxes_do_not_overlap(count: int) -> None:
    """Each table has a place of its own, and the same design is always drawn alike."""
    drawn = drawing(large(count))
    picture = svg(drawn)
    assert picture == svg(drawing(large(count)))
    root = ET.fromstring(picture.text)
    places = []
    for group in root.iter(f"{SVG}g"):
        if "table" in group.get("class", "").split():
            x, y = map(float, re.findall(r"[\d.]+", group.get("transform", "")))
            box = group.find(f"{SVG}rect")
            assert box is not None
            places.append((x, y, x + float(box.get("width", 0)), y + float(box.get("height", 0))))
    assert len(places) == count
    assert max(right for *_, right, _ in places) <= picture.width
    for a, b in itertools.combinations(places, 2):
        assert a[2] <= b[0] or b[2] <= a[0] or a[3] <= b[1] or b[3] <= a[1]


HIDDEN_OR_SHARED = [
    pytest.param(lambda: around(SHOP, Settings(), "head")[1], id="shop"),
    pytest.param(lambda: large(39), id="39"),
    pytest.param(lambda: large(300), id="300"),
    pytest.param(
        lambda: designed(
            "CREATE TABLE a (id int PRIMARY KEY, own int REFERENCES a ON DELETE RESTRICT,"
            " b int); CREATE TABLE b (id int PRIMARY KEY REFERENCES a, a int REFERENCES a);"
            "ALTER TABLE a ADD FOREIGN KEY (b) REFERENCES b;"
            "CREATE SCHEMA s; CREATE TABLE s.c (id int PRIMARY KEY, a int REFERENCES a,"
            " b int NOT NULL REFERENCES b)"
        ),
        id="circle",
    ),
    pytest.param(
        lambda: designed(
            "CREATE TABLE folders_of_documents (id int PRIMARY KEY, title varchar(300) NOT NULL,"
            " parent_folder_id int REFERENCES folders_of_documents ON DELETE CASCADE)",
            "CREATE TABLE very_old_" + "names" * 9 + " (a int PRIMARY KEY REFERENCES"
            " folders_of_documents, b int REFERENCES very_old_" + "names" * 9 + ")",
        ),
        id="own",
    ),
]


@pytest.mark.parametrize("design", HIDDEN_OR_SHARED)
def test_lines_can_be_seen(design: Callable[[], Design]) -> None:
    """No line runs behind a box, and different signs do not stand at the same place."""
    root = ET.fromstring(svg(drawing(design())).text)
    boxes, signs = [], {}
    for group in root.iter(f"{SVG}g"):
        if "table" in group.get("class", "").split():
            x, y = map(float, re.findall(r"[\d.]+", group.get("transform", "")))
            box = group.find(f"{SVG}rect")
            assert box is not None
            boxes.append((x, y, float(box.get("width", 0)), float(box.get("height", 0))))
    links = [g for g in root.iter(f"{SVG}g") if g.get("class") == "link"]
    inner = root.find(f"{SVG}g")
    assert inner is not None
    margin = float(re.findall(r"[\d.]+", inner.get("transform", ""))[0])
    for group in links:
        path, *ends = group.iter(f"{SVG}path")
        if "far" not in path.get("class", ""):
            start, *way = way_of(path.get("d", ""))
            assert max(x for part in way for x, _ in part) + margin < float(root.get("width", 0))
            assert not is_hidden(start[0], way, boxes), group.findtext(f"{SVG}title")
        for end in ends:
            drawn = end.get("d", "")
            place = re.match(r"M([\d.]+) ([\d.]+)", drawn)
            assert place is not None
            if end.get("class") == "end":
                assert signs.setdefault(place.groups(), drawn) == drawn
    assert links


def way_of(path: str) -> Iterator[tuple[tuple[float, float], ...]]:
    """The points of each part of an SVG path."""
    for part in re.findall("[MLQC]([^MLQC]*)", path):
        numbers = [float(number) for number in part.split()]
        yield tuple(zip(numbers[::2], numbers[1::2], strict=True))


def test_parents_stand_left_of_their_children() -> None:
    """A chain reads from left to right, also when it ends in a circle."""
    names = [Name("public", name) for name in "abcd"]
    pairs = [*itertools.pairwise(names), (names[3], names[1])]
    found = layout(dict.fromkeys(names, (100.0, 50.0)), pairs)
    lefts = [found.places[name][0] for name in names]
    assert lefts == sorted(lefts)
    assert len(set(lefts)) == 4
    assert found.bends[names[3], names[1]]


def test_schemas_have_frames() -> None:
    """Tables of one schema stand in its frame, and outside of all others."""
    names = [Name(schema, f"t{n}") for schema in ("a", "b", "c") for n in range(4)]
    found = layout(dict.fromkeys(names, (100.0, 50.0)), [(names[0], names[5])])
    for name in names:
        x, y = found.places[name]
        inside = [
            schema
            for schema, (left, top, width, height) in found.frames.items()
            if left < x and x + 100 < left + width and top < y and y + 50 < top + height
        ]
        assert inside == [name.schema]


def test_revisions_of_the_shop() -> None:
    """Any revision can be drawn, and what one changes; the files alone are read."""
    first = at_revision(SHOP, Settings(), "0001")
    last = at_revision(SHOP, Settings(), "head")
    assert {t.name for t in first.tables()} < {t.name for t in last.tables()}
    before, after = around(SHOP, Settings(), "0008")
    changed = [box for box in drawing(after, before).boxes if box.change is not Change.NONE]
    assert [box.name.name for box in changed] == ["payments"]
    told = {name.name: [revision for revision, _ in story] for name, story in
            stories(SHOP, Settings()).items()}  # fmt: skip
    assert told["products"][0] == "0001"
    assert "0008" in told["payments"]
    with pytest.raises(HistoryError):
        at_revision(SHOP, Settings(), "nowhere")
    with pytest.raises(HistoryError, match="names no revision"):
        around(SHOP, Settings(), "base")


def test_the_ending_says_the_format(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file is written in the format of its ending; two designs at once are refused."""
    (tmp_path / "drawn_once.py").write_text(
        "import sqlalchemy as sa\nmetadata = sa.MetaData()\n"
        "sa.Table('t', metadata, sa.Column('x', sa.Integer, primary_key=True))\n"
    )
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    run = ["models", "diagram", "drawn_once"]
    for name, start in (("a.svg", "<svg "), ("a.html", "<!DOCTYPE html>"), ("a.mmd", "erDiagram")):
        CliRunner().invoke(cli, [*run, "-o", name], catch_exceptions=False)
        assert (tmp_path / name).read_text().startswith(start)
    with pytest.raises(UsageError, match="name no other"):
        CliRunner().invoke(
            cli, [*run, "--diff", "x"], catch_exceptions=False, standalone_mode=False
        )


_LEGIBLE = """
const boxes = tables.map(t => t.querySelector('.box').getBBox());
const wide = tables.flatMap(t => [...t.querySelectorAll('.name,.col,.type,.other')].filter(x => {
  const b = x.getBBox(), w = t.querySelector('.box').getBBox().width;
  return b.x < 0 || b.x + b.width > w + 1}).map(x => x.textContent));
const torn = tables.flatMap(t => {const types = [...t.querySelectorAll('.type')];
  return [...t.querySelectorAll('.col')].filter((c, i) =>
    c.getBBox().x + c.getBBox().width > types[i].getBBox().x).map(c => c.textContent)});
"""


def test_a_browser_draws_the_shop(tmp_path: Path) -> None:
    """All texts are inside their boxes; search, zoom and clicks do what they say."""
    before, after = around(SHOP, Settings(), "0008")
    file = tmp_path / "shop.html"
    file.write_text(page(drawing(after, before), "Shop <1>"), encoding="utf-8")
    told = ask(file, _LEGIBLE + """
        find.value = 'invoice'; find.dispatchEvent(new Event('input'));
        const found = [count.textContent, svg.querySelectorAll('.hit').length];
        find.dispatchEvent(new KeyboardEvent('keydown', {key: 'Enter'}));
        const opened = side.querySelector('h2').textContent;
        const links = [...side.querySelectorAll('a')].map(a => a.textContent);
        const before = k; document.getElementById('in').click();
        const larger = k / before;
        const users = tables.find(t => t.dataset.name === 'users');
        users.querySelector('.head').dispatchEvent(new MouseEvent('click', {bubbles: true}));
        const clicked = side.querySelector('h2').textContent;
        const near = tables.filter(t => t.classList.contains('near')).map(t => t.dataset.name);
        svg.dispatchEvent(new MouseEvent('click', {bubbles: true}));
        return {n: tables.length, wide, torn, found, opened, links, larger, clicked, near,
                closed: side.hidden, title: document.title,
                changed: [...svg.querySelectorAll('.table.changed')].map(t => t.dataset.name)};
    """, tmp_path)  # fmt: skip
    assert told["n"] == len(list(after.tables()))
    assert not told["wide"]
    assert not told["torn"]
    assert told["found"] == ["2 found", 2]
    assert told["opened"] == "billing.invoices"
    assert told["links"] == ["billing.invoices.order_id → orders"]
    assert told["larger"] == pytest.approx(1.3)
    assert told["clicked"] == "users"
    assert {"users", "addresses", "orders"} <= set(told["near"])
    assert "categories" not in told["near"]
    assert told["closed"]
    assert told["title"] == "Shop <1>"
    assert told["changed"] == ["payments"]
    shown = colours(file, tmp_path)
    assert {(255, 227, 154), (255, 243, 207), (255, 255, 255)} <= shown


def test_a_browser_draws_many_tables(tmp_path: Path) -> None:
    """From afar the names fill their boxes, and far references are drawn when one is picked."""
    file = tmp_path / "large.html"
    file.write_text(page(drawing(large(300))), encoding="utf-8")
    told = ask(file, _LEGIBLE + """
        const seen = e => getComputedStyle(e).display !== 'none';
        const distant = k < .45, names = tables.filter(t => seen(t.querySelector('.big'))).length;
        const rows = [...svg.querySelectorAll('.col')].filter(seen).length;
        const far = () => [...svg.querySelectorAll('.far')].filter(seen).length;
        const none = far(); pick('t5', true);
        return {distant, names, rows, wide, none, some: far(), near: k >= .8};
    """, tmp_path)  # fmt: skip
    assert told == {
        "distant": True, "names": 300, "rows": 0, "wide": [], "none": 0, "near": True,
        "some": told["some"],
    }  # fmt: skip
    assert told["some"] >= 1


def test_keys_of_several_columns_are_tied_together() -> None:
    """All columns of a composite key are marked, not only the one where the line begins."""
    design = designed(
        "CREATE TABLE orders (tenant int, title text, id int, PRIMARY KEY (tenant, id))",
        "CREATE TABLE lines (id int PRIMARY KEY, order_id int, note text, tenant int,"
        " FOREIGN KEY (tenant, order_id) REFERENCES orders)",
        "CREATE TABLE notes (id int PRIMARY KEY, line_id int REFERENCES lines)",
    )
    root = ET.fromstring(svg(drawing(design)).text)
    heights = {}
    for group in root.iter(f"{SVG}g"):
        if "table" in group.get("class", "").split():
            top = float(re.findall(r"[\d.]+", group.get("transform", ""))[1])
            for text in group.iter(f"{SVG}text"):
                place = top + float(text.get("y", 0))
                heights[group.get("data-name"), text.text] = place
    brackets = [
        path.get("d", "") for path in root.iter(f"{SVG}path") if path.get("class") == "pair"
    ]
    marked = [sorted({float(y) for y in re.findall(r"M[\d.]+ ([\d.]+)h", one)}) for one in brackets]
    wanted = [
        [heights["lines", "order_id"], heights["lines", "tenant"]],
        [heights["orders", "tenant"], heights["orders", "id"]],
    ]
    assert len(marked) == len(wanted)  # none at the key of one column
    for found, texts in zip(marked, wanted, strict=True):
        assert all(0 < text - row < 8 for row, text in zip(found, texts, strict=True))


def test_names_that_mermaid_cannot_quote() -> None:
    """Quotes, percent signs and backslashes end a name in Mermaid, whatever is around them."""
    text = mermaid(drawing(designed('CREATE TABLE "5% ""of"" \\all" (id int PRIMARY KEY)')))
    assert '"5_ of _all" {' in text
