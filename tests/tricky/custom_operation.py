"""An operation of the project's own."""

from alembic import op
from alembic.operations import MigrateOperation, Operations

revision = "case"
down_revision = "start"


@Operations.register_operation("strict_email")
class StrictEmail(MigrateOperation):
    @classmethod
    def strict_email(cls, operations):
        return operations.invoke(cls())  # MS106


@Operations.implementation_for(StrictEmail)
def strict_email(operations, operation):
    operations.execute("ALTER TABLE accounts ALTER COLUMN email SET NOT NULL")


def upgrade():
    op.strict_email()
