"""The statement is in a module beside the migrations."""

from ddl_parts import index_on

revision = "case"
down_revision = "start"


def upgrade():
    index_on("orders", "total")  # MS101
