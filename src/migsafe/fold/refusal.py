"""How a handler says that PostgreSQL would refuse the statement, so that nothing changes."""

from __future__ import annotations


class Refused(Exception):
    """The statement fails on the server; `fold` answers it with the catalog as it was."""
