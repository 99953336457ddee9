"""The story of README.md runs as told, and README shows what it prints."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
README = ROOT / "README.md"
BLOCK = re.compile(r"(<!-- demo: .*? -->\n\n```console\n)(.*?)(```\n\n<!-- end of demo -->)", re.S)


def told(output: str) -> str:
    """What stays the same: temporary folders, dates and times are blotted out.

    The line about a version's very first start, which only a new machine prints, is left out.
    """
    output = re.sub(r"^preparing PostgreSQL .*\n", "", output, flags=re.M)
    output = re.sub(r"\S*/migsafe-demo-[^/\s]*/shop", "/tmp/shop", output)
    output = re.sub(r"(Create Date: )\d{4}-\d\d-\d\d \S+", r"\g<1>…", output)
    output = re.sub(r"\b\d+(\.\d+)? ?(ms|s)\b", "… s", output)
    return re.sub(r"[ \t]+$", "", output, flags=re.M)


def test_the_story_of_the_readme_goes_as_told() -> None:
    """`make demo` ends with 0 and prints what README shows.

    With MIGSAFE_UPDATE_README=1 the output is written into README instead.
    """
    environment = {**os.environ, "NO_COLOR": "1", "COLUMNS": "100"}
    ended = subprocess.run(
        [sys.executable, ROOT / "scripts" / "demo.py"],
        capture_output=True,
        text=True,
        env=environment,
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    readme = README.read_text()
    found = BLOCK.search(readme)
    assert found is not None, "README.md has no demo block"
    output = told(ended.stdout)
    if os.environ.get("MIGSAFE_UPDATE_README"):
        README.write_text(readme[: found.start(2)] + output + readme[found.end(2) :])
    else:
        assert found[2] == output
