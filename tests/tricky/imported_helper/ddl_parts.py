from alembic import op


def index_on(table, column):
    op.create_index(f"ix_{table}_{column}", table, [column])
