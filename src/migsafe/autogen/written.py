"""The post-write hook: what `migsafe check` says of a revision, as soon as it is written."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from collections.abc import Mapping

from alembic.util import CommandError


def check_written(path: str, options: Mapping[str, str]) -> None:
    """Check the revision in the file *path*; findings are printed, and are no failure.

    ``options`` of the hook are further options of `migsafe check`, and ``strict = true`` makes
    findings end the command with an error; the file is there all the same. A process of its own
    does it, since this one has run env.py and with it the application. Raises CommandError when
    the check cannot run.
    """
    try:
        more = shlex.split(options.get("options", ""), posix=os.name == "posix")
    except ValueError as error:
        raise CommandError(
            f"migsafe could not check {path}, which is written: the hook's options "
            f"{options['options']!r} are not understood ({error})"
        ) from error
    command = [sys.executable, "-m", "migsafe", "check", path, *more]
    sys.stdout.flush()
    code = subprocess.run(command, check=False).returncode
    strict = str(options.get("strict", "false")).lower() in ("true", "yes", "on", "1")
    if code not in (0, 1):
        raise CommandError(f"migsafe could not check {path}; the file is written")
    if code and strict:
        raise CommandError(f"{path} has findings; it is written, mend it before it is committed")
