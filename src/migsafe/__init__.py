"""migsafe: Alembic migrations on PostgreSQL that are safe to write, review, run and undo."""

__version__ = "0.1.0"
