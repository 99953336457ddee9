"""The story of README.md: each command is printed before its output.

Runs on a copy of examples/shop in a temporary directory, against the embedded PostgreSQL. Ends
with 0 when every command gave the exit code that the story expects.
"""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from migsafe.server import sqlalchemy_url, start

ROOT = Path(__file__).resolve().parent.parent
REVISION = "0014"


@dataclass(frozen=True)
class Command:
    """One line of the story: *expected* is the exit code that tells it went as it should."""

    line: str
    expected: int = 0


STORY: tuple[str | Command, ...] = (
    "A history is run on a throwaway PostgreSQL.",
    Command("alembic upgrade head"),
    "Autogenerate writes what the models have and the database lacks.",
    Command(f'alembic revision --autogenerate -m "catch up with the models" --rev-id {REVISION}'),
    Command(f"cat migrations/versions/{REVISION}_catch_up_with_the_models.py"),
    "The checker says what each migration does to a database in use.",
    Command("migsafe check migrations/versions", expected=1),
    "Every revision goes up, down and up again; one downgrade leaves something behind.",
    Command("migsafe roundtrip", expected=1),
    "The new revision is run, and nothing is left to do.",
    Command("alembic upgrade head"),
    Command("alembic check"),
)


def tell(text: str = "") -> None:
    print(text, flush=True)


def run(command: Command, folder: Path, environment: dict[str, str]) -> bool:
    """Print and run one command; whether it ended as expected."""
    tell(f"$ {command.line}")
    ended = subprocess.run(
        shlex.split(command.line),
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        stderr=subprocess.STDOUT,
    )
    if ended.returncode != command.expected:
        tell(f"!! exit code {ended.returncode}, expected {command.expected}")
    elif command.expected:
        tell(f"(exit code {command.expected}: findings)")
    tell()
    return ended.returncode == command.expected


def story(folder: Path, url: str) -> bool:
    """Run the whole story in *folder*, a copy of the shop; whether all went as expected."""
    programs = str(Path(sys.executable).parent)
    environment = {
        **os.environ,
        "DATABASE_URL": sqlalchemy_url(url),
        "PATH": programs + os.pathsep + os.environ.get("PATH", ""),
    }
    for part in STORY:
        if isinstance(part, str):
            tell(f"# {part}")
        elif not run(part, folder, environment):
            return False
    return True


def main() -> int:
    """Start a server, run the story, stop the server."""
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="migsafe-demo-") as temporary:
        folder = Path(temporary) / "shop"
        ignored = shutil.ignore_patterns("__pycache__", "*.egg-info")
        shutil.copytree(ROOT / "examples" / "shop", folder, ignore=ignored)
        tell("# The embedded PostgreSQL starts.")
        with start(provider="embedded", progress=tell) as server, server.database() as url:
            tell(f"PostgreSQL {server.major} is ready.")
            tell()
            went_well = story(folder, url)
    # To standard error: the time differs from run to run, the story does not.
    print(f"The demo took {time.monotonic() - began:.0f} s.", file=sys.stderr)
    return 0 if went_well else 1


if __name__ == "__main__":
    sys.exit(main())
