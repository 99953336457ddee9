"""See to a browser for the tests that look at diagrams: one that is installed, else Debian's.

python scripts/browser.py
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

INSTALLED = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def found() -> str | None:
    """The program of a Chromium or Chrome that is installed."""
    return next(filter(None, map(shutil.which, INSTALLED)), None)


def main() -> int:
    if found() is None:
        apt = shutil.which("apt-get")
        if apt is None or os.geteuid() != 0:
            sys.exit("no browser is installed: the tests of diagrams need Chromium or Chrome")
        quiet = {"stdout": subprocess.DEVNULL, "check": False}
        subprocess.run([apt, "update", "-q"], **quiet)
        subprocess.run([apt, "install", "-q", "-y", "--no-install-recommends", "chromium"], **quiet)
    if found() is None:
        sys.exit("apt-get could not install chromium")
    print(f"a browser is there: {found()}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
