"""Fetch a headless Chromium into migsafe's cache, for the tests that look at diagrams.

    python scripts/browser.py

Linux on x86-64, from the npm package @sparticuz/chromium: the browser, the libraries it needs and a
font. A Chromium or Chrome that is installed does as well, and then there is nothing to fetch.
"""

from __future__ import annotations

import io
import json
import platform
import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "src"))

from migsafe.server.binaries import cache_directory

VERSION = "147.0.0"
INSTALLED = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_UNPACK = """
const zlib = require("zlib"), fs = require("fs");
process.stdout.write(zlib.brotliDecompressSync(fs.readFileSync(process.argv[1])));
"""


def folder() -> Path:
    """Where the fetched browser is, or would be."""
    return cache_directory() / "browser" / VERSION


def main() -> int:
    found = next(filter(None, map(shutil.which, INSTALLED)), None)
    if found or (folder() / "chromium").is_file():
        print(f"a browser is there: {found or folder() / 'chromium'}")
        return 0
    if sys.platform != "linux" or platform.machine().lower() not in ("x86_64", "amd64"):
        sys.exit("install Chromium or Chrome; a package is known for Linux on x86-64 only")
    npm, node = shutil.which("npm"), shutil.which("node")
    if npm is None or node is None:
        sys.exit("npm is needed to fetch a browser and is not installed")
    folder().parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder().parent, prefix=".fetching-") as working:
        fetch(npm, node, Path(working))
        (Path(working) / "ready").rename(folder())
    print(f"a browser is now in {folder()}")
    return 0


def fetch(npm: str, node: str, working: Path) -> None:
    """Put the browser, its libraries and its fonts into the folder ``ready`` of *working*."""
    wanted = f"@sparticuz/chromium@{VERSION}"
    done = subprocess.run([npm, "pack", "--json", wanted], cwd=working, capture_output=True)
    if done.returncode != 0:
        sys.exit(f"npm could not fetch {wanted}")
    with tarfile.open(working / json.loads(done.stdout)[0]["filename"]) as archive:
        for name in ("chromium", "al2023.tar", "fonts.tar"):
            content = archive.extractfile(f"package/bin/{name}.br")
            assert content is not None
            (working / f"{name}.br").write_bytes(content.read())
    ready = working / "ready"
    ready.mkdir()
    (ready / "chromium").write_bytes(plain(node, working / "chromium.br"))
    (ready / "chromium").chmod(0o755)
    for name in ("al2023", "fonts"):
        with tarfile.open(fileobj=io.BytesIO(plain(node, working / f"{name}.tar.br"))) as archive:
            for member in archive:
                if member.isfile() and ".." not in Path(member.name).parts:
                    content = archive.extractfile(member)
                    assert content is not None
                    target = ready / name / Path(member.name).name
                    target.parent.mkdir(exist_ok=True)
                    target.write_bytes(content.read())


def plain(node: str, file: Path) -> bytes:
    """The content of a file that Brotli has compressed; Python has no Brotli of its own."""
    done = subprocess.run([node, "-e", _UNPACK, str(file)], capture_output=True, check=True)
    return done.stdout


if __name__ == "__main__":
    sys.exit(main())
