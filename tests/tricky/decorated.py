"""The upgrade is wrapped by a decorator."""

import functools

from alembic import op

revision = "case"
down_revision = "start"


def once(function):
    @functools.wraps(function)
    def call():
        op.execute("SET LOCAL lock_timeout = '2s'")
        function()

    return call


@once
def upgrade():
    op.rename_table("visits", "views")  # MS302
