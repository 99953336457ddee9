"""A class of migrations, which the next revision inherits."""

from alembic import op

revision = "case"
down_revision = "start"


class Indexes:
    table = "accounts"
    columns = ()

    def up(self):
        for column in self.columns:
            op.create_index(f"ix_{self.table}_{column}", self.table, [column])


def upgrade():
    Indexes().up()
