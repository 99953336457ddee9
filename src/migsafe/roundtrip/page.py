"""A trip as one HTML page without anything from elsewhere."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape

from migsafe.roundtrip.lanes import lanes
from migsafe.roundtrip.model import Result, Trip, Verdict
from migsafe.roundtrip.render import counts, details, steps

_STYLE = """
:root { color-scheme: light dark; --edge: #8885; --ok: #2e7d32; --bad: #c62828; --none: #888; }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 72rem; margin: 2rem auto; padding: 0 1rem; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; vertical-align: top; padding: .3rem .6rem;
  border-bottom: 1px solid var(--edge); overflow-wrap: anywhere; }
th { font-weight: 600; }
td.number { text-align: right; white-space: nowrap; font-variant-numeric: tabular-nums; }
.bar { display: block; height: 4px; background: #2a6fdb; margin-left: auto; }
.failed > td:nth-child(3) { color: var(--bad); font-weight: 600; }
.untried { opacity: .6; }
ul { margin: .2rem 0; padding-left: 1.2rem; }
.chain { max-height: 60vh; overflow: auto; border: 1px solid var(--edge); border-radius: 4px; }
svg text { font: 13px ui-monospace, monospace; fill: currentColor; }
svg path { fill: none; stroke: var(--none); stroke-width: 2; }
.dot { fill: var(--ok); } .failed .dot { fill: var(--bad); } .untried .dot { fill: var(--none); }
"""
_ROW, _LANE, _MARGIN = 24, 18, 16


def as_html(trip: Trip) -> str:
    """The page: the chain, each revision's result with differences and times, the checks."""
    parts = [
        "<!doctype html>",
        '<html lang="en"><head><meta charset="utf-8"><title>migsafe roundtrip</title>',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f"<style>{_STYLE}</style></head><body><main><h1>Round trip</h1>",
        *(f"<p>{escape(line)}</p>" for line in counts(trip)),
    ]
    if trip.results:
        parts += ['<h2>Chain</h2><div class="chain">', *_chain(trip), "</div>", *_table(trip)]
    if trip.checks:
        parts += ["<h2>The whole history</h2>", "<table><tr><th>check</th><th>result</th></tr>"]
        parts += [*(line for verdict in trip.checks for line in _verdict(verdict)), "</table>"]
    return "\n".join([*parts, "</main></body></html>"]) + "\n"


def _chain(trip: Trip) -> Iterator[str]:
    """A drawing of the revisions, each a link to its result."""
    results = {result.revision: result for result in trip.results}
    order = [*results, *trip.untried]
    needs = {result.revision: result.needs for result in trip.results}
    lane = lanes(order, needs)
    place = {
        revision: (_MARGIN + lane[revision] * _LANE, _MARGIN + row * _ROW)
        for row, revision in enumerate(order)
    }
    right = _MARGIN + (max(lane.values()) + 1) * _LANE
    yield f'<svg width="{right + 700}" height="{2 * _MARGIN + len(order) * _ROW}" role="img">'
    for revision, (x, y) in place.items():
        for other in needs.get(revision, ()):
            if other in place:
                u, v = place[other]
                yield f'<path d="M{u} {v} C{u} {y - _ROW / 2} {x} {v + _ROW / 2} {x} {y}"/>'
    for revision, (x, y) in place.items():
        result = results.get(revision)
        kind = "untried" if result is None else "failed" if result.failed else "ok"
        name = f"{revision}  {result.file.name}" if result else f"{revision}  not tried"
        yield (
            f'<a class="{kind}" href="#{escape(_id(revision))}"><circle class="dot" cx="{x}" '
            f'cy="{y}" r="5"/><text x="{right}" y="{y + 4}">{escape(name)}</text></a>'
        )
    yield "</svg>"


def _table(trip: Trip) -> Iterator[str]:
    yield "<h2>Revisions</h2><table>"
    yield "<tr><th>revision</th><th>file</th><th>result</th><th>seconds</th></tr>"
    longest = max(result.seconds for result in trip.results) or 1
    for result in trip.results:
        yield from _result(result, longest)
    for revision in trip.untried:
        yield f'<tr class="untried" id="{escape(_id(revision))}"><td>{escape(revision)}</td>'
        yield "<td></td><td>not tried</td><td></td></tr>"
    yield "</table>"


def _result(result: Result, longest: float) -> Iterator[str]:
    kind = "failed" if result.failed else "ok"
    yield f'<tr class="{kind}" id="{escape(_id(result.revision))}">'
    yield f"<td><code>{escape(result.revision)}</code></td><td>{escape(result.file.name)}</td>"
    yield f"<td>{escape(steps(result))}{_listed(details(result))}</td>"
    width = round(100 * result.seconds / longest)
    yield f'<td class="number">{result.seconds:.2f}<span class="bar" style="width:{width}%"></span>'
    yield "</td></tr>"


def _verdict(verdict: Verdict) -> Iterator[str]:
    yield f'<tr class="{"failed" if verdict.failed else "ok"}"><td>{escape(verdict.name)}</td>'
    yield f"<td>{escape(verdict.result)}{_listed(iter(verdict.problems))}</td></tr>"


def _listed(lines: Iterator[str]) -> str:
    items = "".join(f"<li>{escape(line)}</li>" for line in lines)
    return f"<ul>{items}</ul>" if items else ""


def _id(revision: str) -> str:
    return f"revision-{revision}"
