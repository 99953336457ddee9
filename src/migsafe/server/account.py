"""Which system account a throwaway server runs under: PostgreSQL refuses to run as root."""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from migsafe.errors import ServerError


@dataclass(frozen=True)
class Account:
    """A user and its group, or nobody in particular: the caller's own account."""

    uid: int | None = None
    gid: int | None = None

    @property
    def switched(self) -> bool:
        """Whether the server's account is another than the caller's."""
        return self.uid is not None

    def popen(self) -> dict[str, Any]:
        """Return the arguments that make `subprocess` run a program under this account."""
        if not self.switched:
            return {}
        return {"user": self.uid, "group": self.gid, "extra_groups": []}

    def own(self, path: str | os.PathLike[str]) -> None:
        """Give *path* to this account; nothing happens when it is the caller's own."""
        if self.uid is not None and self.gid is not None:
            os.chown(path, self.uid, self.gid)

    def can_enter(self, directory: Path) -> bool:
        """Whether this account can reach what lies in *directory*, by the modes on the way."""
        if not self.switched:
            return os.access(directory, os.X_OK)
        way = (directory.resolve(), *directory.resolve().parents)
        return all(step.is_dir() and step.stat().st_mode & stat.S_IXOTH for step in way)


def server_account() -> Account:
    """Choose the account: the caller's, or ``nobody`` when the caller is root.

    Raises ServerError on systems without POSIX accounts and where root has no ``nobody``.
    """
    if not hasattr(os, "geteuid"):
        raise ServerError(
            "a throwaway PostgreSQL can be started on Linux and macOS only; "
            "set MIGSAFE_SERVER_URL to the URL of a server that may create databases"
        )
    if os.geteuid() != 0:
        return Account()
    import pwd

    try:
        nobody = pwd.getpwnam("nobody")
    except KeyError as error:
        raise ServerError(
            "PostgreSQL does not run as root and this system has no user `nobody`; "
            "run as another user, or set MIGSAFE_SERVER_URL"
        ) from error
    return Account(nobody.pw_uid, nobody.pw_gid)
