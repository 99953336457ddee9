# The database is taken from the environment variable DATABASE_URL, or from sqlalchemy.url below.

[alembic]
script_location = ${script_location}
prepend_sys_path = .
path_separator = os
sqlalchemy.url = postgresql+asyncpg://localhost/app

# Each new revision is checked when it is written.
[post_write_hooks]
hooks = migsafe
migsafe.type = migsafe

[loggers]
keys = root,sqlalchemy,alembic

[handlers]
keys = console

[formatters]
keys = generic

[logger_root]
level = WARNING
handlers = console
qualname =

[logger_sqlalchemy]
level = WARNING
handlers =
qualname = sqlalchemy.engine

[logger_alembic]
level = INFO
handlers =
qualname = alembic

[handler_console]
class = StreamHandler
args = (sys.stderr,)
level = NOTSET
formatter = generic

[formatter_generic]
format = %(levelname)-5.5s [%(name)s] %(message)s
