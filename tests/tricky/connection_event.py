"""A listener that says something before each statement, and hides nothing."""

import sqlalchemy as sa
from alembic import op

revision = "case"
down_revision = "start"


def upgrade():
    connection = op.get_bind()
    sent = []

    @sa.event.listens_for(connection, "before_execute")
    def note(conn, clauseelement, multiparams, params, execution_options):
        sent.append(str(clauseelement))

    op.drop_constraint("fk_orders_account", "orders", type_="foreignkey")  # MS109
    sa.event.remove(connection, "before_execute", note)
