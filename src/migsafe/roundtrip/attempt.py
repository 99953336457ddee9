"""A step of a migration that may fail: what its error says, and that it does not take for ever."""

from __future__ import annotations

import re
from collections.abc import Callable

from migsafe.capture.deadline import Expired, deadline
from migsafe.errors import MigsafeError, ServerError

PATIENCE_SECONDS = 60.0
"""How long an upgrade or a downgrade may take by default."""

# What a PostgreSQL says that was built or installed without something, and what that is.
_LACKS = {
    r'extension "([^"]+)" is not available': "the extension {}",
    # PostgreSQL 14
    r'could not open extension control file ".*?([^/"]+)\.control"': "the extension {}",
    r'could not access file "\$libdir/([^"]+)"': "the library {}",
    r"(ICU) is not supported in this build": "{}",
    r"requires the server to be built with (\w+) support": "{}",
    r'could not create locale "([^"]+)"': "the locale {}",
}


def failure(run: Callable[[], object], seconds: float = PATIENCE_SECONDS) -> Exception | None:
    """The error that *run* ends in, a TimeoutError after *seconds* (no limit if 0); else None.

    Raises MigsafeError when the trip itself cannot go on, ServerError when the server lacks what
    others have (an extension, ICU), which no migration is to blame for.
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
        _raise_if_server_lacks(error)
        return error
    return None


def _raise_if_server_lacks(error: Exception) -> None:
    said = str(getattr(error, "orig", None) or error)
    for pattern, what in _LACKS.items():
        found = re.search(pattern, said)
        if found is not None:
            raise ServerError(
                f"{what.format(found[1])} is not installed on this PostgreSQL; use one that has "
                "it: --server-url (a server that may create databases), MIGSAFE_PG_BINARIES "
                '(programs of your own), or provider = "testcontainers" with an image in '
                "[tool.migsafe.server]"
            ) from error
