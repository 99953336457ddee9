"""Inherits what the first revision does."""

import importlib.util
from pathlib import Path

from alembic import op

revision = "second"
down_revision = "case"
spec = importlib.util.spec_from_file_location("first", Path(__file__).parent / "first.py")
first = importlib.util.module_from_spec(spec)
spec.loader.exec_module(first)


class More(first.Indexes):
    columns = ("age", "level")


def upgrade():
    More().up()  # MS101
    op.execute("COMMENT ON COLUMN accounts.age IS 'in years'")
