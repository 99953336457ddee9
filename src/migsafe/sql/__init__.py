"""Raw SQL as values: text → statements, without a database."""

from __future__ import annotations

from migsafe.sql.ast import *  # noqa: F403
from migsafe.sql.layout import format_sql as format_sql
from migsafe.sql.majors import since as since
from migsafe.sql.normal import normalise as normalise
from migsafe.sql.reading import parse as parse
