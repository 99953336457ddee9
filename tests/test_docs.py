"""Generated pages are what their generators write today."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


@pytest.mark.parametrize("script", ["ddl_reference.py", "docs.py"])
def test_a_generated_page_is_up_to_date(script: str) -> None:
    """`make docs` has nothing to write."""
    ended = subprocess.run([sys.executable, ROOT / "scripts" / script, "--check"])
    assert ended.returncode == 0, "run `make docs` and commit what it writes"
