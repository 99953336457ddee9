"""A headless browser that opens pages of the tests."""

from __future__ import annotations

import html
import json
import re
import struct
import subprocess
import sys
import zlib
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent / "scripts"))

import browser as installed

_SECONDS = 90


def ask(page: Path, script: str, working: Path) -> Any:
    """What the JavaScript function body *script* returns in *page*, which has loaded."""
    copy = working / f"asked-{page.name}"
    run = f"const told=(()=>{{{script}}})();"
    run += "const out=document.createElement('pre');out.id='told';"
    run += "out.textContent=JSON.stringify(told);document.body.append(out);"
    text = page.read_text(encoding="utf-8")
    copy.write_text(text.replace("</body>", f"<script>{run}</script></body>"), encoding="utf-8")
    dom = _run(working, "--dump-dom", copy.as_uri())
    found = re.search(r'<pre id="told">(.*?)</pre>', dom, re.S)
    assert found is not None, "the page's script failed"
    return json.loads(html.unescape(found[1]))


def colours(page: Path, working: Path) -> set[tuple[int, int, int]]:
    """The colours that a screenshot of *page* has."""
    shot = working / "shot.png"
    _run(working, f"--screenshot={shot}", page.as_uri())
    return set(_pixels(shot.read_bytes()))


def _run(working: Path, *arguments: str) -> str:
    program = installed.found()
    assert program is not None, "no browser is installed: run `make browser`"
    options = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]
    options += ["--hide-scrollbars", "--window-size=1400,900", "--no-first-run"]
    options += [f"--user-data-dir={working / 'profile'}", "--virtual-time-budget=2000"]
    ended = subprocess.run(
        [program, *options, *arguments], capture_output=True, text=True, timeout=_SECONDS
    )
    assert ended.returncode == 0, ended.stderr[-2000:]
    return ended.stdout


def _pixels(png: bytes) -> list[tuple[int, int, int]]:
    """The pixels of a PNG of 8 bits, RGB or RGBA (the PNG specification, chapters 5 and 9)."""
    at, data, width, size = 8, b"", 0, 0
    while at < len(png):
        length, kind = struct.unpack(">I4s", png[at : at + 8])
        body = png[at + 8 : at + 8 + length]
        if kind == b"IHDR":
            width, _, _, colour = struct.unpack(">IIBB", body[:10])
            size = 4 if colour == 6 else 3
        data += body if kind == b"IDAT" else b""
        at += length + 12
    raw, stride = zlib.decompress(data), width * size
    above, found = bytearray(stride), []
    for start in range(0, len(raw), stride + 1):
        line = bytearray(raw[start + 1 : start + 1 + stride])
        _unfilter(raw[start], line, above, size)
        above = line
        if (start // (stride + 1)) % 4 == 0:
            found += [tuple(line[i : i + 3]) for i in range(0, stride, size)]
    return found


def _unfilter(kind: int, line: bytearray, above: bytearray, size: int) -> None:
    for i in range(len(line)):
        left = line[i - size] if i >= size else 0
        corner = above[i - size] if i >= size else 0
        up = above[i]
        if kind == 1:
            line[i] = (line[i] + left) & 255
        elif kind == 2:
            line[i] = (line[i] + up) & 255
        elif kind == 3:
            line[i] = (line[i] + (left + up) // 2) & 255
        elif kind == 4:
            guess = left + up - corner
            near = min((abs(guess - left), 0, left), (abs(guess - up), 1, up),
                       (abs(guess - corner), 2, corner))  # fmt: skip
            line[i] = (line[i] + near[2]) & 255
