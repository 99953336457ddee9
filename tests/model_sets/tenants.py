"""Tenants whose keys are all composite, a circle that may be NULL, a partitioned table (Core)."""

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

metadata = sa.MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

tenants = sa.Table(
    "tenants",
    metadata,
    sa.Column("id", sa.BigInteger, sa.Identity(), primary_key=True),
    sa.Column("name", sa.String(100), nullable=False),
    sa.Column("main_project", sa.BigInteger),
    sa.ForeignKeyConstraint(["id", "main_project"], ["projects.tenant_id", "projects.id"]),
)
projects = sa.Table(
    "projects",
    metadata,
    sa.Column("tenant_id", sa.ForeignKey("tenants.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("id", sa.BigInteger, sa.Identity(), primary_key=True),
    sa.Column("settings", postgresql.JSONB, nullable=False, server_default="{}"),
    sa.Column("order", sa.Integer),
)
events = sa.Table(
    "events",
    metadata,
    sa.Column("tenant_id", sa.BigInteger, nullable=False),
    sa.Column("project_id", sa.BigInteger, nullable=False),
    sa.Column("happened", sa.DateTime(timezone=True), nullable=False),
    sa.Column("payload", postgresql.JSONB),
    sa.PrimaryKeyConstraint("tenant_id", "project_id", "happened"),
    sa.ForeignKeyConstraint(
        ["tenant_id", "project_id"], ["projects.tenant_id", "projects.id"], ondelete="CASCADE"
    ),
    sa.Index("ix_events_happened", "happened", postgresql_using="brin"),
    postgresql_partition_by="RANGE (happened)",
)
