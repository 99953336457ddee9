"""What `alembic revision --autogenerate` writes when the plugin is on: one module an object kind.

Each part has a `compare(autogen_context, upgrade_ops)` that runs after Alembic's own comparators
and corrects their list of operations; `migsafe.plugin` registers the parts. What is written
imports alembic and sqlalchemy only.
"""
