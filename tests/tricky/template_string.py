"""SQL from a template with dollars, and one in which a hazard is in a comment."""

from string import Template

from alembic import op

revision = "case"
down_revision = "start"
ADD = Template("ALTER TABLE $table ADD CONSTRAINT $name UNIQUE ($column)")
NOTE = "COMMENT ON TABLE $table IS 'ALTER TABLE $table SET UNLOGGED'"


def upgrade():
    op.execute(Template(NOTE).substitute(table="orders"))
    op.execute(ADD.substitute(table="accounts", name="uq_name", column="name"))  # MS107
