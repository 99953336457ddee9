"""Raw SQL as values: text → statements, without a database."""

from __future__ import annotations

from migsafe.sql.ast import *  # noqa: F403
from migsafe.sql.reading import parse as parse
