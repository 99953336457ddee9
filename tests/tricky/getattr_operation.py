"""The operation's name is data."""

from alembic import op

revision = "case"
down_revision = "start"


def upgrade():
    for verb, arguments in [("drop_column", ("orders", "note")), ("drop_table", ("visits",))]:
        getattr(op, verb)(*arguments)  # MS303 MS304
