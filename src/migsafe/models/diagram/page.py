"""A diagram as one HTML file without a network: zoom, search, neighbours on a click."""

from __future__ import annotations

import json
from html import escape

from migsafe.models.diagram.drawing import Box, Drawing
from migsafe.models.diagram.svg import part, svg


def page(drawing: Drawing, title: str = "Database") -> str:
    """The page; it loads nothing, and ``#orders`` in its address opens a table."""
    data = json.dumps(
        {f"t{number}": _data(box) for number, box in enumerate(drawing.boxes)},
        ensure_ascii=False,
        separators=(",", ":"),
    ).replace("<", "\\u003c")
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f"<title>{escape(title)}</title>\n<style>{part('page.css')}</style>\n</head>\n<body>\n"
        f"<header><h1>{escape(title)}</h1>"
        '<input type="search" placeholder="table or column ( / )" aria-label="Search">'
        '<span id="count"></span><button id="in" title="Zoom in">+</button>'
        '<button id="out" title="Zoom out">−</button><button id="fit">Fit</button></header>\n'
        f'<main><div id="view">{svg(drawing).text}</div><aside hidden></aside></main>\n'
        f"<script>const DATA={data};{part('page.js')}</script>\n</body>\n</html>\n"
    )


def _data(box: Box) -> dict[str, object]:
    return {
        "name": box.name.display(),
        "comment": box.comment,
        "rows": [
            [
                row.name,
                f"{row.was} → {row.type}" if row.was else row.type,
                " ".join([*row.keys, "" if row.not_null else "NULL", row.change.value]).strip(),
                ", ".join(note for note in (row.labels, row.comment) if note),
            ]
            for row in box.rows
        ],
        "others": [f"{text} {change.value}".strip() for text, change in box.others],
    }
