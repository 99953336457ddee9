"""A step of a migration that may fail: what its error says, and that it does not take for ever."""

from __future__ import annotations

import re
from collections.abc import Callable

from migsafe.capture.deadline import Expired, deadline
from migsafe.errors import MigsafeError, ServerError
from migsafe.roundtrip.runner import message

PATIENCE_SECONDS = 60.0
"""How long an upgrade or a downgrade may take by default."""

# The second is what PostgreSQL 14 says.
_NO_EXTENSION = re.compile(
    r'extension "(?P<one>[^"]+)" is not available|'
    r'could not open extension control file ".*?(?P<two>[^/"]+)\.control"'
)


def failure(run: Callable[[], object], seconds: float = PATIENCE_SECONDS) -> Exception | None:
    """The error that *run* ends in, a TimeoutError after *seconds* (no limit if 0); else None.

    Raises MigsafeError when the trip itself cannot go on, ServerError when the server lacks an
    extension, which no migration is to blame for.
    """
    try:
        if seconds > 0:
            # The server's own limit is shorter, and its error says more.
            with deadline(seconds + 1):
                run()
        else:
            run()
    except MigsafeError:
        raise
    except Expired:
        return TimeoutError(f"it takes longer than {seconds:g} seconds")
    except Exception as error:
        missing = _NO_EXTENSION.search(message(error))
        if missing is not None:
            raise _lacks(missing["one"] or missing["two"]) from error
        return error
    return None


def _lacks(extension: str) -> ServerError:
    return ServerError(
        f"the extension {extension} is not installed on this PostgreSQL; use one that has it: "
        "--server-url (a server that may create databases), MIGSAFE_PG_BINARIES (programs of "
        'your own), or provider = "testcontainers" with an image in [tool.migsafe.server]'
    )
